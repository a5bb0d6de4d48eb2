#!/usr/bin/env python3
"""Events of requests: subscriptions, keys and values, changes by callbacks, and callbacks that fail."""

import pathlib
import re
import textwrap
import time
import unittest

from adapter import engine, main, script
from engine import COMPLETE, ENVIRON, TRUNCATED

ROOT = pathlib.Path(__file__).resolve().parents[3]
EVENTS_SOURCE = ROOT / 'Sources/WSGIAdapter/PythonHost/Events/events.py'
REASONS = ROOT / 'Sources/WSGICore/ShutdownReason.swift'
PAGE = ROOT / 'docs/reference/python.md'

#: Subscribes a function that keeps all events in `seen`, for the scripts of this file, each in an interpreter of its own.
SUBSCRIBED = '''
    import mod_wsgi
    seen = []
    @mod_wsgi.subscribe_events
    def see(name, **payload):
        seen.append((name, payload))
'''

#: The application answers "told" with what has been seen, as Python source; a payload's objects become their reprs.
TOLD = '''
    def told(environ, start_response):
        mod_wsgi.event_callbacks.clear()
        start_response('200 OK', [])
        return [repr([(name, {key: value if type(value) in (int, float, str) else repr(value)
                              for key, value in payload.items()}) for name, payload in seen]).encode()]
'''


def prefix(source, body):
    """A script that begins with `source`, and whose application has this body."""
    return script(textwrap.dedent(source) + textwrap.dedent(TOLD) + 'def application(environ, start_response):\n'
                  + textwrap.indent(textwrap.dedent(body), '    '))


class Documentation(unittest.TestCase):
    def test_events_and_keys(self):
        names = {}
        exec(EVENTS_SOURCE.read_text(), names)
        section = PAGE.read_text().partition('## Events')[2].partition('### The end')[0]
        rows = re.findall(r'^\| `(\w+)` \| [^|]+ \| (.+) \|$', section, re.MULTILINE)
        found = {name: tuple(re.findall(r'`(\w+)`', keys)) for name, keys in rows if name in names['EVENTS']}
        self.assertEqual(found, names['EVENTS'])

    def test_all_reasons(self):
        page = PAGE.read_text()
        for reason in re.findall(r'case \.\w+: "(\w+)"', REASONS.read_text()):
            self.assertIn(f'`{reason}`', page)


class Requests(unittest.TestCase):
    group = 0

    def events(self, code, source=SUBSCRIBED, **run):
        """The result of one request to an application with this body, and the events that it caused."""
        Requests.group += 1
        group = f'events{Requests.group}'
        path = prefix(source, code)
        result = engine.run(path, group=group, **run)
        told = engine.run(path, group=group, callable_object='told')
        self.assertEqual(told.outcome, COMPLETE, told.text)
        events = eval(told.body)
        # The question is a request, too.
        while events and events[-1][0] == 'request_started':
            events.pop()
        return result, events

    HELLO = '''
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'hello']
    '''

    def test_names_and_keys(self):
        names = {}
        exec(EVENTS_SOURCE.read_text(), names)
        result, events = self.events(self.HELLO)
        self.assertEqual(result.body, b'hello')
        self.assertEqual([name for name, _ in events], ['request_started', 'response_started', 'request_finished'])
        for name, payload in events:
            self.assertEqual(tuple(payload), names['EVENTS'][name])

    def test_request_started(self):
        before = time.time()
        result, events = self.events(self.HELLO, start=1700000000123456, queue=1700000000223456,
                                     environ=ENVIRON | {'mod_wsgi.server_pid': '4711'})
        started = events[0][1]
        self.assertEqual({key: started[key] for key in (
            'request_id', 'daemon_connects', 'daemon_restarts', 'server_pid', 'request_start', 'queue_start',
            'daemon_start', 'callable_object', 'request_data')}, {
                'request_id': 'abcdef', 'daemon_connects': 0, 'daemon_restarts': 0, 'server_pid': 4711,
                'request_start': 1700000000.123456, 'queue_start': 1700000000.223456, 'daemon_start': 0.0,
                'callable_object': 'application', 'request_data': '{}'})
        self.assertTrue(before <= started['application_start'] <= time.time())
        self.assertTrue(started['application_object'].startswith('<function application'))
        self.assertIn("'PATH_INFO': '/'", started['request_environ'])
        self.assertIsInstance(started['thread_id'], int)

    def test_times_are_those_of_the_environ(self):
        result, _ = self.events('''
            keys = ('request_start', 'queue_start', 'daemon_start', 'application_start')
            same = [seen[0][1][key] == environ['mod_wsgi.' + key] for key in keys + ('thread_id',)]
            start_response('200 OK', [])
            return [repr((same, seen[0][1]['request_environ'] is environ)).encode()]
        ''')
        self.assertEqual(result.body, b'([True, True, True, True, True], True)')

    def test_response_started(self):
        _, events = self.events('''
            start_response('200 OK', [('A', 'b')])
            try:
                raise KeyError('x')
            except KeyError:
                import sys
                start_response('404 Gone', [], sys.exc_info())
            return [b'']
        ''')
        first, second = [payload for name, payload in events if name == 'response_started']
        self.assertEqual((first['response_status'], first['response_headers'], first['exception_info']),
                         ('200 OK', "[('A', 'b')]", 'None'))
        self.assertEqual((second['response_status'], second['request_id']), ('404 Gone', 'abcdef'))
        self.assertIn("KeyError('x')", second['exception_info'])

    def test_response_started_comes_before_the_check(self):
        result, events = self.events("start_response('wrong', [('A', 1)])")
        self.assertEqual(result.outcome, 500)
        self.assertEqual([payload['response_status'] for name, payload in events if name == 'response_started'], ['wrong'])

    def test_a_callback_may_change_headers(self):
        result, _ = self.events(self.HELLO, '''
            import mod_wsgi
            seen = []
            @mod_wsgi.subscribe_events
            def see(name, response_headers=None, **payload):
                if response_headers is not None:
                    response_headers.append(('X-Added', 'yes'))
        ''')
        self.assertIn(('X-Added', 'yes'), result.headers)

    def test_request_finished(self):
        for kind, answer in (('list', "return [b'hello', b'', b' you']"), ('generator', "yield b'hello'; yield b' you'"),
                             ('write', "write(b'hello'); write(b' you'); return []")):
            with self.subTest(kind):
                start = time.time()
                result, events = self.events(f'''
                    import time
                    write = start_response('201 Created', [])
                    environ['wsgi.input'].read(3), environ['wsgi.input'].readline()
                    time.sleep(0.05)
                    {answer}
                ''', body=b'one\ntwo', content_length=7, delay=20000, body_delay=30000)
                self.assertEqual(result.body, b'hello you')
                name, finished = events[-1]
                self.assertEqual((name, finished['status'], finished['input_length'], finished['output_length']),
                                 ('request_finished', 201, 4, 9))
                self.assertEqual((finished['input_reads'], finished['output_writes']), (2, 2))
                self.assertTrue(0.03 <= finished['input_time'] < 1, finished)
                # A list is sent with one call.
                self.assertTrue((0.02 if kind == 'list' else 0.04) <= finished['output_time'] < 1, finished)
                self.assertTrue(start <= finished['application_start'] < finished['application_finish'] <= time.time())
                self.assertAlmostEqual(finished['application_time'],
                                       finished['application_finish'] - finished['application_start'], 4)
                self.assertGreaterEqual(finished['application_time'], 0.12)
                self.assertAlmostEqual(finished['cpu_time'], finished['cpu_user_time'] + finished['cpu_system_time'])
                self.assertTrue(finished['gil_wait_count'] > 0 and 0 <= finished['gil_wait_time'] < 1)

    def test_processor_time(self):
        _, events = self.events('''
            import time
            end = time.thread_time() + 0.1
            while time.thread_time() < end: pass
            start_response('200 OK', [])
            return [b'']
        ''')
        self.assertGreaterEqual(events[-1][1]['cpu_time'], 0.09)

    def test_waits_for_the_gil(self):
        _, events = self.events('''
            import threading
            stop = []
            def spin():
                while not stop: pass
            thread = threading.Thread(target=spin)
            thread.start()
            for _ in range(10): environ['wsgi.input'].read(1)
            stop.append(1)
            thread.join()
            start_response('200 OK', [])
            return [b'']
        ''', body=b'x' * 10, step=1, body_delay=2000)
        # Each read gives the GIL away, and takes it back only after a switch interval of 5 ms.
        self.assertGreaterEqual(events[-1][1]['gil_wait_time'], 0.02)
        self.assertGreaterEqual(events[-1][1]['gil_wait_count'], 10)

    def test_head_of_an_empty_response_is_measured(self):
        result, events = self.events("start_response('204 No Content', [])\nreturn []")
        self.assertEqual((result.outcome, result.status, events[-1][1]['status']), (COMPLETE, 204, 204))

    def test_status_of_a_request_without_a_response(self):
        result, events = self.events("raise ValueError('x')")
        self.assertEqual(result.outcome, 500)
        self.assertEqual([name for name, _ in events], ['request_started', 'request_exception', 'request_finished'])
        self.assertEqual(events[-1][1]['status'], 500)
        exception = events[1][1]
        self.assertEqual(exception['request_id'], 'abcdef')
        self.assertTrue(exception['exception_info'].startswith("(<class 'ValueError'>, ValueError('x'), <traceback"))

    def test_exceptions_after_the_response_has_begun(self):
        result, events = self.events('''
            start_response('200 OK', [])
            yield b'begun'
            raise ValueError('x')
        ''')
        self.assertEqual(result.outcome, TRUNCATED)
        self.assertEqual([name for name, _ in events][2:], ['request_exception', 'request_finished'])
        self.assertEqual(events[-1][1]['status'], 200)

    def test_exceptions_of_close(self):
        result, events = self.events('''
            class Closing:
                def __iter__(self): return iter([b'x'])
                def close(self): raise ValueError('close')
            start_response('200 OK', [])
            return Closing()
        ''')
        self.assertEqual(result.outcome, COMPLETE)
        self.assertIn("ValueError('close')", dict(events)['request_exception']['exception_info'])
        self.assertEqual([name for name, _ in events][-1], 'request_finished')

    def test_request_timeout_is_no_exception(self):
        result, events = self.events("import mod_wsgi\nraise mod_wsgi.RequestTimeout()")
        self.assertEqual(result.outcome, 504)
        self.assertEqual([name for name, _ in events], ['request_started', 'request_finished'])
        self.assertEqual(events[-1][1]['status'], 504)

    def test_request_timeout_in_a_callback_ends_the_request(self):
        result, _ = self.events(self.HELLO, '''
            import mod_wsgi
            seen = []
            @mod_wsgi.subscribe_events
            def see(name, **payload):
                if payload.get('callable_object') == 'application': raise mod_wsgi.RequestTimeout()
        ''')
        self.assertEqual(result.outcome, 504)

    def test_a_callback_replaces_the_application(self):
        result, events = self.events(self.HELLO, '''
            import mod_wsgi
            seen = []
            def other(environ, start_response):
                start_response('200 OK', [])
                return [b'other']
            @mod_wsgi.subscribe_events
            def replace(name, **payload):
                if name == 'request_started' and payload['callable_object'] == 'application':
                    return {'application_object': other, 'more': 1}
            @mod_wsgi.subscribe_events
            def see(name, **payload):
                seen.append((name, payload))
        ''')
        self.assertEqual(result.body, b'other')
        self.assertTrue(events[0][1]['application_object'].startswith('<function other'))
        self.assertEqual(events[0][1]['more'], 1)

    def test_request_data(self):
        result, events = self.events('''
            data = mod_wsgi.request_data()
            data['application'] = seen[0][1]['request_data'] is data
            start_response('200 OK', [])
            return [repr(mod_wsgi.request_data()).encode()]
        ''', '''
            import mod_wsgi
            seen = []
            @mod_wsgi.subscribe_events
            def see(name, request_data, **payload):
                request_data[name] = True
                seen.append((name, payload | {'request_data': request_data}))
        ''')
        self.assertEqual(result.body, b"{'request_started': True, 'application': True, 'response_started': True}")
        self.assertEqual(len({payload['request_data'] for _, payload in events}), 1)
        self.assertIn("'request_finished': True", events[-1][1]['request_data'])

    def test_failing_callbacks(self):
        result, events = self.events(self.HELLO, '''
            import mod_wsgi, sys
            seen = []
            @mod_wsgi.subscribe_events
            def fail(name, **payload):
                if name == 'request_started': raise KeyError('in a callback')
                if name == 'response_started': sys.exit(3)
                raise KeyboardInterrupt
            mod_wsgi.subscribe_events(None)
            mod_wsgi.subscribe_events(lambda name: None)
            @mod_wsgi.subscribe_events
            def see(name, **payload):
                seen.append((name, payload))
        ''')
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'hello'))
        self.assertEqual([name for name, _ in events], ['request_started', 'response_started', 'request_finished'])
        self.assertIn("WSGI0112: KeyError exception raised by a callback for the event 'request_started'.", result.text)
        self.assertIn("in fail\n", result.text)
        self.assertNotIn('<mod_wsgi>', result.text)
        self.assertIn("WSGI0190: SystemExit exception raised by a callback for the event 'response_started'; ignored.",
                      result.text)
        self.assertIn('KeyboardInterrupt', result.text)
        self.assertIn("TypeError: 'NoneType' object is not callable", result.text)
        self.assertIn("unexpected keyword argument", result.text)

    def test_subscribing_within_a_callback(self):
        # The new one is not called for the event under way.
        _, events = self.events(self.HELLO, '''
            import mod_wsgi
            seen = []
            @mod_wsgi.subscribe_events
            def see(name, **payload):
                seen.append((name, payload))
                if len(seen) == 1: mod_wsgi.subscribe_events(see)
        ''')
        self.assertEqual([name for name, _ in events], ['request_started'] + ['response_started'] * 2 + ['request_finished'] * 2)

    def test_events_of_a_background_thread(self):
        result, events = self.events('''
            import threading
            thread = threading.Thread(target=start_response, args=('200 OK', []))
            thread.start()
            thread.join()
            return [b'x']
        ''')
        self.assertEqual(result.body, b'x')
        self.assertEqual(dict(events)['response_started']['request_id'], 'abcdef')

    def test_other_interpreters_are_not_told(self):
        path = script("import mod_wsgi\nseen = []\nmod_wsgi.subscribe_events(lambda name, **payload: seen.append(name))\n"
                      "def application(environ, start_response):\n"
                      "    start_response('200 OK', [])\n"
                      "    return [repr(seen).encode()]\n")
        engine.run(path, group='told1')
        other = script('import mod_wsgi\n' + "def application(environ, start_response):\n"
                       "    start_response('200 OK', [])\n    return [repr(mod_wsgi.event_callbacks).encode()]\n")
        self.assertEqual(engine.run(other, group='told2').body, b'[]')
        self.assertEqual(engine.run(path, group='told1').body,
                         b"['request_started', 'response_started', 'request_finished', 'request_started', "
                         b"'response_started']")

    def test_a_request_without_an_id(self):
        _, events = self.events(self.HELLO, request_id='')
        for _, payload in events:
            self.assertNotIn('request_id', payload)


if __name__ == '__main__':
    main()
