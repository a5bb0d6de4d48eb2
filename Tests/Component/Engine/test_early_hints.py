#!/usr/bin/env python3
"""wsgi.early_hints: interim responses before the response."""

import unittest

from adapter import application, engine, main
from engine import COMPLETE

LINK = ('Link', '</style.css>; rel=preload')


class EarlyHints(unittest.TestCase):
    def test_hints_come_before_the_head(self):
        result = engine.run(application(f'''
            hint = environ['wsgi.early_hints']
            assert hint([{LINK!r}]) is None
            start_response('200 OK', [('X-Own', 'a'), ('Content-Length', '2')])
            hint([{LINK!r}, ('X-More', 'caf\xe9')])
            return [b'ok']
        '''))
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'ok'))
        self.assertEqual(result.headers, [('X-Own', 'a'), ('Content-Length', '2')])
        self.assertEqual(result.content_length, 2)
        self.assertEqual(result.hints, [('103 Early Hints', [LINK]), ('103 Early Hints', [LINK, ('X-More', 'caf\xe9')])])
        self.assertLess(max(i for i, record in enumerate(result.records) if record[0] == 'I'),
                        min(i for i, record in enumerate(result.records) if record[0] == 'H'))

    def test_wrong_calls(self):
        for call, error in {
            'hint()': 'TypeError', 'hint(())': 'TypeError', 'hint([1])': 'TypeError', 'hint([("a",)])': 'ValueError',
            'hint([("a", b"b")])': 'TypeError', 'hint([("a b", "c")])': 'ValueError',
            'hint([("a", "b\\r\\nc: d")])': 'ValueError', 'hint([("Content-Length", "1")])': 'ValueError',
        }.items():
            result = engine.run(application(f'''
                hint = environ['wsgi.early_hints']
                start_response('200 OK', [('X-Own', 'a')])
                try:
                    {call}
                except Exception as error:
                    return [type(error).__name__.encode()]
                return []
            '''))
            self.assertEqual((result.body.decode(), result.hints), (error, []), call)
            self.assertEqual((result.headers, result.content_length), ([('X-Own', 'a')], -1), call)

    def test_there_is_a_limit(self):
        for block, most in ((10, 64), (100_000, 10)):
            result = engine.run(application(f'''
                hint = environ['wsgi.early_hints']
                count = 0
                try:
                    while count < 1000:
                        hint([('Link', 'v' * {block})])
                        count += 1
                except RuntimeError as error:
                    start_response('200 OK', [])
                    return [f'{{count}} {{error}}'.encode()]
            '''))
            count, text = result.body.decode().split(' ', 1)
            self.assertEqual((int(count), len(result.hints)), (most, most))
            self.assertIn('more than 64 times, or with more than 1 MiB', text)

    def test_too_late(self):
        result = engine.run(application('''
            import builtins
            builtins.hint = environ['wsgi.early_hints']
            start_response('200 OK', [])(b'sent')
            try:
                hint([])
            except RuntimeError as error:
                return [b' ', str(error).encode()]
        '''))
        self.assertEqual(result.body, b'sent wsgi.early_hints() was called after the headers have been sent')
        result = engine.run(application('''
            import builtins
            start_response('200 OK', [])
            try:
                builtins.hint([])
            except RuntimeError as error:
                return [str(error).encode()]
        '''))
        self.assertEqual(result.body, b'wsgi.early_hints() was called after the request has ended')

    def test_the_client_has_gone(self):
        result = engine.run(application('''
            start_response('200 OK', [])
            try:
                environ['wsgi.early_hints']([])
            except OSError as error:
                return [str(error).encode()]
        '''), head_error=-1)
        self.assertEqual(result.hints, [])


if __name__ == '__main__':
    main()
