#!/usr/bin/env python3
"""The blocks of a response, write() and close()."""

import sys
import unittest

from adapter import application, engine, main, script
from engine import COMPLETE, ENVIRON, HEADERS_ONLY, SHORT, TRUNCATED


class Output(unittest.TestCase):
    def respond(self, body, **options):
        return engine.run(application(body), **options)

    def test_lists_are_not_flushed_and_iterators_are(self):
        result = self.respond("start_response('200 OK', [])\nreturn [b'a', b'b']")
        self.assertNotIn(1, result.flushes)
        result = self.respond("start_response('200 OK', [])\nreturn (b'a', b'b')")
        self.assertEqual((result.body, result.flushes), (b'ab', [0]))
        result = self.respond("start_response('200 OK', [])\nreturn iter([b'a', b'', b'b'])")
        self.assertEqual((result.blocks, result.flushes), ([b'a', b'b'], [1, 1]))

    def test_large_lists(self):
        result = self.respond("start_response('200 OK', [])\nreturn [b'a' * 100000, b'', b'b' * 50000]")
        self.assertEqual((result.outcome, [len(block) for block in result.blocks], result.flushes),
                         (COMPLETE, [100000, 50000], [0, 0]))

    def test_write(self):
        result = self.respond('''
            write = start_response('200 OK', [])
            write(b'one ')
            write(b'')
            write(b'two ')
            return [b'three']
        ''')
        self.assertEqual((result.outcome, result.body, result.flushes), (COMPLETE, b'one two three', [1, 1, 0]))

    def test_write_takes_bytes_only(self):
        for value in ("'x'", "bytearray(b'x')", "memoryview(b'x')", "None"):
            result = self.respond(f"start_response('200 OK', [])({value})\nreturn []")
            self.assertEqual(result.outcome, 500)
            self.assertIn('TypeError', result.text)

    def test_items_must_be_bytes(self):
        for value in ("['x']", "iter(['x'])", "[b'a', 1]", "[bytearray(b'x')]", "'text'", "None", "5"):
            result = self.respond(f"start_response('200 OK', [])\nreturn {value}")
            self.assertEqual((result.outcome, result.status), (500, None), value)
            self.assertIn('TypeError', result.text)
        result = self.respond("start_response('200 OK', [])\nreturn iter([b'a', 'x'])")
        self.assertEqual((result.outcome, result.body), (TRUNCATED, b'a'))

    def test_head_comes_with_the_first_data_or_at_the_end(self):
        result = self.respond("start_response('204 No Content', [('X', 'y')])\nreturn iter([b'', b''])")
        self.assertEqual((result.outcome, result.status, result.blocks), (COMPLETE, 204, []))
        result = self.respond("start_response('304 Not Modified', [('Content-Length', '5')])\nreturn []")
        self.assertEqual((result.outcome, result.content_length), (COMPLETE, 5))

    def test_excess_is_dropped(self):
        for value in ("[b'abc', b'def']", "iter([b'abc', b'def', b'ghi'])", "[b'x' * 100000]"):
            result = self.respond(f"start_response('200 OK', [('Content-Length', ' +4 ')])\nreturn {value}")
            self.assertEqual((result.outcome, len(result.body), result.content_length), (COMPLETE, 4, 4))
            self.assertEqual(result.headers, [('Content-Length', '4')])

    def test_shortfall_is_visible(self):
        for value in ("[b'abc']", "iter([b'abc'])", "[]"):
            result = self.respond(f"start_response('200 OK', [('Content-Length', '10')])\nreturn {value}")
            # What that means for the client is httpd's side to say: a filter may make another body.
            self.assertEqual((result.outcome, result.status, result.content_length), (SHORT, 200, 10))

    def test_head_requests(self):
        for value in ("[b'abc']", "iter([b'abc'])", "[]", "[b'x' * 100000]"):
            result = self.respond(f"start_response('200 OK', [('Content-Length', '10')])\nreturn {value}",
                                  flags=HEADERS_ONLY)
            self.assertEqual((result.outcome, result.status, result.body, result.content_length),
                             (COMPLETE, 200, b'', 10))
        result = self.respond("start_response('200 OK', [])\nreturn [b'abc']", flags=HEADERS_ONLY)
        self.assertEqual((result.outcome, result.status), (COMPLETE, 200))

    def test_close_is_called_once_however_it_ends(self):
        path = script('''
            import sys
            class Response:
                def __init__(self, blocks): self.blocks = iter(blocks)
                def __iter__(self): return self
                def __next__(self):
                    block = next(self.blocks)
                    if block is None: raise ValueError('no more')
                    return block
                def close(self): sys.closed += 1
            def application(environ, start_response):
                if environ['QUERY_STRING'] != 'silent': start_response('200 OK', [])
                return Response(eval(environ['PATH_INFO']))
        ''')
        for blocks, query, options, outcome in (
                ("[b'a', b'b']", '', {}, COMPLETE), ('[]', '', {}, COMPLETE), ("[b'a', None]", '', {}, TRUNCATED),
                ('[None]', '', {}, 500), ("['x']", '', {}, 500), ("[b'a']", 'silent', {}, 500),
                ("[b'a', b'b']", '', {'fail_after': 1}, TRUNCATED), ("[b'a']", '', {'head_error': -1}, TRUNCATED)):
            sys.closed = 0
            result = engine.run(path, environ=ENVIRON | {'PATH_INFO': blocks, 'QUERY_STRING': query}, **options)
            self.assertEqual((result.outcome, sys.closed), (outcome, 1), blocks)

    def test_exceptions_in_close_are_logged_only(self):
        result = engine.run(script('''
            class Response(list):
                def close(self): raise ValueError('in close')
            def application(environ, start_response):
                start_response('200 OK', [])
                return Response([b'body'])
        '''))
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'body'))
        self.assertIn('ValueError: in close', result.text)

    def test_a_client_that_has_gone(self):
        result = self.respond('''
            write = start_response('200 OK', [])
            try:
                write(b'a')
                write(b'b')
            except OSError as error:
                environ['wsgi.errors'].write(str(error))
            return [b'c']
        ''', fail_after=1)
        self.assertEqual((result.outcome, result.body), (TRUNCATED, b'a'))
        self.assertIn('mod_wsgi client connection closed', result.text)
        result = self.respond("start_response('200 OK', [])\nreturn iter([b'a', b'b', b'c'])", fail_after=1)
        self.assertEqual((result.outcome, result.body, result.log), (TRUNCATED, b'a', []))
        result = self.respond("start_response('200 OK', [])\nreturn [b'a']", fail_after=0)
        self.assertEqual(result.outcome, TRUNCATED)


if __name__ == '__main__':
    main()
