#!/usr/bin/env python3
"""wsgi.input: a body that comes with the head, in pieces, or not at all."""

import hashlib
import os
import resource
import sys
import unittest

from adapter import SIMPLE, application, engine, main, script
from engine import COMPLETE


class Input(unittest.TestCase):
    def evaluate(self, expression, body=None, prologue='', **options):
        path = application(f'''
            data = environ['wsgi.input']
            {prologue or 'pass'}
            result = {expression}
            start_response('200 OK', [])
            return [repr(result).encode()]
        ''')
        result = engine.run(path, body=body, **options)
        self.assertEqual(result.outcome, COMPLETE, result.text)
        return eval(result.body)

    def both(self, expression, body, expected, **options):
        self.assertEqual(self.evaluate(expression, body, **options), expected)
        self.assertEqual(self.evaluate(expression, body, step=3, **options), expected)
        self.assertEqual(self.evaluate(expression, inline=body, **options), expected)

    def test_read(self):
        body = b'one\ntwo\n\nthree'
        for argument in ('', '-1', 'None', '100', '14', '10 ** 12', '10 ** 30'):
            self.both(f'data.read({argument})', body, body)
        self.both('data.read(3), data.read(0), data.read(4), data.read(), data.read(), data.read(5)', body,
                  (b'one', b'', b'\ntwo', b'\n\nthree', b'', b''))

    def test_no_body(self):
        self.assertEqual(self.evaluate('data.read(), data.readline(), data.readlines(), list(data)'), (b'', b'', [], []))

    def test_lines(self):
        body = b'one\ntwo\n\nthree'
        lines = [b'one\n', b'two\n', b'\n', b'three']
        self.both('data.readlines()', body, lines)
        self.both('data.readlines(5)', body, lines[:2])
        self.both('data.readlines(0), data.readlines(-1)', body, (lines, []))
        self.both('list(data)', body, lines)
        self.both('data.readline(), data.readline(2), data.readline(0), data.readline(None), data.readline(-1), '
                  'data.readline(), data.readline()', body,
                  (b'one\n', b'tw', b'', b'o\n', b'\n', b'three', b''))
        self.both('data.readline(), data.read(2), data.readline(), data.read()', body,
                  (b'one\n', b'tw', b'o\n', b'\nthree'))

    def test_readinto(self):
        self.both('(data.readinto(buffer), bytes(buffer), data.readinto(buffer), data.readinto(buffer))', b'abcdef',
                  (4, b'abcd', 2, 0), prologue='buffer = bytearray(4)')

    def test_large_body(self):
        body = os.urandom(3 << 20).replace(b'\n', b'x') + b'\n'
        path = application('''
            import hashlib
            found = environ['wsgi.input'].%s
            start_response('200 OK', [])
            return [hashlib.sha256(found).hexdigest().encode()]
        ''' % 'read()')
        expected = hashlib.sha256(body).hexdigest().encode()
        self.assertEqual(engine.run(path, body=body).body, expected)
        self.assertEqual(engine.run(path, body=body, content_length=len(body)).body, expected)
        self.assertEqual(self.evaluate('len(data.readline())', body), len(body))
        self.assertEqual(self.evaluate('len(data.read(2000000)), len(data.readline(3)), len(data.read())', body),
                         (2000000, 3, len(body) - 2000003))

    def test_no_read_gives_more_than_was_asked_for(self):
        body = os.urandom(400_000)
        sizes = (1, 65535, 65536, 65537, 100_000, 131_071, 131_072, 131_073, 200_000, 399_999, 400_000, 400_001)
        for method in 'read', 'readline':
            path = application(f'''
                import hashlib
                data = environ['wsgi.input']
                found = []
                for size in {sizes}:
                    part = data.{method}(size)
                    found.append((len(part) <= size, part))
                rest = data.read()
                whole = b''.join(part for _, part in found) + rest
                start_response('200 OK', [])
                return [repr((all(fits for fits, _ in found), hashlib.sha256(whole).hexdigest())).encode()]
            ''')
            for size in sizes:
                one = application(f'''
                    part = environ['wsgi.input'].{method}({size})
                    start_response('200 OK', [])
                    return [part]
                ''')
                content = body.replace(b'\n', b'x')
                for options in {}, {'content_length': len(content)}, {'step': 7000}:
                    self.assertEqual(len(engine.run(one, body=content, **options).body), min(size, len(content)), (method, size, options))
            for options in {}, {'content_length': len(body)}, {'step': 7000}:
                self.assertEqual(eval(engine.run(path, body=body, **options).body), (True, hashlib.sha256(body).hexdigest()))

    def test_a_huge_size_takes_only_what_arrives(self):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.assertEqual(self.evaluate('data.read(1 << 40)', b'small'), b'small')
        self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, 10000)

    def test_wrong_arguments(self):
        prologue = '''
            def fails(call, *arguments):
                try:
                    call(*arguments)
                except Exception as error:
                    return type(error).__name__
        '''
        self.assertEqual(
            self.evaluate("fails(data.read, 'x'), fails(data.read, 1, 2), fails(data.readinto, b'x'), data.close(), "
                          "data.read()", b'x', prologue=prologue),
            ('TypeError', 'TypeError', 'BufferError', None, b'x'))

    def test_errors(self):
        for code, status, text in ((-1, 400, 'terminated'), (-2, 408, 'in time'), (-3, 413, 'LimitRequestBody'),
                                   (-4, 400, 'malformed'), (-5, 500, 'could not be read')):
            path = application('''
                start_response('200 OK', [])
                return [environ['wsgi.input'].read()]
            ''')
            result = engine.run(path, body=b'part', body_error=code)
            self.assertEqual(result.outcome, status)
            self.assertRegex(result.text, 'OSError: mod_wsgi request data read error: .*' + text)

    def test_errors_stay(self):
        path = application('''
            found = []
            for method in ('read', 'readline', 'readlines', '__next__'):
                try:
                    getattr(environ['wsgi.input'], method)()
                except OSError as error:
                    found.append(str(error))
            start_response('200 OK', [])
            return ['|'.join(found).encode()]
        ''')
        errors = engine.run(path, body=b'part', body_error=-1).body.decode().split('|')
        self.assertEqual(len(errors), 4)
        self.assertTrue(all('already in error state' in error for error in errors[1:]), errors)

    def test_after_the_request(self):
        path = application('''
            import sys
            sys.kept = environ['wsgi.input'], start_response, start_response('200 OK', []), environ['wsgi.errors']
            return []
        ''')
        engine.run(path)
        data, start_response, write, errors = sys.kept
        del sys.kept
        for call in (data.read, data.readline, data.readlines, data.__next__, lambda: data.readinto(bytearray(1))):
            with self.assertRaisesRegex(RuntimeError, 'after the request has ended'):
                call()
        with self.assertRaises(RuntimeError):
            start_response('200 OK', [])
        with self.assertRaises(RuntimeError):
            write(b'x')
        with self.assertRaises(RuntimeError):
            errors.write('late\n')
        errors.flush()
        data.close()
        self.assertEqual(engine.run(script(SIMPLE)).log, [])


if __name__ == '__main__':
    main()
