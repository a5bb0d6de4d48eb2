#!/usr/bin/env python3
"""What applications write to wsgi.errors and the standard streams."""

import sys
import unittest

from adapter import application, engine, main
from engine import COMPLETE, ENVIRON


class Log(unittest.TestCase):
    def test_lines(self):
        path = application('''
            import sys
            errors = environ['wsgi.errors']
            errors.write('one\\ntwo')
            errors.write(' more\\n')
            print('three', file=errors)
            print('stdout')
            print('stderr \u20ac', file=sys.stderr)
            errors.writelines(['a\\n', 'b\\n'])
            errors.buffer.write(b'raw\\n')
            errors.write('flushed')
            errors.flush()
            errors.write('x' * 20000 + '\\n')
            errors.write('unfinished')
            start_response('200 OK', [])
            return [b'']
        ''')
        result = engine.run(path)
        prefix = f'[script {path}] '
        lines = [line for _, line in result.log]
        self.assertTrue(all(line.startswith(prefix) for line in lines))
        self.assertTrue(all(level == 3 for level, _ in result.log))
        lines = [line[len(prefix):] for line in lines]
        self.assertEqual(lines[:9], ['one', 'two more', 'three', 'stdout', 'stderr \u20ac', 'a', 'b', 'raw', 'flushed'])
        self.assertEqual(lines[-1], 'unfinished')
        self.assertEqual(''.join(lines[9:-1]), 'x' * 20000)

    def test_the_streams(self):
        path = application('''
            import sys
            found = []
            for stream in (environ['wsgi.errors'], sys.stdout, sys.stderr):
                raw = stream.buffer
                found.append((stream.name, raw.name, stream.encoding, stream.errors, stream.isatty(), stream.writable(),
                              stream.readable(), stream.seekable(), stream.closed, raw.encoding, raw.errors))
                try:
                    stream.fileno()
                except OSError:
                    found.append('OSError')
            environ['wsgi.errors'].buffer.close()
            start_response('200 OK', [])
            return [repr(found).encode()]
        ''')
        found = eval(engine.run(path).body)
        expected = ('utf-8', 'replace', False, True, False, False, False, 'utf-8', 'replace')
        self.assertEqual(found, sum(([(name, name) + expected, 'OSError']
                                     for name in ('<wsgi.errors>', '<stdout>', '<stderr>')), []))

    def test_a_kept_stream_never_writes_for_another_request(self):
        path = application('''
            import sys
            if environ['QUERY_STRING'] == 'keep':
                sys.kept = environ['wsgi.errors']
            elif environ['QUERY_STRING'] == 'raw':
                sys.kept = environ['wsgi.errors'].buffer
            elif hasattr(sys, 'kept'):
                try:
                    sys.kept.write(b'late' if sys.kept is not getattr(sys.kept, 'buffer', sys.kept) else 'late')
                    sys.kept.flush()
                except (RuntimeError, TypeError) as error:
                    print(type(error).__name__)
                environ['wsgi.errors'].write('mine\\n')
            start_response('200 OK', [])
            return []
        ''')
        for how in ('keep', 'raw'):
            engine.run(path, environ=ENVIRON | {'QUERY_STRING': how})
            result = engine.run(path)
            del sys.kept
            self.assertNotIn('late', result.text)
            self.assertIn('mine', result.text)

    def test_closed_and_detached_streams_are_not_used_again(self):
        for how in ("environ['wsgi.errors'].close()", "environ['wsgi.errors'].detach()"):
            engine.run(application(how + "\nstart_response('200 OK', [])\nreturn []"))
            result = engine.run(application("environ['wsgi.errors'].write('fine\\n')\nstart_response('200 OK', [])\nreturn []"))
            self.assertEqual((result.outcome, len(result.log)), (COMPLETE, 1), result.text)

    def test_other_threads_of_the_application(self):
        result = engine.run(application('''
            import threading
            def work():
                environ['wsgi.errors'].write('from a thread\\n')
                print('printed by a thread')
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            start_response('200 OK', [])
            return []
        '''))
        self.assertEqual(result.outcome, COMPLETE, result.text)
        # The stream belongs to the request, whoever writes to it; what a thread prints belongs to nobody.
        self.assertEqual([line.partition('] ')[2] for _, line in result.log], ['from a thread'])
        self.assertIn('printed by a thread', engine.host_log())


if __name__ == '__main__':
    main()
