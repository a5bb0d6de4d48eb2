#!/usr/bin/env python3
"""The module mod_wsgi: its names, the data of requests, LogHandler, and the functions that return numbers."""

import ctypes
import os
import pathlib
import re
import threading
import time
import unittest

from adapter import application, engine, main, script
from engine import COMPLETE

#: All public names, apart from those of every module.
NAMES = {'version', 'process_group', 'application_group', 'maximum_processes', 'threads_per_process', 'FileWrapper',
         'LogHandler', 'RequestTimeout', 'event_callbacks', 'shutdown_callbacks', 'signal_callbacks', 'active_requests',
         'subscribe_events', 'subscribe_shutdown', 'subscribe_signals', 'request_data', 'start_recording_metrics',
         'request_metrics', 'process_metrics', 'server_metrics'}

ONCE = [0]


def ask(expression, setup='', **run):
    """The value of an expression in a request of an interpreter that no other test uses, and the result."""
    ONCE[0] += 1
    path = application(f'''
import mod_wsgi, os, sys, time
{setup}
start_response('200 OK', [])
return [repr(({expression})).encode()]
''')
    result = engine.run(path, group=run.pop('group', f'module{ONCE[0]}'), **run)
    assert result.outcome == COMPLETE, result.text
    return eval(result.body), result


class Names(unittest.TestCase):
    def test_all_names(self):
        for group in ('', 'other'):
            found, _ = ask("[name for name in dir(mod_wsgi) if not name.startswith('_')]", group=group)
            self.assertEqual(set(found), NAMES)
            found, _ = ask("[name for name in dir(mod_wsgi) if not hasattr(mod_wsgi, name)]", group=group)
            self.assertEqual(found, [])

    def test_all_names_are_documented(self):
        page = (pathlib.Path(__file__).resolve().parents[3] / 'docs/reference/python.md').read_text()
        rows = re.findall(r'^\| (`.*?) \|', page.partition('## Names')[2].partition('## Events')[0], re.MULTILINE)
        self.assertEqual(set(re.findall(r'`(\w+)', ' '.join(rows))), NAMES)
        # The others are named by pattern.
        single = {name for name in REQUEST_KEYS
                  if not name.endswith(('_us', '_time_buckets')) and not re.match('status_[234]', name)}
        self.assertLessEqual(single, set(re.findall(r'`(\w+)', page)))

    def test_other_names(self):
        value, _ = ask('value', '''
try:
    mod_wsgi.Input
except AttributeError as error:
    value = str(error)
''')
        self.assertEqual(value, "module 'mod_wsgi' has no attribute 'Input'")

    def test_import_of_late_names(self):
        value, _ = ask('value', '''
from mod_wsgi import LogHandler, active_requests
value = LogHandler is mod_wsgi.LogHandler, active_requests is mod_wsgi.active_requests
''')
        self.assertEqual(value, (True, True))

    def test_nothing_is_made_before_its_use(self):
        value, _ = ask("sorted({'LogHandler', 'active_requests'} & set(vars(mod_wsgi)))")
        self.assertEqual(value, [])

    def test_types(self):
        value, _ = ask('''[isinstance(mod_wsgi.event_callbacks, list), isinstance(mod_wsgi.shutdown_callbacks, list),
            isinstance(mod_wsgi.signal_callbacks, list), isinstance(mod_wsgi.active_requests, dict),
            issubclass(mod_wsgi.RequestTimeout, BaseException), issubclass(mod_wsgi.RequestTimeout, Exception),
            mod_wsgi.LogHandler.__module__, mod_wsgi.LogHandler.__qualname__, mod_wsgi.subscribe_events.__module__]''')
        self.assertEqual(value, [True] * 5 + [False, 'mod_wsgi', 'LogHandler', 'mod_wsgi'])

    def test_subscribing_returns_the_callback(self):
        value, _ = ask('value', '''
def callback(name, **payload): pass
value = [getattr(mod_wsgi, 'subscribe_' + kind)(callback) is callback for kind in ('events', 'shutdown')]
value += [len(mod_wsgi.event_callbacks), len(mod_wsgi.shutdown_callbacks)]
''')
        self.assertEqual(value, [True, True, 1, 1])

    def test_signals_are_not_for_embedded_applications(self):
        value, result = ask('value', '''
def callback(name, **payload): pass
value = mod_wsgi.subscribe_signals(callback) is callback, mod_wsgi.signal_callbacks
''')
        self.assertEqual(value, (True, []))
        (level, line), = result.log
        self.assertEqual(level, 6)
        self.assertIn('Ignoring the callback of mod_wsgi.subscribe_signals(): in embedded mode signals are for httpd.', line)
        self.assertRegex(line, r'called in File ".*script\d+\.wsgi", line \d+, in application\.')


class RequestData(unittest.TestCase):
    def test_it_is_one_dict_for_each_request(self):
        path = application('''
            import mod_wsgi
            data = mod_wsgi.request_data()
            data['n'] = data.get('n', 0) + 1
            start_response('200 OK', [])
            return [repr((mod_wsgi.request_data() is data, data)).encode()]
        ''')
        for _ in range(2):
            self.assertEqual(engine.run(path).body, b"(True, {'n': 1})")

    def test_threads_without_a_request(self):
        value, _ = ask('value', '''
import threading
value = []
def work():
    try:
        mod_wsgi.request_data()
    except RuntimeError as error:
        value.append(str(error))
thread = threading.Thread(target=work)
thread.start()
thread.join()
''')
        self.assertEqual(value, ['request_data() was called on a thread that serves no request'])

    def test_import_has_no_request(self):
        path = script('''
            import mod_wsgi
            try:
                mod_wsgi.request_data()
            except RuntimeError as error:
                found = type(error).__name__
            def application(environ, start_response):
                start_response('200 OK', [])
                return [found.encode()]
        ''')
        self.assertEqual(engine.run(path).body, b'RuntimeError')

    def test_hook_scripts_have_none(self):
        path = script('''
            import mod_wsgi
            def allow_access(environ, host):
                try:
                    mod_wsgi.request_data()
                except RuntimeError:
                    return False
        ''')
        self.assertEqual(engine.call(path, ('allow_access', 'bool', 'x')).first, ('false', []))

    def test_it_ends_with_the_request(self):
        path = application('''
            import mod_wsgi, weakref, sys
            class Value: pass
            value = Value()
            mod_wsgi.request_data()['value'] = value
            sys.of_request = weakref.ref(value)
            start_response('200 OK', [])
            return [b'']
        ''')
        engine.run(path)
        import sys
        self.assertIsNone(sys.of_request())


class ActiveRequests(unittest.TestCase):
    def test_requests_are_listed_while_they_run(self):
        value, _ = ask("mod_wsgi.active_requests, mod_wsgi.active_requests['abcdef'] is mod_wsgi.request_data()",
                       group='active', setup="mod_wsgi.request_data()['x'] = 1")
        self.assertEqual(value, ({'abcdef': {'x': 1}}, True))
        value, _ = ask('mod_wsgi.active_requests', group='active', request_id='second')
        self.assertEqual(value, {'second': {}})
        value, _ = ask('mod_wsgi.active_requests', group='active', request_id='')
        self.assertEqual(value, {})

    def test_requests_of_other_threads(self):
        path = application('''
            import mod_wsgi, threading
            mod_wsgi.request_data()['query'] = environ['mod_wsgi.request_id']
            if not hasattr(mod_wsgi, 'barrier'):
                mod_wsgi.barrier = threading.Barrier(3)
            mod_wsgi.barrier.wait()
            # The dict is made while the others run.
            seen = {key: dict(value) for key, value in mod_wsgi.active_requests.items()}
            mod_wsgi.barrier.wait()
            start_response('200 OK', [])
            return [repr(sorted(seen.items())).encode()]
        ''')
        engine.run(application("import mod_wsgi, threading\nmod_wsgi.barrier = threading.Barrier(3)\n"
                               "start_response('200 OK', [])\nreturn []"), group='threads')
        results = []

        def run(name):
            results.append(engine.run(path, group='threads', request_id=name).body)

        threads = [threading.Thread(target=run, args=(name,)) for name in 'abc']
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = repr([(name, {'query': 'abcdef'}) for name in 'abc']).encode()
        self.assertEqual(results, [expected] * 3)

    def test_requests_of_other_interpreters_are_not_listed(self):
        value, _ = ask('mod_wsgi.active_requests', group='active2', request_id='mine')
        self.assertEqual(value, {'mine': {}})


class LogHandler(unittest.TestCase):
    SETUP = '''
import logging
logger = logging.Logger('test')
handler = mod_wsgi.LogHandler()
handler.setFormatter(logging.Formatter('%(levelname)s:%(message)s'))
logger.addHandler(handler)
'''

    def test_levels(self):
        _, result = ask('0', self.SETUP + '''
for level in (60, 50, 45, 40, 35, 30, 20, 15, 10, 1):
    logger.log(level, 'text')
logger.warning('two\\nlines')
logger.warning('\\u20ac')
''', flags=15 << 28)
        self.assertEqual([level for level, _ in result.log], [2, 2, 3, 3, 4, 4, 6, 7, 7, 7, 4, 4, 4])
        self.assertEqual([line for _, line in result.log][1], 'CRITICAL:text')
        self.assertEqual([line for _, line in result.log][-3:], ['WARNING:two', 'lines', 'WARNING:\u20ac'])

    def test_records_that_are_not_logged_are_not_formatted(self):
        setup = self.SETUP + '''
class Text:
    def __str__(self):
        formatted.append(1)
        return 'text'
formatted = []
logger.debug(Text())
logger.info(Text())
logger.warning(Text())
'''
        for flags, count in ((4, 1), (6, 2), (7, 3), (15, 3), (0, 3)):
            value, result = ask('len(formatted)', setup, flags=flags << 28)
            self.assertEqual((value, len(result.log)), (count, count), flags)

    def test_threads_write_to_the_log_of_the_process(self):
        engine.host_log()
        level = ctypes.c_uint32.in_dll(engine.transport, 'host_level')
        level.value = 4
        value, result = ask('0', self.SETUP + '''
import threading
def work():
    logger.info('not this')
    logger.warning('from a thread')
thread = threading.Thread(target=work)
thread.start()
thread.join()
''')
        level.value = 0
        self.assertEqual(result.log, [])
        self.assertEqual(engine.host_log()[1:], ['WARNING:from a thread'])

    def test_source(self):
        value, result = ask('sys._getframe().f_lineno', self.SETUP + '''
logger.warning('here')
record = logging.makeLogRecord({'levelno': 30, 'msg': 'two\\nlines', 'pathname': '/srv/' + 'd' * 300 + '/' + 'n' * 300, 'lineno': 7})
logger.handle(record)
logger.handle(logging.makeLogRecord({'levelno': 30, 'msg': 'nowhere', 'lineno': None}))
''')
        name, line = result.sources[0]
        self.assertRegex(name, r'^script\d+\.wsgi$')
        self.assertTrue(value - 8 < line < value, (value, line))
        self.assertEqual(result.sources[1:], [('n' * 255, 7)] * 2 + [None])

    def test_records_that_cannot_be_formatted(self):
        _, result = ask('0', self.SETUP + "logger.warning('%d', 'x')")
        self.assertIn('--- Logging error ---', result.text)
        self.assertIn('TypeError: %d format', result.text)

    def test_subclass_and_configuration(self):
        _, result = ask('0', '''
import logging.config
class Own(mod_wsgi.LogHandler):
    def emit(self, record):
        record.msg += '!'
        super().emit(record)
mod_wsgi.Own = Own
logging.config.dictConfig({'version': 1, 'handlers': {'httpd': {'class': 'mod_wsgi.LogHandler', 'level': 'ERROR'},
                           'own': {'class': 'mod_wsgi.Own'}}, 'root': {'handlers': ['httpd', 'own']}})
logging.warning('one')
logging.error('two')
''')
        self.assertEqual(result.log, [(4, 'one!'), (3, 'two'), (3, 'two!')])


REQUEST_KEYS = {
    'pid', 'start_time', 'stop_time', 'sample_period', 'request_count', 'request_throughput', 'request_threads_maximum',
    'request_threads_started', 'request_threads_active', 'capacity_utilization', 'request_threads_completed',
    'request_threads_buckets', 'request_threads_busy_time', 'request_threads_cpu_time', 'request_threads_current_elapsed',
    'request_threads_max_duration', 'gil_wait_count', 'input_bytes', 'input_reads', 'output_bytes', 'output_writes',
    'cpu_user_utilization', 'cpu_system_utilization', 'cpu_utilization', 'cpu_user_time', 'cpu_system_time', 'cpu_time',
    'memory_rss', 'memory_max_rss'} | {f'status_{digit}xx' for digit in range(1, 6)} | {
        name + suffix for suffix in ('', '_min_us', '_max_us', '_buckets')
        for name in ('server_time', 'queue_time', 'daemon_time', 'application_time', 'request_time', 'input_read_time',
                     'output_write_time', 'gil_wait_time')}


class Metrics(unittest.TestCase):
    """In the order of the names: recording cannot be ended."""

    def test_1_nothing_is_recorded_at_first(self):
        value, _ = ask('mod_wsgi.request_metrics(), mod_wsgi.server_metrics()')
        self.assertEqual(value, (None, None))

    def test_2_process_metrics(self):
        first, _ = ask('mod_wsgi.process_metrics()', 'time.sleep(0.1)')
        engine.run_many(application("start_response('200 OK', [])\nreturn []"), 10)
        second, _ = ask('mod_wsgi.process_metrics()')
        self.assertEqual(set(first), {
            'pid', 'request_busy_time', 'request_count', 'memory_max_rss', 'memory_rss', 'cpu_user_time',
            'cpu_system_time', 'cpu_time', 'restart_time', 'current_time', 'running_time', 'request_threads',
            'active_requests', 'threads'})
        self.assertEqual(first['pid'], os.getpid())
        self.assertEqual(second['request_count'], first['request_count'] + 11)
        self.assertEqual(first['active_requests'], 1)
        self.assertTrue(0.1 <= second['request_busy_time'] < 60)
        self.assertTrue(1 << 20 < first['memory_rss'] <= first['memory_max_rss'])
        self.assertTrue(first['restart_time'] < first['current_time'] <= time.time())
        self.assertEqual(first['running_time'], int(first['current_time'] - first['restart_time']))
        own = next(one for one in second['threads'] if one['thread_id'] == 0)
        self.assertEqual(set(own), {'thread_id', 'request_count'})
        self.assertEqual(len(second['threads']), second['request_threads'])

    def test_3_request_metrics(self):
        hello = application("start_response('200 OK', [])\nreturn [b'hello']")
        self.assertIsNone(ask('mod_wsgi.start_recording_metrics()')[0])
        ask('mod_wsgi.start_recording_metrics()')
        start = time.time()
        ask('mod_wsgi.request_metrics()')
        engine.run(hello)
        engine.run(application('''
            import time
            time.sleep(0.1)
            environ['wsgi.input'].read()
            start_response('404 Not Found', [])
            return [b'x' * 10]
        '''), body=b'12345', queue=5)
        engine.run(application("raise ValueError('x')"))
        found, _ = ask('mod_wsgi.request_metrics()', '''
time.sleep(0.02)
end = time.thread_time() + 0.05
while time.thread_time() < end: pass
''')
        self.assertEqual(set(found), REQUEST_KEYS)
        # The request that has asked before counts for this interval, as it ended in it; the one that asks does not.
        self.assertEqual((found['request_count'], found['pid']), (4, os.getpid()))
        self.assertEqual([found[f'status_{digit}xx'] for digit in range(1, 6)], [0, 2, 0, 1, 1])
        self.assertEqual((found['input_bytes'], found['input_reads']), (5, 1))
        self.assertTrue(start <= found['start_time'] < found['stop_time'] <= time.time())
        self.assertAlmostEqual(found['sample_period'], found['stop_time'] - found['start_time'], 3)
        self.assertAlmostEqual(found['request_throughput'], 4 / found['sample_period'], 3)
        self.assertGreaterEqual(found['application_time_max_us'], 100_000)
        self.assertLess(found['application_time_min_us'], 100_000)
        self.assertAlmostEqual(found['application_time'], sum((found['application_time_max_us'], 0)) / 4e6, 1)
        self.assertEqual((len(found['application_time_buckets']), sum(found['application_time_buckets'])), (65, 4))
        # 100 ms is in the octave of 64 ms, in its third step.
        self.assertEqual(found['application_time_buckets'][6 * 4 + 2], 1)
        # Embedded mode has no queue.
        self.assertEqual((found['queue_time'], found['daemon_time'], found['daemon_time_min_us']), (None, None, None))
        self.assertGreater(found['server_time'], 0)
        self.assertEqual(found['request_threads_maximum'], 15)
        self.assertGreaterEqual(found['request_threads_started'], found['request_threads_active'])
        for key in ('completed', 'buckets', 'busy_time', 'cpu_time', 'current_elapsed', 'max_duration'):
            self.assertGreaterEqual(len(found['request_threads_' + key]), 15)
        self.assertEqual(sum(found['request_threads_completed']), 4)
        self.assertTrue(0.07 <= max(found['request_threads_current_elapsed']) < 5)
        self.assertGreaterEqual(sum(found['request_threads_busy_time']), 0.12)
        self.assertTrue(0 < found['capacity_utilization'] <= 1 / 15)
        self.assertEqual(found['cpu_utilization'], found['cpu_time'])
        self.assertAlmostEqual(found['cpu_utilization'], found['cpu_user_utilization'] + found['cpu_system_utilization'])
        # The request that asks has used at least 50 ms.
        self.assertTrue(0.05 / found['sample_period'] <= found['cpu_utilization'] <= 2, found['cpu_utilization'])
        # The call has begun another interval.
        again, _ = ask('mod_wsgi.request_metrics()')
        self.assertEqual(again['request_count'], 1)
        self.assertAlmostEqual(again['start_time'], found['stop_time'], 2)

    def test_4_nothing_happened(self):
        found, _ = ask('(mod_wsgi.request_metrics(), mod_wsgi.request_metrics())[1]')
        self.assertEqual((found['request_count'], found['application_time'], found['application_time_min_us']), (0, 0.0, None))


if __name__ == '__main__':
    main()
