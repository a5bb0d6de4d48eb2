#!/usr/bin/env python3
"""Requests side by side."""

import threading
import time
import unittest

from adapter import SIMPLE, application, engine, main, script
from engine import COMPLETE, ENVIRON


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
        for _ in range(300):
            thread = threading.Thread(target=engine.run, args=(path,), kwargs={'group': 'one'})
            thread.start()
            thread.join()


if __name__ == '__main__':
    main()
