#!/usr/bin/env python3
"""What stays behind after many requests."""

import gc
import os
import unittest

from adapter import FOLDER, SIMPLE, application, engine, main, script
from engine import BODY_INLINE, COMPLETE, resident


class Leaks(unittest.TestCase):
    def check(self, path, count, expected=COMPLETE, **head):
        engine.run_many(path, 2000, expected, **head)
        before, objects = resident(), len(gc.get_objects())
        self.assertEqual(engine.run_many(path, count, expected, **head), 0)
        self.assertLess(resident() - before, 600)
        self.assertLess(abs(len(gc.get_objects()) - objects), 50)

    def test_small_responses(self):
        self.check(script(SIMPLE), 100000)

    def test_iterators_input_and_log(self):
        self.check(application('''
            assert environ['wsgi.input'].readline() == b'a\\n' and environ['wsgi.input'].read() == b'b'
            write = start_response('200 OK', [('X', '\xe9')])
            write(b'x')
            yield b'y'
        '''), 20000, flags=BODY_INLINE, body=b'a\nb')

    def test_exceptions(self):
        self.check(application("raise ValueError('x')"), 3000, expected=500)

    def test_kept_environs(self):
        self.check(application('''
            environ['self'] = environ
            start_response('200 OK', [])
            return [b'x']
        '''), 20000)

    def test_files(self):
        path = os.path.join(FOLDER, 'small.bin')
        with open(path, 'wb') as file:
            file.write(b'small')
        self.check(application(f'''
            start_response('200 OK', [])
            return environ['wsgi.file_wrapper'](open({path!r}, 'rb'))
        '''), 5000)


if __name__ == '__main__':
    main()
