#!/usr/bin/env python3
"""Application groups."""

import threading
import unittest

from adapter import EXTRA, HOME, SIMPLE, application, engine, main, script
from engine import COMPLETE


class Interpreters(unittest.TestCase):
    def test_each_application_group_has_its_own(self):
        path = script('''
            import sys, apache, mod_wsgi
            def application(environ, start_response):
                start_response('200 OK', [])
                sys.count = getattr(sys, 'count', 0) + 1
                print('group', mod_wsgi.application_group)
                return [repr((id(sys), sys.count, mod_wsgi.application_group, environ['mod_wsgi.application_group'],
                              sys.path[:2], sys.argv)).encode()]
        ''')
        seen = {}
        for group in ('', 'one', 'two', 'one', '', 'three.example:8080|/mount'):
            result = engine.run(path, group=group)
            identity, count, name, key, paths, arguments = eval(result.body)
            self.assertEqual((name, key, paths, arguments), (group, group, [HOME, EXTRA], ['mod_wsgi']))
            self.assertTrue(result.log[0][1].endswith('] group ' + group))
            seen.setdefault(group, []).append((identity, count))
        self.assertEqual(len({visits[0][0] for visits in seen.values()}), 4)
        self.assertEqual([count for _, count in seen['one']], [1, 2])

    def test_errors_in_another_interpreter(self):
        result = engine.run(application("import mod_wsgi\nraise mod_wsgi.RequestTimeout()"), group='one')
        self.assertEqual(result.outcome, 504)
        result = engine.run(application("raise ValueError('x')"), group='one')
        self.assertEqual(result.outcome, 500)
        self.assertIn("application group 'one'", result.log[0][1])
        result = engine.run(application("import missing_module"), group='one')
        self.assertEqual(result.outcome, 500)

    def test_created_by_many_threads_at_once(self):
        path = script(SIMPLE)
        results = []
        threads = [threading.Thread(target=lambda: results.append(engine.run(path, group='crowd').outcome))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [COMPLETE] * 8)


if __name__ == '__main__':
    main()
