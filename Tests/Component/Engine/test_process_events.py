#!/usr/bin/env python3
"""Events of a daemon process: signals, and its end; and the numbers that only such a process has."""

import os
import pathlib
import re
import signal
import sys
import tempfile
import textwrap
import threading
import time
import unittest

from worker import Worker

FOLDER = pathlib.Path(tempfile.mkdtemp())
REASONS = pathlib.Path(__file__).resolve().parents[3] / 'Sources/WSGICore/ShutdownReason.swift'

SOURCE = '''
    import mod_wsgi, os, threading, time
    NOTES = os.path.join(os.path.dirname(__file__), 'notes')
    def note(*words):
        with open(NOTES, 'a') as file:
            print(mod_wsgi.application_group or 'main', *words, file=file, flush=True)
    ending = threading.Event()
    @mod_wsgi.subscribe_shutdown
    def stopping(name, **payload):
        note(name, payload, threading.current_thread() is threading.main_thread())
        ending.set()
    @mod_wsgi.subscribe_signals
    def signalled(name, **payload):
        note(name, payload)
    def application(environ, start_response):
        if environ['QUERY_STRING'] == 'wait':
            note('began')
            note('ended', ending.wait(3))
        start_response('200 OK', [])
        return [repr(eval(environ['QUERY_STRING'] or '0')).encode() if environ['QUERY_STRING'] != 'wait' else b'waited']
'''


class Process(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
        self.notes = self.folder / 'notes'
        self.path = self.script(SOURCE)

    def script(self, source, name='app.wsgi'):
        path = self.folder / name
        path.write_text(textwrap.dedent(source))
        return str(path)

    def wait_for(self, text, count=1):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.noted().count(text) >= count:
                return
            time.sleep(0.01)
        self.fail(f'{text!r} is not in {self.noted()!r}')

    def noted(self):
        return self.notes.read_text() if self.notes.exists() else ''

    def load(self, worker, *groups):
        child = worker.child()
        self.addCleanup(child.close)
        for group in groups or ('',):
            response = child.request(self.path, application_group=group)
            self.assertEqual((response.outcome, response.body), ('end', b'0'), worker.log)
        return child

    def test_signals(self):
        with Worker() as worker:
            self.load(worker, '', 'other')
            for number, name in ((signal.SIGHUP, 'SIGHUP'), (signal.SIGUSR2, 'SIGUSR2')):
                worker.process.send_signal(number)
                for group in ('main', 'other'):
                    self.wait_for(f"{group} process_signal {{'signame': '{name}', 'signum': {int(number)}}}")
            self.assertNotIn('has no meaning here', worker.log)
            self.assertEqual(worker.end(), 0)

    def test_signals_without_subscribers(self):
        path = self.script('''
            def application(environ, start_response):
                start_response('200 OK', [])
                return [b'0']
        ''')
        with Worker() as worker:
            self.path = path
            self.load(worker)
            worker.process.send_signal(signal.SIGHUP)
            end = time.monotonic() + 20
            while 'SIGHUP has no meaning here' not in worker.log and time.monotonic() < end:
                time.sleep(0.01)
            self.assertIn('SIGHUP has no meaning here and was ignored.', worker.log)

    def test_signals_are_events_too(self):
        self.path = self.script('''
            import mod_wsgi, os
            @mod_wsgi.subscribe_events
            def seen(name, **payload):
                with open(os.path.join(os.path.dirname(__file__), 'notes'), 'a') as file:
                    print(name, *payload.items(), file=file)
            def application(environ, start_response):
                start_response('200 OK', [])
                return [b'0']
        ''')
        with Worker() as worker:
            self.load(worker)
            worker.process.send_signal(signal.SIGHUP)
            self.wait_for("process_signal ('signame', 'SIGHUP') ('signum', 1)")
            self.assertEqual(worker.end(5, 10, 4), 0)
        self.assertIn("process_stopping ('shutdown_reason', 'maximum_requests')", self.noted())

    def test_reasons(self):
        known = re.findall(r'case (\w+) = (\d+)', REASONS.read_text())
        names = dict(re.findall(r'case \.(\w+): "(\w+)"', REASONS.read_text()))
        self.assertEqual(len(known), len(names))
        for case, number in known + [('shutdownSignal', '0'), ('shutdownSignal', '200')]:
            with self.subTest(case), Worker() as worker:
                self.notes.unlink(missing_ok=True)
                self.load(worker)
                self.assertEqual(worker.end(5, 10, int(number)), 0, worker.log)
                self.assertEqual(self.noted(), f"main process_stopping {{'shutdown_reason': '{names[case]}'}} True\n")

    def test_signal_that_ends_the_process(self):
        with Worker() as worker:
            self.load(worker)
            worker.process.send_signal(signal.SIGTERM)
            self.assertEqual(worker.process.wait(20), 0)
        self.assertEqual(self.noted(), "main process_stopping {'shutdown_reason': 'shutdown_signal'} True\n")

    def test_supervisor_that_has_ended(self):
        with Worker() as worker:
            self.load(worker)
            worker.control.close()
            self.assertEqual(worker.process.wait(20), 0)
        self.assertEqual(self.noted(), "main process_stopping {'shutdown_reason': 'control_lost'} True\n")

    def test_the_first_reason_counts(self):
        with Worker() as worker:
            child = self.load(worker)
            waiting = self.request(child, 'wait')
            self.wait_for('began')
            worker.drain(10, 15, 6)
            worker.drain(5, 5, 1)
            waiting.join()
            self.assertEqual(worker.process.wait(20), 0)
        self.assertEqual(self.noted().count('process_stopping'), 1)
        self.assertIn("'restart_interval'", self.noted())

    def request(self, child, query):
        thread = threading.Thread(target=lambda: child.request(self.path, {'QUERY_STRING': query}))
        thread.start()
        return thread

    def test_every_interpreter_once(self):
        with Worker() as worker:
            self.load(worker, '', 'one', 'two')
            self.assertEqual(worker.end(5, 10, 3), 0, worker.log)
        lines = [f"{group} process_stopping {{'shutdown_reason': 'graceful_signal'}}" for group in ('main', 'one', 'two')]
        self.assertEqual(sorted(line.rpartition(' ')[0] for line in self.noted().splitlines()), sorted(lines))

    @unittest.skipIf(sys.version_info < (3, 12), 'no such interpreters')
    def test_interpreters_with_gils_of_their_own(self):
        with Worker(interpreters={'own': {'own_gil': True}}) as worker:
            self.load(worker, '', 'own')
            worker.process.send_signal(signal.SIGHUP)
            self.wait_for('own process_signal')
            worker.drain()
            self.wait_for('own process_stopping')
            worker.process.wait(60)

    def test_interpreters_that_are_not_destroyed(self):
        with Worker(destroys=False) as worker:
            self.load(worker)
            self.assertEqual(worker.end(5, 10, 3), 0, worker.log)
        self.assertIn('process_stopping', self.noted())

    def test_a_process_that_serves_on_tells_it_last(self):
        with Worker() as worker:
            child = self.load(worker)
            waiting = self.request(child, 'wait')
            self.wait_for('began')
            worker.drain(10, 15, 3)
            waiting.join()
            self.assertEqual(worker.process.wait(20), 0, worker.log)
        self.assertRegex(self.noted(), r'began\nmain ended False\nmain process_stopping')

    def test_requests_can_end_when_the_process_must(self):
        with Worker() as worker:
            child = self.load(worker)
            start = time.monotonic()
            waiting = self.request(child, 'wait')
            self.wait_for('began')
            worker.drain(5, 5, 1)
            waiting.join()
            self.assertEqual(worker.process.wait(20), 0, worker.log)
            self.assertLess(time.monotonic() - start, 2.5)
        self.assertRegex(self.noted(), r'process_stopping .*\nmain ended True')

    def test_requests_that_are_cut(self):
        with Worker() as worker:
            child = self.load(worker)
            waiting = self.request(child, 'wait')
            self.wait_for('began')
            worker.drain(1, 3, 3)
            self.assertEqual(worker.process.wait(20), 0, worker.log)
            waiting.join()
            self.assertIn('WSGI1016', worker.log)
        self.assertRegex(self.noted(), 'process_stopping')

    def test_callbacks_that_fail(self):
        self.path = self.script(SOURCE + '''
    def fail(name, **payload): raise KeyError('while it ends')
    def leave(name, **payload):
        import sys
        sys.exit(7)
    mod_wsgi.shutdown_callbacks[:0] = [fail, leave]
    mod_wsgi.signal_callbacks[:0] = [fail, leave]
''')
        with Worker() as worker:
            self.load(worker)
            worker.process.send_signal(signal.SIGHUP)
            self.wait_for('process_signal')
            self.assertEqual(worker.end(5, 10, 3), 0, worker.log)
            for event in ('process_signal', 'process_stopping'):
                self.assertIn(f"WSGI0112: KeyError exception raised by a callback for the event '{event}'.", worker.log)
                self.assertIn(f"WSGI0190: SystemExit exception raised by a callback for the event '{event}'; ignored.", worker.log)
        self.assertIn('process_stopping', self.noted())

    def test_a_callback_that_hangs_does_not_keep_the_process(self):
        self.path = self.script(SOURCE + '''
    mod_wsgi.shutdown_callbacks.append(lambda name, **payload: time.sleep(60))
''')
        with Worker() as worker:
            self.load(worker)
            start = time.monotonic()
            worker.drain(1, 2, 3)
            worker.process.wait(20)
            self.assertLess(time.monotonic() - start, 5)

    def test_atexit_functions_come_after_it(self):
        self.path = self.script(SOURCE + '''
    import atexit
    atexit.register(note, 'atexit')
''')
        with Worker() as worker:
            self.load(worker, 'one')
            self.assertEqual(worker.end(5, 10, 3), 0, worker.log)
        self.assertRegex(self.noted(), 'process_stopping .*\none atexit')

    def test_phases_of_requests(self):
        with Worker() as worker:
            child = self.load(worker)

            def ask(expression):
                response = child.request(self.path, {'QUERY_STRING': expression})
                return eval(response.body)

            self.assertIsNone(ask('mod_wsgi.start_recording_metrics()'))
            ask('time.sleep(0.05)')
            found = ask('mod_wsgi.request_metrics()')
            self.assertEqual(found['request_count'], 1)
            for phase in ('server', 'queue', 'daemon', 'application', 'request'):
                self.assertIsInstance(found[phase + '_time'], float, phase)
            self.assertGreaterEqual(found['application_time'], 0.05)
            self.assertAlmostEqual(found['request_time'], sum(found[phase + '_time'] for phase in (
                'server', 'queue', 'daemon', 'application')), 4)
            found = ask('mod_wsgi.process_metrics()')
            self.assertEqual((found['pid'], found['request_count']), (worker.process.pid, 4))


if __name__ == '__main__':
    unittest.main()
