#!/usr/bin/env python3
"""Applications that fail."""

import unittest

from adapter import SIMPLE, application, engine, main, script
from engine import TRUNCATED


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

    def test_results_that_are_no_iterable_of_bytes(self):
        """The message says what came from which callable, and what to do."""
        for expression, *texts in (
                ('None', "'NoneType' object is not iterable", 'It returned None: a return statement may be missing'),
                ('5', "'int' object is not iterable", 'It returned an object of type int'),
                ("'text'", 'response iterable must yield bytes, not str', 'return [text.encode()]'),
                ("['text']", 'response iterable must yield bytes, not str', 'of type list with str in it', 'text.encode()'),
                ("(one for one in ['text'])", 'response iterable must yield bytes, not str', 'of type generator with str'),
                ("b'data'", 'response iterable must yield bytes, not int', 'return [data]'),
                ('{1: 2}', 'response iterable must yield bytes, not int', 'of type dict')):
            path = script(f'def answer(environ, start_response):\n    start_response("200 OK", [])\n    return {expression}\n')
            result = engine.run(path, callable_object='answer')
            self.assertEqual((result.outcome, result.status), (500, None))
            self.assertIn(f"TypeError exception raised processing WSGI script '{path}'", result.log[0][1])
            for text in (f"'answer' of the WSGI script '{path}' must return an iterable of bytes", *texts):
                self.assertIn(text, result.log[-1][1])

    def test_modules_that_work_in_one_interpreter_only(self):
        """What is to be added to the configuration follows the traceback, at the import of the script and in a request."""
        texts = ('PyO3 modules do not yet support subinterpreters, see https://github.com/PyO3/pyo3/issues/576',
                 'Interpreter change detected - this module can only be loaded into one interpreter per process.',
                 'cannot load module more than once per process', 'module xy does not support loading in subinterpreters',
                 'This module can ONLY BE LOADED ONCE', 'x does not support sub-interpreters')
        for text in texts:
            at_import = f'raise ImportError({text!r})\n'
            chained = f"""
                try:
                    raise SystemError({text!r})
                except SystemError as error:
                    raise RuntimeError('no driver') from error
                """
            for path in (script(at_import), application(at_import), application(chained)):
                for group, place in (('named', "this is the interpreter 'named'"), ('', 'another interpreter of this process')):
                    result = engine.run(path, group=group)
                    self.assertEqual(result.outcome, 500)
                    self.assertTrue(result.log[-1][1].startswith('WSGI1330: '), result.text)
                    for part in (place, 'application-group=%{GLOBAL}', 'WSGIApplicationGroup %{GLOBAL}', 'WSGIDaemonProcess'):
                        self.assertIn(part, result.log[-1][1])
        for other in ("raise ImportError('no such file')", "text = 'only be loaded once'; raise ValueError(1)"):
            self.assertNotIn('WSGI1330', engine.run(script(other), group='named').text)

    def test_an_error_within_the_iterable_stays_what_it_is(self):
        result = engine.run(script('''
            class Answer:
                def __iter__(self):
                    return None + 1
            def application(environ, start_response):
                start_response('200 OK', [])
                return Answer()
        '''))
        self.assertEqual(result.outcome, 500)
        self.assertIn('return None + 1', result.text)
        self.assertTrue(result.log[-1][1].startswith('TypeError: unsupported operand'), result.text)

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


if __name__ == '__main__':
    main()
