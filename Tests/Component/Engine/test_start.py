#!/usr/bin/env python3
"""The start of the engine in an httpd child, and a first request through the validator."""

import sys
import unittest

from adapter import EXTRA, HOME, START_LOG, engine, main, script
from engine import COMPLETE, ENVIRON


class Start(unittest.TestCase):
    def test_paths_come_first_and_home_before_them(self):
        self.assertEqual(engine.started, 0)
        self.assertEqual(sys.path[:2], [HOME, EXTRA])
        self.assertEqual(sys.argv, ['mod_wsgi'])

    def test_preloads_are_imported_and_failures_logged(self):
        self.assertTrue(sys.preloaded)
        self.assertIn('preloading', START_LOG)
        self.assertTrue(any('WSGI0105' in line and 'missing.wsgi' in line for line in START_LOG), START_LOG)

    def test_module_attributes(self):
        import apache
        import mod_wsgi
        from mod_wsgi import extension
        self.assertEqual(extension.value, 42)
        self.assertEqual(mod_wsgi.version, (7, 0, 0))
        self.assertEqual((mod_wsgi.process_group, mod_wsgi.application_group), ('', ''))
        self.assertEqual((mod_wsgi.maximum_processes, mod_wsgi.threads_per_process), (1, 15))
        self.assertEqual(apache.version, (2, 4, 62))
        self.assertEqual((apache.description, apache.mpm_name, apache.build_date), ('Apache/2.4.62', 'event', '2026-01-01'))
        self.assertEqual((apache.maximum_processes, apache.threads_per_process), (4, 25))
        self.assertTrue(issubclass(mod_wsgi.RequestTimeout, BaseException))
        self.assertFalse(issubclass(mod_wsgi.RequestTimeout, Exception))

    def test_output_outside_requests_goes_to_the_process_log(self):
        engine.host_log()
        print('from the main thread')
        print('half', end='')
        print(' and half')
        sys.stderr.write('problem\nunfinished')
        sys.stderr.flush()
        self.assertEqual(engine.host_log(), ['from the main thread', 'half and half', 'problem', 'unfinished'])


class Conformance(unittest.TestCase):
    def test_wsgiref_validate(self):
        path = script('''
            from wsgiref.validate import validator
            def inner(environ, start_response):
                data = environ['wsgi.input'].read(3) + environ['wsgi.input'].readline() + environ['wsgi.input'].read(100)
                environ['wsgi.errors'].write('text\\n')
                environ['wsgi.errors'].flush()
                start_response('200 OK', [('Content-Type', 'text/plain')])
                return [data]
            application = validator(inner)
        ''')
        result = engine.run(path, body=b'abcdef\nghi', environ=ENVIRON | {'REQUEST_METHOD': 'POST', 'SCRIPT_NAME': '/x'})
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'abcdef\nghi'), result.text)


if __name__ == '__main__':
    main()
