#!/usr/bin/env python3
"""What start_response and the headers given to it may be."""

import unittest

from adapter import application, engine, main
from engine import COMPLETE, TRUNCATED


class StartResponse(unittest.TestCase):
    def respond(self, body, **options):
        return engine.run(application(body), **options)

    def error(self, call):
        result = self.respond(f'''
            {call}
            return [b'']
        ''')
        self.assertEqual(result.outcome, 500)
        return result.text

    def test_status_and_headers(self):
        headers = [('Content-Type', 'text/plain; charset=utf-8'), ('X-Latin', 'caf\xe9'), ('Set-Cookie', 'a=1'),
                   ('Set-Cookie', 'b=2'), ('X-Empty', ''), ('X-Tab', 'a\tb')]
        result = self.respond(f"start_response('201 Cr\xe9ated', {headers!r})\nreturn [b'x', b'', b'yz']")
        self.assertEqual((result.outcome, result.status, result.status_line), (COMPLETE, 201, '201 Cr\xe9ated'))
        self.assertEqual(result.headers, headers)
        self.assertEqual((result.body, result.content_length), (b'xyz', -1))

    def test_valid_statuses(self):
        for status in ('200', '200 ', '999 x', '404 Not Found', '200 ' + 'x' * 8188):
            result = self.respond(f"start_response({status!r}, [])\nreturn []")
            self.assertEqual((result.outcome, result.status_line), (COMPLETE, status))

    def test_invalid_statuses(self):
        for status in ('', '20', '2000', '099 x', 'OK', '200OK', '200\tOK', '200 O\nK', '200 O\x00K', ' 200', '-20', '200 ' + 'x' * 8189):
            self.assertIn('ValueError', self.error(f"start_response({status!r}, [])"))
        self.assertIn('TypeError', self.error("start_response(b'200 OK', [])"))
        self.assertIn('UnicodeEncodeError', self.error("start_response('200 \u20ac', [])"))

    def test_invalid_headers(self):
        for headers, error in ((((),), 'TypeError'), ('abc', 'TypeError'), (None, 'TypeError'), (['ab'], 'TypeError'),
                               ([['a', 'b']], 'TypeError'), ([('a',)], 'ValueError'), ([('a', 'b', 'c')], 'ValueError'),
                               ([(b'a', 'b')], 'TypeError'), ([('a', 1)], 'TypeError'), ([('', 'b')], 'ValueError'),
                               ([('a b', 'c')], 'ValueError'), ([('a:', 'c')], 'ValueError'),
                               ([('a\n', 'c')], 'ValueError'), ([('\xe9', 'c')], 'ValueError'),
                               ([('a', 'b\nc')], 'ValueError'), ([('a', 'b\rc')], 'ValueError'),
                               ([('a', 'b\x00c')], 'ValueError'), ([('a', 'b\x01c')], 'ValueError'),
                               ([('a', 'b\x7f')], 'ValueError'), ([('a', '\u20ac')], 'UnicodeEncodeError'),
                               ([('Content-Length', 'x')], 'ValueError'), ([('Content-Length', '-1')], 'ValueError'),
                               ([('Content-Length', '1 2')], 'ValueError'), ([('Content-Length', '')], 'ValueError'),
                               ([('Content-Length', '9' * 30)], 'ValueError'),
                               ([('Content-Length', '1'), ('content-length', '2')], 'ValueError')):
            self.assertIn(error, self.error(f"start_response('200 OK', {headers!r})"), headers)

    def test_every_token_character_is_accepted(self):
        name = "!#$%&'*+-.^_`|~09azAZ"
        result = self.respond(f"start_response('200 OK', [({name!r}, 'x')])\nreturn []")
        self.assertEqual(result.headers, [(name, 'x')])

    def test_wrong_calls(self):
        self.assertIn('TypeError', self.error("start_response('200 OK')"))
        self.assertIn('TypeError', self.error("start_response('200 OK', [], None, None)"))
        self.assertIn('TypeError', self.error("start_response('200 OK', [], other=1)"))
        self.assertIn('RuntimeError', self.error("start_response('200 OK', [], 'x')"))

    def test_a_second_call_needs_exc_info(self):
        for second in ("", ", None"):
            result = self.respond(f'''
                start_response('200 OK', [('X', 'y')])
                try:
                    start_response('404 Not Found', []{second})
                except AssertionError as error:
                    return [str(error).encode()]
            ''')
            self.assertEqual((result.outcome, result.status, result.headers), (COMPLETE, 200, [('X', 'y')]))
            self.assertIn(b'without exc_info', result.body)

    def test_there_is_a_limit_of_headers(self):
        for count, size, accepted in ((1000, 1, True), (1001, 1, False), (100, 10_000, True), (100, 11_000, False)):
            result = engine.run(application(f'''
                try:
                    start_response('200 OK', [('X-A', 'v' * {size})] * {count})
                except ValueError as error:
                    start_response('200 OK', [])
                    return [str(error).encode()]
                return [b'accepted']
            '''))
            self.assertEqual(result.body == b'accepted', accepted, (count, size, result.body))
            if not accepted:
                self.assertIn(b'the limit is 1000' if size == 1 else b'the limit is 1 MiB', result.body)

    def test_what_is_the_servers_business_is_refused(self):
        for name in ('Connection', 'keep-alive', 'TE', 'Trailer', 'trailers', 'Transfer-Encoding', 'UPGRADE',
                     'Proxy-Authenticate', 'proxy-authorization'):
            result = self.respond(f'''
                try:
                    start_response('200 OK', [({name!r}, 'x')])
                except ValueError as error:
                    start_response('200 OK', [])
                    return [str(error).encode()]
            ''')
            self.assertIn(repr(name).encode(), result.body)
        for status in ('100 Continue', '103 Early Hints', '199 x'):
            result = self.respond(f'''
                try:
                    start_response({status!r}, [])
                except ValueError as error:
                    start_response('200 OK', [])
                    return [str(error).encode()]
            ''')
            self.assertIn(b'is not final', result.body)

    def test_exc_info_before_output_replaces(self):
        for call in ("sys.exc_info()", "exc_info=sys.exc_info()"):
            result = self.respond(f'''
                import sys
                start_response('200 OK', [])
                try:
                    raise ValueError('x')
                except ValueError:
                    start_response('500 Oops', [], {call})
                return [b'sorry']
            ''')
            self.assertEqual((result.outcome, result.status, result.body), (COMPLETE, 500, b'sorry'))

    def test_a_second_call_after_output_raises(self):
        result = self.respond('''
            start_response('200 OK', [])
            yield b'data'
            try:
                start_response('200 OK', [])
            except RuntimeError:
                yield b' RuntimeError'
        ''')
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'data RuntimeError'))

    def test_exc_info_after_output_is_raised_again(self):
        result = self.respond('''
            import sys
            start_response('200 OK', [])
            yield b'data'
            try:
                raise KeyError('the reason')
            except KeyError:
                start_response('500 Oops', [], sys.exc_info())
        ''')
        self.assertEqual((result.outcome, result.status, result.body), (TRUNCATED, 200, b'data'))
        self.assertIn("KeyError: 'the reason'", result.text)

    def test_arguments_of_the_wrong_type(self):
        """The words are those that mod_wsgi says, which people search for."""
        for call, text in (
                ('start_response()', 'TypeError: start_response() takes at least 2 arguments (0 given)'),
                ("start_response('200 OK', [], None, 1)", 'TypeError: start_response() takes at most 3 arguments (4 given)'),
                ("start_response(b'200 OK', [])", 'must be str, not bytes'),
                ("start_response('200 OK', None)", 'TypeError: start_response() argument 2 must be list, not None'),
                ("start_response('200 OK', ())", 'TypeError: start_response() argument 2 must be list, not tuple'),
                ("start_response('200 OK', [], 'x')", "start_response() argument 'exc_info' must be a 3-tuple or None"),
                ("start_response('200 OK', [['A', 'b']])", 'TypeError: each header must be a 2-tuple, not list'),
                ("start_response('200 OK', [('A',)])", 'ValueError: each header must be a 2-tuple, got length 1'),
                ("start_response('200 OK', [(b'A', 'b')])", 'TypeError: the name of a response header must be str, not bytes'),
                ("start_response('200 OK', [('A\\n', 1)])",
                 r"TypeError: the value of the response header 'A\n' must be str, not int"),
                ("start_response('200 OK', [])('x')", 'TypeError: write() argument must be bytes, not str'),
                ("start_response('200 OK', [])()", 'TypeError: write() takes exactly 1 argument (0 given)')):
            result = self.respond(call)
            self.assertEqual(result.outcome, 500)
            self.assertIn(text, result.log[-1][1])

    def test_not_called(self):
        for body in ("return [b'x']", "return []", "return iter([b'x'])", "return iter([])", "yield b'x'"):
            result = self.respond(body)
            self.assertEqual((result.outcome, result.status), (500, None))
            self.assertIn('start_response', result.text)
            self.assertIn('RuntimeError', result.text)

    def test_called_late_by_a_generator(self):
        result = self.respond('''
            yield b''
            start_response('200 OK', [])
            yield b'late'
        ''')
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'late'))


if __name__ == '__main__':
    main()
