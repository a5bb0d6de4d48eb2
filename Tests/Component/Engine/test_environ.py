#!/usr/bin/env python3
"""The environ that applications get."""

import os
import sys
import time
import unittest

from adapter import application, engine, main, script
from engine import COMPLETE, ENVIRON, HTTPS


class Environ(unittest.TestCase):
    def environ(self, **head):
        path = application('''
            import sys
            sys.seen = environ
            start_response('200 OK', [])
            return []
        ''')
        result = engine.run(path, **head)
        self.assertEqual(result.outcome, COMPLETE, result.text)
        return path, sys.seen

    def test_entries_are_those_of_the_head(self):
        path, environ = self.environ()
        self.assertIs(type(environ), dict)
        for key, value in ENVIRON.items():
            self.assertEqual(environ[key], value)
            self.assertIs(type(environ[key]), str)
        self.assertEqual(environ['SCRIPT_FILENAME'], path)

    def test_wsgi_keys(self):
        _, environ = self.environ(flags=HTTPS, queue=1700000001500000)
        import mod_wsgi
        self.assertEqual(environ['wsgi.version'], (1, 0))
        self.assertEqual(environ['wsgi.url_scheme'], 'https')
        self.assertIs(environ['wsgi.input_terminated'], True)
        self.assertIs(environ['wsgi.multithread'], True)
        self.assertIs(environ['wsgi.multiprocess'], False)
        self.assertIs(environ['wsgi.run_once'], False)
        self.assertIs(environ['wsgi.file_wrapper'], mod_wsgi.FileWrapper)
        self.assertEqual(environ['apache.version'], (2, 4, 62))
        self.assertEqual(environ['mod_wsgi.version'], (7, 0, 0))
        self.assertEqual(environ['mod_wsgi.process_group'], '')
        self.assertEqual(environ['mod_wsgi.application_group'], '')
        self.assertEqual(environ['mod_wsgi.callable_object'], 'application')
        self.assertIs(type(environ['mod_wsgi.thread_id']), int)
        self.assertEqual(environ['mod_wsgi.request_start'], 1700000000.123456)
        self.assertEqual(environ['mod_wsgi.queue_start'], 1700000001.5)
        self.assertEqual(environ['mod_wsgi.daemon_start'], 0.0)
        self.assertAlmostEqual(environ['mod_wsgi.application_start'], time.time(), delta=5)
        self.assertEqual(type(environ['wsgi.input']).__name__, 'Input')
        import io
        self.assertIsInstance(environ['wsgi.errors'], io.TextIOWrapper)

    def test_every_environ_is_its_own(self):
        for index in range(6):
            entries = ENVIRON | {'HTTP_X_NUMBER': str(index), 'HTTP_COOKIE': f'secret{index % 2}'}
            _, environ = self.environ(environ=entries)
            self.assertNotIn('mark', environ)
            self.assertEqual(environ['HTTP_X_NUMBER'], str(index))
            self.assertEqual(environ['HTTP_COOKIE'], f'secret{index % 2}')
            self.assertNotIn('SCRIPT_FILENAME', environ)
            environ['mark'] = environ['HTTP_X_NUMBER'] = 'mine'

    def test_secrets_are_not_kept(self):
        secret = 'a-very-secret-value'
        entries = ENVIRON | {'HTTP_COOKIE': secret, 'HTTP_AUTHORIZATION': secret, 'HTTP_PROXY_AUTHORIZATION': secret}
        for _ in range(4):
            _, environ = self.environ(environ=entries)
        self.assertEqual(sys.getrefcount(environ['HTTP_COOKIE']), 2)
        self.assertEqual(sys.getrefcount(environ['HTTP_AUTHORIZATION']), 2)

    def test_values_are_latin_1_and_paths_in_the_encoding_of_the_file_system(self):
        entries = {'PATH_INFO': b'/\xc3\xa9\xff', 'DOCUMENT_ROOT': '/srv/é'.encode(), 'SCRIPT_FILENAME': b'/x/\xff',
                   'HTTP_X': '', b'HTTP_\xe9': 'odd'}
        _, environ = self.environ(environ=entries)
        self.assertEqual(environ['PATH_INFO'], '/\xc3\xa9\xff')
        self.assertEqual(environ['DOCUMENT_ROOT'], os.fsdecode('/srv/é'.encode()))
        self.assertEqual(environ['SCRIPT_FILENAME'], os.fsdecode(b'/x/\xff'))
        self.assertEqual(environ['HTTP_X'], '')
        self.assertEqual(environ['HTTP_\xe9'], 'odd')

    def test_many_different_keys_and_long_values(self):
        for number in range(40):
            entries = {f'HTTP_KEY_{number}_{index}': f'value{index}' for index in range(50)}
            entries['HTTP_LONG'] = 'x' * 5000
            entries['HTTP_' + 'LONG' * 100] = 'y'
            _, environ = self.environ(environ=entries)
            for key, value in entries.items():
                self.assertEqual(environ[key], value)

    def test_callable_and_application_group(self):
        path = script('''
            def other(environ, start_response):
                start_response('200 OK', [])
                return [repr([environ[key] for key in
                              ('mod_wsgi.callable_object', 'mod_wsgi.application_group')]).encode()]
        ''')
        self.assertEqual(engine.run(path, group='site', callable_object='other').body, b"['other', 'site']")


if __name__ == '__main__':
    main()
