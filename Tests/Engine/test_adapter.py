#!/usr/bin/env python3
"""The adapter as an httpd child has it: what applications see, what the transport gets, what is logged.

    ENGINE=/path/to/_wsgi_engine.abi3.so python3 test_adapter.py
"""

import gc
import hashlib
import os
import resource
import sys
import tempfile
import textwrap
import threading
import time
import unittest

from engine import (BODY_INLINE, COMPLETE, ENVIRON, Engine, HEADERS_ONLY, HTTPS, SCRIPT_RELOADING, TRUNCATED)

ARGUMENTS = list(sys.argv)
FOLDER = tempfile.mkdtemp()
EXTRA = os.path.join(FOLDER, 'site')
HOME = os.path.join(FOLDER, 'home')
PACKAGE = os.path.join(EXTRA, 'mod_wsgi')
os.makedirs(PACKAGE)
os.makedirs(HOME)
open(os.path.join(PACKAGE, '__init__.py'), 'w').close()
with open(os.path.join(PACKAGE, 'extension.py'), 'w') as file:
    file.write('value = 42\n')
PRELOADED = os.path.join(FOLDER, 'preloaded.wsgi')
with open(PRELOADED, 'w') as file:
    file.write("print('preloading')\nimport sys\nsys.preloaded = True\n")

engine = Engine(process_group='', python_path=[EXTRA], home=HOME,
                preloads=[(PRELOADED, ''), (os.path.join(FOLDER, 'missing.wsgi'), '')])
START_LOG = engine.host_log()

SIMPLE = '''
    def application(environ, start_response):
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'hello']
'''


def script(source, name=None):
    path = os.path.join(FOLDER, name or f'script{script.count}.wsgi')
    script.count += 1
    with open(path, 'w') as file:
        file.write(textwrap.dedent(source))
    return path


script.count = 0


def application(body, name=None):
    """A script whose application has this body."""
    return script('def application(environ, start_response):\n' + textwrap.indent(textwrap.dedent(body), '    '), name)


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
        print('from the main thread')
        print('half', end='')
        print(' and half')
        sys.stderr.write('problem\nunfinished')
        sys.stderr.flush()
        self.assertEqual(engine.host_log(), ['from the main thread', 'half and half', 'problem', 'unfinished'])


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
                   ('Set-Cookie', 'b=2'), ('X-Empty', ''), ('X-Control', 'a\tb\x01')]
        result = self.respond(f"start_response('201 Cr\xe9ated', {headers!r})\nreturn [b'x', b'', b'yz']")
        self.assertEqual((result.outcome, result.status, result.status_line), (COMPLETE, 201, '201 Cr\xe9ated'))
        self.assertEqual(result.headers, headers)
        self.assertEqual((result.body, result.content_length), (b'xyz', -1))

    def test_valid_statuses(self):
        for status in ('200', '200 ', '999 x', '404 Not Found'):
            result = self.respond(f"start_response({status!r}, [])\nreturn []")
            self.assertEqual((result.outcome, result.status_line), (COMPLETE, status))

    def test_invalid_statuses(self):
        for status in ('', '20', '2000', '099 x', 'OK', '200OK', '200\tOK', '200 O\nK', '200 O\x00K', ' 200', '-20'):
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
                               ([('a', 'b\x00c')], 'ValueError'), ([('a', '\u20ac')], 'UnicodeEncodeError'),
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

    def test_a_second_call_before_output_replaces(self):
        result = self.respond('''
            start_response('200 OK', [('Content-Length', '100')])
            start_response('404 Not Found', [('X', 'y')])
            return [b'']
        ''')
        self.assertEqual((result.outcome, result.status, result.headers, result.content_length),
                         (COMPLETE, 404, [('X', 'y')], -1))

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
            self.assertEqual((result.outcome, result.status), (TRUNCATED, 200))
            self.assertIn('WSGI1101', result.text)

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


class FileWrapper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.content = os.urandom(100000)
        cls.path = os.path.join(FOLDER, 'file.bin')
        with open(cls.path, 'wb') as file:
            file.write(cls.content)

    def send(self, opening, headers='[]', **options):
        result = engine.run(application(f'''
            import gzip, io, os, sys, tempfile
            path = {self.path!r}
            {opening}
            sys.file = file
            start_response('200 OK', {headers})
            return environ['wsgi.file_wrapper'](file)
        '''), **options)
        closed = getattr(sys.file, 'closed', True)
        sys.file = None
        self.assertTrue(closed)
        return result

    def test_whole_file(self):
        for opening in ("file = open(path, 'rb')", "file = open(path, 'rb', 0)", "file = open(path, 'r+b')"):
            result = self.send(opening)
            self.assertEqual((result.outcome, result.files), (COMPLETE, [self.content]))
            self.assertEqual(result.content_length, len(self.content))
            self.assertEqual(result.headers, [('Content-Length', '100000')])

    def test_offset_and_length(self):
        result = self.send("file = open(path, 'rb'); file.read(10)")
        self.assertEqual((result.files, result.content_length), ([self.content[10:]], 99990))
        result = self.send("file = open(path, 'rb'); file.seek(50)", "[('Content-Length', '20')]")
        self.assertEqual((result.outcome, result.files), (COMPLETE, [self.content[50:70]]))
        result = self.send("file = open(path, 'rb'); file.seek(99990)", "[('Content-Length', '20')]")
        self.assertEqual((result.outcome, result.files), (TRUNCATED, [self.content[99990:]]))
        result = self.send("file = open(path, 'rb'); file.seek(200000)")
        self.assertEqual((result.outcome, result.files, result.content_length), (COMPLETE, [], 0))

    def test_head_request(self):
        result = self.send("file = open(path, 'rb')", flags=HEADERS_ONLY)
        self.assertEqual((result.outcome, result.files, result.content_length), (COMPLETE, [], 100000))

    def test_temporary_file(self):
        result = self.send("file = tempfile.NamedTemporaryFile(); file.write(b'data'); file.seek(0)")
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'data'))

    def test_what_is_not_a_plain_file_is_read(self):
        result = self.send("file = io.BytesIO(b'x' * 20000)")
        self.assertEqual((result.outcome, result.files, [len(block) for block in result.blocks]),
                         (COMPLETE, [], [8192, 8192, 3616]))
        result = self.send("gz = gzip.open(path + '.gz', 'wb'); gz.write(b'plain'); gz.close(); file = gzip.open(path + '.gz', 'rb')")
        self.assertEqual((result.outcome, result.files, result.body), (COMPLETE, [], b'plain'))
        result = self.send("reader, writer = os.pipe(); os.write(writer, b'piped'); os.close(writer); "
                           "file = open(reader, 'rb')")
        self.assertEqual((result.outcome, result.files, result.body), (COMPLETE, [], b'piped'))
        result = self.send("open(path + '.txt', 'w').write('text'); file = open(path + '.txt')")
        self.assertEqual(result.outcome, 500)
        self.assertIn('TypeError', result.text)

    def test_the_class(self):
        import io
        import mod_wsgi
        wrapper = mod_wsgi.FileWrapper(io.BytesIO(b'abcde'), 2)
        self.assertEqual((wrapper.blksize, wrapper.filelike.tell(), list(wrapper)), (2, 0, [b'ab', b'cd', b'e']))
        wrapper.close()
        wrapper.close()
        with self.assertRaises(ValueError):
            wrapper.filelike
        with self.assertRaises(ValueError):
            mod_wsgi.FileWrapper(io.BytesIO(), -1)
        with self.assertRaises(TypeError):
            next(mod_wsgi.FileWrapper(io.StringIO('x')))

        class Mine(mod_wsgi.FileWrapper):
            pass

        self.assertEqual(list(Mine(io.BytesIO(b'x'))), [b'x'])


class Failures(unittest.TestCase):
    def test_exception_before_output(self):
        path = application('''
            try:
                {}['cause']
            except KeyError as error:
                raise ValueError('effect') from error
        ''')
        result = engine.run(path)
        self.assertEqual((result.outcome, result.records[0][0], result.status), (500, 'L', None))
        self.assertTrue(all(level == 3 for level, _ in result.log))
        self.assertTrue(result.log[0][1].startswith('WSGI0174: '), result.log[0])
        self.assertIn(path, result.log[0][1])
        self.assertIn("application group ''", result.log[0][1])
        self.assertTrue(all('\n' not in line for _, line in result.log))
        self.assertIn("KeyError: 'cause'", result.text)
        self.assertIn('direct cause', result.text)
        self.assertEqual(result.log[-1][1], 'ValueError: effect')
        self.assertNotIn('<mod_wsgi>', result.text)

    def test_exception_after_output(self):
        result = engine.run(application('''
            start_response('200 OK', [])
            yield b'part'
            raise ValueError('broken')
        '''))
        self.assertEqual((result.outcome, result.body), (TRUNCATED, b'part'))
        self.assertIn('ValueError: broken', result.text)

    def test_exception_after_start_response_but_before_output(self):
        result = engine.run(application('''
            start_response('200 OK', [])
            yield b''
            raise ValueError('broken')
        '''))
        self.assertEqual((result.outcome, result.status), (500, None))

    def test_base_exceptions(self):
        self.assertEqual(engine.run(application('raise SystemExit(3)')).outcome, 500)
        self.assertIn('WSGI0175', engine.run(application("import sys\nsys.exit('x')")).log[0][1])
        for error in ('KeyboardInterrupt', 'GeneratorExit', 'StopIteration', 'MemoryError', 'RecursionError'):
            result = engine.run(application(f'raise {error}'))
            self.assertEqual((result.outcome, result.log[-1][1].split(':')[0]), (500, error))

    def test_request_timeout(self):
        result = engine.run(application('import mod_wsgi\nraise mod_wsgi.RequestTimeout()'))
        self.assertEqual((result.outcome, len(result.log), result.log[0][0]), (504, 1, 6))
        result = engine.run(application('''
            import mod_wsgi
            start_response('200 OK', [])
            yield b'part'
            raise mod_wsgi.RequestTimeout()
        '''))
        self.assertEqual((result.outcome, result.body), (TRUNCATED, b'part'))

    def test_unprintable_exceptions(self):
        result = engine.run(script('''
            class Odd(Exception):
                def __str__(self): raise ValueError('no text')
            def application(environ, start_response): raise Odd('\\udc80')
        '''))
        self.assertEqual(result.outcome, 500)
        self.assertIn('Odd', result.text)

    def test_deep_recursion(self):
        result = engine.run(application('''
            def deeper(): deeper()
            deeper()
        '''))
        self.assertEqual(result.outcome, 500)
        self.assertIn('RecursionError', result.text)

    def test_malformed_heads(self):
        import ctypes
        from engine import Exchange, request_head
        data = request_head(script(SIMPLE))
        for length in list(range(0, len(data), 7)) + [len(data) - 1]:
            exchange = Exchange(fail_after=-1)
            outcome = engine.transport.run(engine.address, data[:length], length, ctypes.byref(exchange))
            engine.transport.release(ctypes.byref(exchange))
            self.assertEqual(outcome, 500)


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
        lines = engine.host_log()
        self.assertTrue(any(line.endswith('] from a thread') for line in lines), lines)
        self.assertIn('printed by a thread', lines)


class Scripts(unittest.TestCase):
    def test_the_module(self):
        path = script('''
            import sys
            def application(environ, start_response):
                start_response('200 OK', [])
                module = sys.modules[__name__]
                return [repr((__name__, __file__, __mtime__, module.application is application)).encode()]
        ''')
        name, file, modified, same = eval(engine.run(path).body)
        self.assertEqual(name, '_mod_wsgi_' + hashlib.md5(path.encode()).hexdigest())
        self.assertEqual((file, modified, same), (path, os.stat(path).st_mtime_ns // 1000, True))

    def test_missing_callable(self):
        path = script('def app(environ, start_response): pass\ndef _private(): pass\nvalue = 1\n')
        result = engine.run(path)
        self.assertEqual((result.outcome, len(result.log)), (404, 1))
        self.assertTrue(result.log[0][1].startswith('WSGI0089: '))
        self.assertIn("'application'", result.log[0][1])
        self.assertIn('It defines: app.', result.log[0][1])
        self.assertIn(path, result.log[0][1])

    def test_import_errors(self):
        for source, code, text in (('def application(:', 'WSGI0109', 'SyntaxError'),
                                   ('import does_not_exist', 'WSGI0109', 'ModuleNotFoundError'),
                                   ('raise KeyboardInterrupt', 'WSGI0109', 'KeyboardInterrupt'),
                                   ('import sys; sys.exit(1)', 'WSGI0107', 'SystemExit'),
                                   ('x = "\0"', 'WSGI0109', 'null bytes')):
            path = script(source)
            for _ in range(2):
                result = engine.run(path)
                self.assertEqual(result.outcome, 500)
                self.assertTrue(result.log[0][1].startswith(code + ': '), result.text)
                self.assertIn(text, result.text)
                self.assertIn(path, result.text)
            self.assertNotIn('_mod_wsgi_' + hashlib.md5(path.encode()).hexdigest(), sys.modules)
            with open(path, 'w') as file:
                file.write(textwrap.dedent(SIMPLE))
            self.assertEqual(engine.run(path).outcome, COMPLETE)
        result = engine.run('/does/not/exist.wsgi')
        self.assertEqual(result.outcome, 500)
        self.assertTrue(result.log[0][1].startswith('WSGI0105: '))

    def test_output_at_import_time_belongs_to_the_request(self):
        result = engine.run(script("print('importing')\n" + textwrap.dedent(SIMPLE)))
        self.assertTrue(result.log[0][1].endswith('] importing'))

    def test_source_encoding(self):
        path = script('')
        with open(path, 'wb') as file:
            file.write('# coding: latin-1\nvalue = "é"\ndef application(environ, start_response):\n'
                       '    start_response("200 OK", [])\n    return [ascii(value).encode()]\n'.encode('latin-1'))
        self.assertEqual(engine.run(path).body, b"'\\xe9'")

    def test_reload_in_place(self):
        path = script("version = 1\n" + "def application(environ, start_response):\n"
                      "    start_response('200 OK', [])\n    return [str(version).encode()]\n")
        modified = lambda: os.stat(path).st_mtime_ns // 1000
        run = lambda flags=SCRIPT_RELOADING: engine.run(path, flags=flags, modified=modified())
        self.assertEqual(run().body, b'1')
        module = sys.modules['_mod_wsgi_' + hashlib.md5(path.encode()).hexdigest()]
        with open(path) as file:
            source = file.read()
        with open(path, 'w') as file:
            file.write(source.replace('version = 1', 'version = 2'))
        os.utime(path, (1, 1))
        self.assertEqual(run(flags=0).body, b'1')
        self.assertEqual(run().body, b'2')
        self.assertIsNot(sys.modules[module.__name__], module)
        with open(path, 'w') as file:
            file.write('broken')
        self.assertEqual([run().outcome, run().outcome], [500, 500])
        with open(path, 'w') as file:
            file.write(source.replace('version = 1', 'version = 3'))
        self.assertEqual(run().body, b'3')
        del sys.modules[module.__name__].__mtime__
        with open(path, 'w') as file:
            file.write(source.replace('version = 1', 'version = 4'))
        self.assertEqual(run().body, b'4')

    def test_a_slow_import_blocks_only_its_own_requests(self):
        slow = script('import time\ntime.sleep(0.6)\n' + textwrap.dedent(SIMPLE))
        with open(slow, 'a') as file:
            file.write('import sys\nsys.slow = getattr(sys, "slow", 0) + 1\n')
        quick = script(SIMPLE)
        results = []
        threads = [threading.Thread(target=lambda: results.append(engine.run(slow))) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        before = time.monotonic()
        self.assertEqual(engine.run(quick).outcome, COMPLETE)
        self.assertLess(time.monotonic() - before, 0.3)
        for thread in threads:
            thread.join()
        self.assertEqual([result.body for result in results], [b'hello'] * 3)
        self.assertEqual(sys.slow, 1)


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


class Threads(unittest.TestCase):
    def test_parallel_requests_keep_apart(self):
        path = application('''
            import time
            data = environ['wsgi.input'].read()
            assert data.decode() == environ['QUERY_STRING']
            print(environ['QUERY_STRING'])
            start_response('200 OK', [('X-Number', environ['QUERY_STRING'])])
            yield environ['QUERY_STRING'].encode()
            time.sleep(0)
            yield str(environ['mod_wsgi.thread_id']).encode()
        ''')
        failures = []

        def work(number, group):
            for index in range(200):
                text = f'{number}-{index}'
                result = engine.run(path, body=text.encode(), step=2, group=group, environ=ENVIRON | {'QUERY_STRING': text})
                if (result.outcome, result.blocks[0], result.headers) != (COMPLETE, text.encode(), [('X-Number', text)]) \
                        or not result.log[0][1].endswith('] ' + text) or len(result.log) != 1:
                    failures.append((text, result.outcome, result.text))

        threads = [threading.Thread(target=work, args=(number, group)) for number in range(6) for group in ('', 'one')]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_python_runs_while_a_response_is_sent(self):
        slow = application("start_response('200 OK', [])\nreturn iter([b'x'] * 5)")
        quick = script(SIMPLE)
        thread = threading.Thread(target=engine.run, args=(slow,), kwargs={'delay': 200000})
        thread.start()
        before = time.monotonic()
        for _ in range(20):
            engine.run(quick)
        self.assertLess(time.monotonic() - before, 0.5)
        thread.join()

    def test_the_application_may_use_the_request_from_other_threads(self):
        result = engine.run(application('''
            import threading
            write = start_response('200 OK', [])
            chunks = []
            def work():
                while True:
                    chunk = environ['wsgi.input'].read(3)
                    if not chunk: return
                    chunks.append(chunk)
                    write(b'.' * len(chunk))
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return [str(sum(map(len, chunks))).encode()]
        '''), body=b'x' * 3000, step=2, delay=10)
        self.assertEqual((result.outcome, result.body), (COMPLETE, b'.' * 3000 + b'3000'))

    def test_thread_local_values_and_identity_last(self):
        path = script('''
            import threading
            local = threading.local()
            def application(environ, start_response):
                local.count = getattr(local, 'count', 0) + 1
                start_response('200 OK', [])
                return [str(local.count).encode()]
        ''')
        found = []

        def work():
            found.append([engine.run(path).body for _ in range(3)])

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [[b'1', b'2', b'3']] * 2)

    def test_threads_that_end_leave_nothing(self):
        path = script(SIMPLE)
        for _ in range(300):
            thread = threading.Thread(target=engine.run, args=(path,), kwargs={'group': 'one'})
            thread.start()
            thread.join()


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


class Leaks(unittest.TestCase):
    def resident(self):
        gc.collect()
        with open('/proc/self/statm') as file:
            return int(file.read().split()[1]) * resource.getpagesize() // 1024

    def check(self, path, count, expected=COMPLETE, **head):
        engine.run_many(path, 2000, expected, **head)
        before, objects = self.resident(), len(gc.get_objects())
        self.assertEqual(engine.run_many(path, count, expected, **head), 0)
        self.assertLess(self.resident() - before, 600)
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


def tearDownModule():
    engine.table.stop()


if __name__ == '__main__':
    unittest.main(argv=ARGUMENTS, testRunner=unittest.TextTestRunner(stream=sys.__stderr__, verbosity=1))
