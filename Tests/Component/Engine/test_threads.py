#!/usr/bin/env python3
"""Requests side by side."""

import re
import textwrap
import threading
import time
import unittest

from adapter import SIMPLE, application, engine, main, script
from engine import COMPLETE, ENVIRON, resident


class Threads(unittest.TestCase):
    def test_parallel_requests_keep_apart(self):
        path = application('''
            import time
            data = environ['wsgi.input'].read()
            assert data.decode() == environ['QUERY_STRING']
            print(environ['QUERY_STRING'])
            start_response('200 OK', [('X-Number', environ['QUERY_STRING'])])
            yield environ['QUERY_STRING'].encode()
            time.sleep(0)
            yield str(environ['mod_wsgi.thread_id']).encode()
        ''')
        failures = []

        def work(number, group):
            for index in range(200):
                text = f'{number}-{index}'
                result = engine.run(path, body=text.encode(), step=2, group=group, environ=ENVIRON | {'QUERY_STRING': text})
                if (result.outcome, result.blocks[0], result.headers) != (COMPLETE, text.encode(), [('X-Number', text)]) \
                        or not result.log[0][1].endswith('] ' + text) or len(result.log) != 1:
                    failures.append((text, result.outcome, result.text))

        threads = [threading.Thread(target=work, args=(number, group)) for number in range(6) for group in ('', 'one')]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_python_runs_while_a_response_is_sent(self):
        slow = application("start_response('200 OK', [])\nreturn iter([b'x'] * 5)")
        quick = script(SIMPLE)
        thread = threading.Thread(target=engine.run, args=(slow,), kwargs={'delay': 200000})
        thread.start()
        before = time.monotonic()
        for _ in range(20):
            engine.run(quick)
        self.assertLess(time.monotonic() - before, 0.5)
        thread.join()

    def test_the_application_may_use_the_request_from_other_threads(self):
        result = engine.run(application('''
            import threading
            write = start_response('200 OK', [])
            chunks = []
            def work():
                while True:
                    chunk = environ['wsgi.input'].read(3)
                    if not chunk: return
                    chunks.append(chunk)
                    write(b'.' * len(chunk))
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return [str(sum(map(len, chunks))).encode()]
        '''), body=b'x' * 3000, step=2, delay=10)
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'.' * 3000 + b'3000'))

    def test_threads_that_wait_for_the_request_when_it_ends(self):
        """The one that sends goes on, the request's end waits for it, and for the others there is no request any more."""
        path = script('''
            import threading, time
            ended = []
            def late(write):
                time.sleep(0.1)
                try:
                    ended.append(repr(write(b'late')))
                except RuntimeError as error:
                    ended.append(str(error))
            def application(environ, start_response):
                write = start_response('200 OK', [])
                threads = [threading.Thread(target=write, args=(b'first',))]
                threads += [threading.Thread(target=late, args=(write,)) for _ in range(3)]
                for thread in threads: thread.start()
                return []
            def report(environ, start_response):
                start_response('200 OK', [])
                return [repr(ended).encode()]
        ''')
        result = engine.run(path, delay=500000)
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'first'))
        # On another thread: the next request of this one would wake who still waits for the former.
        results = []
        for _ in range(50):
            thread = threading.Thread(target=lambda: results.append(engine.run(path, callable_object='report')))
            thread.start()
            thread.join()
            if results[-1].body.count(b'ended') == 3:
                break
            time.sleep(0.1)
        self.assertEqual(results[-1].body, repr(['write() was called after the request has ended'] * 3).encode())

    def test_threads_that_never_stop_writing_do_not_hold_up_the_end(self):
        path = script('''
            import threading, time
            ended = []
            def application(environ, start_response):
                write = start_response('200 OK', [])
                def work():
                    try:
                        while True: write(b'x')
                    except RuntimeError as error:
                        ended.append(str(error))
                threads = [threading.Thread(target=work) for _ in range(4)]
                for thread in threads: thread.start()
                time.sleep(0.1)
                return []
            def report(environ, start_response):
                start_response('200 OK', [])
                return [repr(len(ended)).encode()]
        ''')
        begin = time.monotonic()
        result = engine.run(path)
        self.assertEqual((result.outcome, set(result.body)), (COMPLETE, {ord('x')}))
        self.assertLess(time.monotonic() - begin, 5)
        while engine.run(path, callable_object='report').body != b'4' and time.monotonic() - begin < 10:
            time.sleep(0.1)
        self.assertEqual(engine.run(path, callable_object='report').body, b'4')

    def test_unfinished_lines_of_many_threads_are_not_kept(self):
        """Those of threads that have ended would never be logged."""
        path = application('''
            import sys, threading
            event = threading.Event()
            def work(number):
                sys.stderr.write(f'line {number}')
                event.wait()
            threads = []
            for number in range(100):
                threads.append(threading.Thread(target=work, args=(number,)))
                threads[-1].start()
            event.set()
            for thread in threads: thread.join()
            start_response('200 OK', [])
            return []
        ''')
        engine.host_log()
        self.assertEqual(engine.run(path).outcome, COMPLETE)
        lines = [line for line in engine.host_log() if line.startswith('line ')]
        self.assertGreaterEqual(len(lines), 64)
        self.assertTrue(all(re.fullmatch(r'line \d+', line) for line in lines), lines)

    def busy(self, body, **options):
        """Runs an application with this body, `start` and `ended`, while one of its threads is in a read for 0.3 s and
        those that `start` starts come to wait in the order of their starts; `ended` has what became of them."""
        source = textwrap.dedent('''
            import sys, threading, time
            def start(function, *arguments):
                def run():
                    try:
                        ended.append((function.__name__, function(*arguments)))
                    except Exception as error:
                        ended.append((function.__name__, str(error)))
                ended = threads.setdefault('ended', [])
                thread = threading.Thread(target=run)
                threads.setdefault('all', []).append(thread)
                thread.start()
                time.sleep(0.05)
            threads = {}
            def report(environ, start_response):
                for thread in threads['all']: thread.join()
                start_response('200 OK', [])
                return [repr(sorted(map(str, threads['ended']))).encode()]
            def application(environ, start_response):
        ''') + textwrap.indent("start(environ['wsgi.input'].read, 1)\n" + textwrap.dedent(body), '    ')
        path = script(source)
        result = engine.run(path, body=b'..', body_delay=300000, **options)
        report = []
        thread = threading.Thread(target=lambda: report.append(engine.run(path, callable_object='report')))
        thread.start()
        thread.join()
        return result, report[0].body.decode()

    def test_a_thread_that_writes_while_a_file_is_returned(self):
        result, ended = self.busy(f'''
            write = start_response('200 OK', [])
            start(write, b'first ')
            return environ['wsgi.file_wrapper'](open({__file__!r}, 'rb'))
        ''')
        kinds = [kind for kind, _, _ in result.records if kind in 'HDF']
        self.assertEqual(kinds[:2], ['H', 'D'])
        with open(__file__, 'rb') as file:
            self.assertEqual((result.outcome, result.body), (COMPLETE, b'first ' + file.read()))

    def test_a_thread_that_writes_when_the_application_is_done(self):
        result, ended = self.busy('''
            write = start_response('200 OK', [])
            start(write, b'late')
            return [b'all']
        ''')
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'all'))
        self.assertIn('write() was called after the request has ended', ended)

    def test_a_thread_that_writes_when_the_application_has_failed(self):
        result, ended = self.busy('''
            write = start_response('200 OK', [])
            start(write, b'late')
            raise ValueError('failed')
        ''')
        self.assertEqual((result.outcome, result.blocks, result.status), (500, [], None))
        self.assertIn('write() was called after the request has ended', ended)

    def test_hints_that_wait_until_the_head_was_sent(self):
        result, ended = self.busy('''
            write = start_response('200 OK', [])
            start(write, b'all')
            start(environ['wsgi.early_hints'], [('Link', '</a>')])
            for thread in threads['all']: thread.join()
            return []
        ''')
        self.assertEqual((result.outcome, result.body, result.hints), (COMPLETE, b'all', []))
        self.assertIn('wsgi.early_hints() was called after the headers have been sent', ended)

    def test_a_head_that_is_sent_while_another_one_is_made(self):
        for function in ("environ['wsgi.early_hints']([(Odd('a b'), 'x')])",
                         "start_response('500 No', [(Odd('a b'), 'x')], (ValueError, ValueError('no'), None))"):
            result = engine.run(application(f'''
                class Odd(str):
                    def __repr__(self):
                        write(b'all')
                        return 'odd'
                write = start_response('200 OK', [('X-Right', 'yes')])
                try:
                    {function}
                except ValueError as error:
                    print(error)
                return []
            '''))
            self.assertEqual((result.outcome, result.status_line, result.headers, result.body),
                             (COMPLETE, '200 OK', [('X-Right', 'yes')], b'all'), function)
            self.assertIn('odd', result.text)

    def test_unfinished_lines_of_threads_never_mix(self):
        path = application('''
            import sys, threading
            barrier = threading.Barrier(3)
            def work(name, *streams):
                for stream in streams:
                    for text in (f'{name} begins', f' and goes on', f' and ends\\n{name} has', ' more\\n'):
                        stream.write(text)
                        barrier.wait()
                        if name == 'two': stream.flush() if text.endswith('more\\n') else None
                        barrier.wait()
            threads = [threading.Thread(target=work, args=(name, environ['wsgi.errors'], sys.stdout))
                       for name in ('one', 'two')]
            for thread in threads: thread.start()
            work('own', environ['wsgi.errors'], sys.stdout)
            for thread in threads: thread.join()
            left = threading.Thread(target=environ['wsgi.errors'].write, args=('left behind',))
            left.start()
            left.join()
            start_response('200 OK', [])
            return []
        ''')
        engine.host_log()
        result = engine.run(path)
        self.assertEqual(result.outcome, COMPLETE, result.text)
        lines = lambda name: [f'{name} begins and goes on and ends', f'{name} has more']
        self.assertEqual(sorted(line.partition('] ')[2] for _, line in result.log),
                         sorted([*lines('one'), *lines('two'), *lines('own'), *lines('own'), 'left behind']))
        self.assertEqual(sorted(line for line in engine.host_log() if not line.startswith('Loading')),
                         sorted([*lines('one'), *lines('two')]))

    def test_a_thread_that_logs_when_the_request_ends(self):
        path = script('''
            import threading
            done = []
            def work(errors):
                count = 0
                try:
                    while True:
                        errors.write(f'line {count}\\n')
                        count += 1
                except RuntimeError as error:
                    done.append(f'{count} {error}')
            def application(environ, start_response):
                for _ in range(3): threading.Thread(target=work, args=(environ['wsgi.errors'],)).start()
                start_response('200 OK', [])
                yield b'all'
            def report(environ, start_response):
                start_response('200 OK', [])
                return [repr(done).encode()]
        ''')
        results = []
        for _ in range(5):
            thread = threading.Thread(target=lambda: results.append(engine.run(path, delay=50000)))
            thread.start()
            thread.join(30)
        self.assertEqual([(result.outcome, result.body) for result in results], [(COMPLETE, b'all')] * 5)
        for _ in range(100):
            done = eval(engine.run(path, callable_object='report').body)
            if len(done) == 15:
                break
            time.sleep(0.1)
        # Every line that was taken is in the log of the request: the numbers say how many there were.
        self.assertEqual(sum(int(line.split()[0]) for line in done), sum(len(result.log) for result in results))

    def test_thread_local_values_and_identity_last(self):
        path = script('''
            import threading
            local = threading.local()
            def application(environ, start_response):
                local.count = getattr(local, 'count', 0) + 1
                start_response('200 OK', [])
                return [str(local.count).encode()]
        ''')
        found = []

        def work():
            found.append([engine.run(path).body for _ in range(3)])

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [[b'1', b'2', b'3']] * 2)

    def test_threads_that_end_leave_nothing(self):
        path = script(SIMPLE)
        outcomes = []
        memory = None
        for number in range(400):
            thread = threading.Thread(target=lambda: outcomes.append(engine.run(path, group='one').outcome))
            thread.start()
            thread.join()
            if number == 100:
                memory = resident()
        self.assertEqual(set(outcomes), {COMPLETE})
        self.assertEqual(len(outcomes), 400)
        # What a thread leaves is multiplied by 300.
        self.assertLess(resident() - memory, 1000)


if __name__ == '__main__':
    main()
