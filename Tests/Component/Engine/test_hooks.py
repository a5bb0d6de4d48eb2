#!/usr/bin/env python3
"""Functions of scripts that decide about a request: what they are given, and what becomes of their answers."""

import ctypes
import gc
import os
import sys
import textwrap
import threading
import unittest

from adapter import FOLDER, engine, main, script
from engine import COMPLETE, ENVIRON, SCRIPT_RELOADING

EVERYTHING = 'None bool str bytes items'


def ask(body, accepts=EVERYTHING, *arguments, **options):
    """The answer of a function with this body."""
    path = script('def function(environ, *arguments):\n' + textwrap.indent(textwrap.dedent(body), '    '))
    return engine.call(path, ('function', accepts, *arguments), **options)


class Answers(unittest.TestCase):
    def answers(self, expression, *expected, accepts=EVERYTHING):
        found = ask(f'return {expression}', accepts)
        self.assertEqual(found.first, expected, found.text)
        self.assertEqual(found.text, '')

    def test_simple_values(self):
        self.answers('None', 'none', [])
        self.answers('True', 'true', [])
        self.answers('False', 'false', [])
        self.answers("'text'", 'text', [b'text'])
        self.answers("''", 'text', [b''])
        self.answers("b'by\\xfftes'", 'text', [b'by\xfftes'])
        self.answers("b''", 'text', [b''])

    def test_subclasses_of_text(self):
        self.answers("type('Name', (str,), {})('text')", 'text', [b'text'])
        self.answers("type('Name', (bytes,), {})(b'text')", 'text', [b'text'])

    def test_items(self):
        self.answers("['one', b'two', '']", 'items', [b'one', b'two', b''])
        self.answers('[]', 'items', [])
        self.answers("('one',)", 'items', [b'one'])
        self.answers("{'one'}", 'items', [b'one'])
        self.answers("{'one': 1}", 'items', [b'one'])
        self.answers("(str(number) for number in range(3))", 'items', [b'0', b'1', b'2'])

    def test_str_is_latin_1_where_possible(self):
        self.answers("'\\xe9'", 'text', [b'\xe9'])
        self.answers("'\\u20ac'", 'text', ['€'.encode()])
        self.answers("['\\xe9']", 'items', [b'\xe9'])
        self.answers("'\\xe9'", 'text', ['é'.encode()], accepts='str utf8')

    def test_what_is_not_accepted_is_named(self):
        self.answers('1', 'wrong', [b'int'], accepts='None bool str bytes')
        self.answers('1', 'wrong', [b'int'])
        self.answers('None', 'wrong', [b'NoneType'], accepts='bool')
        self.answers('True', 'wrong', [b'bool'], accepts='str')
        self.answers("'text'", 'wrong', [b'str'], accepts='bool bytes items')
        self.answers("b'text'", 'wrong', [b'bytes'], accepts='str items')
        self.answers("['one']", 'wrong', [b'list'], accepts='str bytes')
        self.answers("['one', 2]", 'wrong', [b'one', b'list with int in it'])
        self.answers('{True}', 'wrong', [b'set with bool in it'])

    def test_null_characters_are_not_accepted(self):
        for value in ("'a\\0b'", "b'a\\0b'"):
            self.answers(value, 'wrong', [b'text with a null character'])
            self.answers(f'[{value}]', 'wrong', [b'text with a null character'])

    def test_missing_function(self):
        path = script('other = None\n')
        found = engine.call(path, ('function', 'None'), ('other', 'None'))
        self.assertEqual(found.all, [('missing', []), ('failed', [])])
        self.assertIn("exception raised processing WSGI script", found.text)
        self.assertIn("'NoneType' object is not callable", found.text)


class Failures(unittest.TestCase):
    def test_a_module_that_works_in_one_interpreter_only(self):
        found = engine.call(script("""
            def function(environ):
                raise ImportError('cannot load module more than once per process')
        """), ('function', 'bool'), group='named')
        self.assertIn('WSGI1330: ', found.text)

    def test_exception(self):
        found = ask("raise ValueError('on purpose')")
        self.assertEqual(found.first, ('failed', []))
        self.assertIn('exception raised processing WSGI script', found.text)
        self.assertIn('ValueError: on purpose', found.text)
        self.assertIn('in function', found.text)

    def test_exit(self):
        found = ask('raise SystemExit(1)')
        self.assertEqual(found.first, ('failed', []))
        self.assertIn('WSGI0175', found.text)

    def test_exception_of_a_generator(self):
        found = ask("yield 'one'\n1 / 0")
        self.assertEqual(found.first, ('failed', [b'one']))
        self.assertIn('ZeroDivisionError', found.text)

    def test_exception_of_a_type_error_while_iterating(self):
        found = ask("yield 'one'\nNone + 1")
        self.assertEqual(found.first[0], 'failed')
        self.assertIn('TypeError', found.text)

    def test_text_that_cannot_be_encoded(self):
        found = ask("return '\\ud800'")
        self.assertEqual(found.first[0], 'failed')
        self.assertIn('UnicodeEncodeError', found.text)

    def test_wrong_number_of_arguments(self):
        path = script('def function(environ): return None')
        found = engine.call(path, ('function', 'None', 'user'))
        self.assertEqual(found.first[0], 'failed')
        self.assertIn('TypeError', found.text)

    def test_script_that_cannot_be_loaded(self):
        for path, code in ((os.path.join(FOLDER, 'absent.wsgi'), 'WSGI0105'), (script('1 / 0'), 'WSGI0109'),
                           (script('def ('), 'WSGI0109'), (script('raise SystemExit'), 'WSGI0107')):
            found = engine.call(path, ('function', 'None'), ('other', 'None'))
            self.assertEqual(found.all, [('failed', []), ('failed', [])])
            self.assertIn(code, found.text)

    def test_a_head_without_entries(self):
        found = engine.call(script(''), ('function', 'None'), environ={})
        self.assertEqual(found.first[0], 'missing')


class Questions(unittest.TestCase):
    def test_arguments(self):
        found = ask('return [repr(one) for one in arguments]', 'items', 'user', b'p\xe4ss', '', None)
        self.assertEqual(found.first, ('items', [b"'user'", b"'p\xe4ss'", b"''", b'None']))

    def test_functions_share_an_environ(self):
        path = script('''
            def one(environ): environ['one'] = 'two'
            def two(environ): return environ['one']
        ''')
        found = engine.call(path, ('one', 'None'), ('absent', 'None'), ('two', 'None str'))
        self.assertEqual(found.all, [('none', []), ('missing', []), ('text', [b'two'])])

    def test_the_first_failure_ends_it(self):
        for body, answer in (('raise ValueError', 'failed'), ('return 1', 'wrong')):
            path = script(f'''
                import sys
                def one(environ): {body}
                def two(environ): sys.entered = True
            ''')
            found = engine.call(path, ('one', 'None'), ('two', 'None'))
            self.assertEqual([kind for kind, _ in found.all], [answer, 'failed'])
            self.assertFalse(hasattr(sys, 'entered'))

    def test_application_group(self):
        path = script('''
            import mod_wsgi
            def function(environ): return [environ['mod_wsgi.application_group'], mod_wsgi.application_group]
        ''')
        self.assertEqual(engine.call(path, ('function', 'items'), group='site').first[1], [b'site', b'site'])
        self.assertEqual(engine.call(path, ('function', 'items')).first[1], [b'', b''])

    def test_reloading(self):
        path = script('def function(environ): return "old"', 'reloaded.wsgi')
        question = ('function', 'str')

        def asked(**options):
            return engine.call(path, question, modified=os.stat(path).st_mtime_ns // 1000, **options).first[1]

        self.assertEqual(asked(flags=SCRIPT_RELOADING), [b'old'])
        script('def function(environ): return "new"', 'reloaded.wsgi')
        os.utime(path, (1, 1))
        self.assertEqual(asked(), [b'old'])
        self.assertEqual(asked(flags=SCRIPT_RELOADING), [b'new'])

    def test_a_script_may_have_an_application_too(self):
        path = script('''
            def application(environ, start_response):
                start_response('200 OK', [])
                return [b'served']
            def function(environ): return True
        ''')
        self.assertEqual(engine.call(path, ('function', 'bool')).first, ('true', []))
        self.assertEqual(engine.run(path).body, b'served')

    def test_within_an_application(self):
        """httpd runs subrequests within a request: mod_include in an output filter."""
        inner = script('def function(environ):\n    print("inner")\n    return True')
        sys.inner = lambda: engine.call(inner, ('function', 'bool'))
        path = script('''
            import sys
            def application(environ, start_response):
                start_response('200 OK', [])
                print('before')
                yield b'one'
                found = sys.inner()
                print('after')
                yield repr((found.first, found.text.rpartition(' ')[2])).encode()
        ''')
        result = engine.run(path)
        self.assertEqual(result.body, b"one(('true', []), 'inner')")
        self.assertEqual([line.rpartition(' ')[2] for _, line in result.log], ['before', 'after'])

    def test_many_threads(self):
        path = script('''
            def function(environ, number):
                return [number, environ['HTTP_NUMBER']]
        ''')
        wrong = []

        def work(number):
            for turn in range(200):
                text = f'{number}-{turn}'
                found = engine.call(path, ('function', 'items', text), environ=ENVIRON | {'HTTP_NUMBER': text})
                if found.first != ('items', [text.encode()] * 2):
                    wrong.append(found.first)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_nothing_is_kept(self):
        path = script('''
            def function(environ, user): return [user * 10, b'bytes']
        ''')
        for _ in range(3):
            engine.call(path, ('function', 'items', 'user'))
        gc.collect()
        before = sys.gettotalrefcount() if hasattr(sys, 'gettotalrefcount') else len(gc.get_objects())
        for _ in range(200):
            engine.call(path, ('function', 'items', 'user'))
        gc.collect()
        after = sys.gettotalrefcount() if hasattr(sys, 'gettotalrefcount') else len(gc.get_objects())
        self.assertLess(after - before, 50)


class Environ(unittest.TestCase):
    def environ(self, **options):
        path = script('''
            import sys
            def function(environ): sys.seen = environ
        ''')
        found = engine.call(path, ('function', 'None'), **options)
        self.assertEqual(found.first, ('none', []), found.text)
        return sys.seen

    def test_entries_are_those_of_the_head_and_few_more(self):
        environ = self.environ()
        self.assertIs(type(environ), dict)
        for key, value in ENVIRON.items():
            self.assertEqual(environ[key], value)
        self.assertEqual(set(environ) - set(ENVIRON) - {'SCRIPT_FILENAME'},
                         {'wsgi.errors', 'apache.version', 'mod_wsgi.version', 'mod_wsgi.process_group',
                          'mod_wsgi.application_group', 'mod_ssl.is_https', 'mod_ssl.var_lookup'})
        self.assertEqual(environ['apache.version'], (2, 4, 62))
        self.assertEqual(environ['mod_wsgi.version'], (7, 0, 0))
        self.assertEqual((environ['mod_wsgi.process_group'], environ['mod_wsgi.application_group']), ('', ''))

    def test_every_environ_is_its_own(self):
        self.environ()['mark'] = 'mine'
        self.assertNotIn('mark', self.environ())

    def test_without_ssl(self):
        self.assertFalse([key for key in self.environ(has_ssl=False) if key.startswith('mod_ssl')])

    def test_ssl_functions(self):
        found = ask('''
            lookup = environ['mod_ssl.var_lookup']
            values = [environ['mod_ssl.is_https'](), lookup('SSL_PROTOCOL'), lookup(b'SSL_CIPHER'), lookup('')]
            for wrong in ((), (1,), ('a', 'b'), ('a\\0b',), ('\\u20ac',)):
                try:
                    lookup(*wrong)
                except Exception as error:
                    values.append(type(error).__name__)
            try:
                environ['mod_ssl.is_https'](1)
            except TypeError:
                values.append('TypeError')
            return [repr(value) for value in values]
        ''')
        self.assertEqual(found.first, ('items', [
            b'1', b"'TLSv1.3'", b'None', b'None', b"'TypeError'", b"'TypeError'", b"'TypeError'", b"'ValueError'",
            b"'UnicodeEncodeError'", b"'TypeError'"]))
        self.assertEqual(found.ssl, [b'SSL_PROTOCOL', b'SSL_CIPHER', b''])

    def test_ssl_functions_end_with_the_call(self):
        environ = self.environ()
        for call in (environ['mod_ssl.is_https'], lambda: environ['mod_ssl.var_lookup']('SSL_PROTOCOL')):
            with self.assertRaises(RuntimeError):
                call()

    def test_ssl_functions_are_for_the_calling_thread(self):
        found = ask('''
            import threading
            def work():
                try:
                    environ['mod_ssl.is_https']()
                except RuntimeError as error:
                    seen.append('refused')
            seen = []
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            return seen
        ''')
        self.assertEqual(found.first, ('items', [b'refused']))

    def test_log(self):
        found = ask('''
            errors = environ['wsgi.errors']
            errors.write('one\\nhalf')
            print('two')
            return [errors.name, errors.buffer.name]
        ''')
        self.assertEqual(found.first[1], [b'<log>', b'<log>'])
        self.assertRegex(found.text, r'one\n\[script .*\] halftwo')
        self.assertEqual(ask("environ['wsgi.errors'].write('unfinished')").text.rpartition(' ')[2], 'unfinished')

    def test_log_ends_with_the_call(self):
        errors = self.environ()['wsgi.errors']
        with self.assertRaisesRegex(RuntimeError, 'after the request has ended'):
            errors.write('late\n')

    def test_streams_of_applications_keep_their_name(self):
        path = script('''
            def application(environ, start_response):
                start_response('200 OK', [])
                return [environ['wsgi.errors'].name.encode()]
            def function(environ): return environ['wsgi.errors'].name
        ''')
        for _ in range(3):
            self.assertEqual(engine.call(path, ('function', 'str')).first[1], [b'<log>'])
            self.assertEqual(engine.run(path).body, b'<wsgi.errors>')

    def test_added_entries(self):
        found = ask('''
            environ.update({'ADDED': 'v\\xe9', 'EMPTY': '', 'SERVER_NAME': 'changed', 'NUMBER': 1, 'BYTES': b'x',
                            'framework.key': 'x', '': 'x', 'A=B': 'x', 'NUL\\0': 'x', 'VALUE': 'x\\0', 'FAR': '\\u20ac',
                            'F\\u20acR': 'x', 1: 'x', None: 'x'})
        ''')
        self.assertEqual(found.first[0], 'none')
        self.assertEqual(found.added, {b'ADDED': b'v\xe9', b'EMPTY': b''})

    def test_entries_of_a_failure_are_not_added(self):
        self.assertEqual(ask("environ['ADDED'] = 'x'\n1 / 0").added, {})
        self.assertEqual(ask("environ['ADDED'] = 'x'\nreturn 1").added, {})

    def test_entries_of_all_functions_are_added(self):
        path = script('''
            def one(environ): environ['ONE'] = '1'
            def two(environ): environ['TWO'] = '2'; del environ['SERVER_NAME']
        ''')
        found = engine.call(path, ('one', 'None'), ('two', 'None'))
        self.assertIn(b'ONE', found.added)


class RequestRecord(unittest.TestCase):
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]

    def check(self, run):
        sys.get = self.get
        self.assertEqual(run(request=0x12340), b"(<class 'PyCapsule'>, 74560)")
        with self.assertRaises(ValueError):
            self.get(sys.capsule, None)
        del sys.capsule
        self.assertEqual(run(), b'None')

    def test_of_functions(self):
        def run(**options):
            return ask('''
                import sys
                sys.capsule = environ.get('apache.request_rec')
                return repr(sys.capsule and (type(sys.capsule), sys.get(sys.capsule, None)))
            ''', **options).first[1][0]

        self.check(run)

    def test_of_applications(self):
        path = script('''
            import sys
            def application(environ, start_response):
                sys.capsule = environ.get('apache.request_rec')
                start_response('200 OK', [])
                return [repr(sys.capsule and (type(sys.capsule), sys.get(sys.capsule, None))).encode()]
        ''')

        def run(**options):
            result = engine.run(path, **options)
            self.assertEqual(result.outcome, COMPLETE)
            return result.body

        self.check(run)
        self.check(run)


if __name__ == '__main__':
    main()
