#!/usr/bin/env python3
"""What stays behind after many requests."""

import gc
import os
import textwrap
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

    def test_everything_is_observed(self):
        path = application('''
            import mod_wsgi
            assert mod_wsgi.active_requests['abcdef'] is mod_wsgi.request_data()
            environ['wsgi.input'].read()
            start_response('200 OK', [])
            return [b'x']
        ''')
        with open(path, 'a') as file:
            file.write(textwrap.dedent('''
                import mod_wsgi
                kept = []
                @mod_wsgi.subscribe_events
                def observe(name, request_data={}, **payload):
                    request_data[name] = payload
                    kept[:] = [payload]
                    if name == 'request_started':
                        return {'application_object': lambda *arguments: payload['application_object'](*arguments)}
                    if name == 'request_finished' and payload['thread_id'] % 100 == 0:
                        mod_wsgi.request_metrics(), mod_wsgi.process_metrics()
                mod_wsgi.start_recording_metrics()
            '''))
        self.check(path, 100000, group='observed', flags=BODY_INLINE, body=b'abc')

    def test_exceptions_are_observed(self):
        path = application("raise ValueError('x')")
        with open(path, 'a') as file:
            file.write('\nimport mod_wsgi\nkept = []\n'
                       'mod_wsgi.subscribe_events(lambda name, **payload: kept.__setitem__(slice(1), [payload]))\n')
        self.check(path, 3000, expected=500, group='observed2')

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
