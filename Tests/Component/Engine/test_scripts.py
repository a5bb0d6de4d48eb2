#!/usr/bin/env python3
"""The loading and reloading of scripts."""

import hashlib
import importlib.util
import os
import re
import sys
import textwrap
import threading
import time
import unittest

from adapter import SIMPLE, engine, main, script
from engine import COMPLETE, SCRIPT_RELOADING


IMPORTED = '''
    import importlib.resources, importlib.util, inspect, os, pickle, pkgutil, sys
    BESIDE = os.path.join(os.path.dirname(__file__), 'beside.txt')
    with open(BESIDE, 'w') as file:
        file.write('beside')

    def tried(call):
        try:
            return call()
        except Exception as error:
            return repr(error)

    def resources():
        if sys.version_info < (3, 12):
            return True  # there it wants a package
        return importlib.resources.files(__name__).joinpath('beside.txt').read_text() == 'beside'

    def application(environ, start_response):
        start_response('200 OK', [])
        spec = __spec__
        return [repr({
            'spec': tried(lambda: (spec.origin, spec.has_location, spec.cached, spec.submodule_search_locations)),
            'loader': tried(lambda: (type(__loader__).__name__, __loader__.path)),
            'package': __package__,
            'cached': globals().get('__cached__'),
            'file': __file__,
            'find_spec': tried(lambda: importlib.util.find_spec(__name__).origin),
            'get_data': tried(lambda: pkgutil.get_data(__name__, 'beside.txt').decode()),
            'source': tried(lambda: inspect.getsource(tried).splitlines()[0]),
            'module': tried(lambda: inspect.getmodule(tried) is sys.modules[__name__]),
            'get_source': tried(lambda: 'BESIDE' in __loader__.get_source(__name__)),
            'pickle': tried(lambda: pickle.loads(pickle.dumps(tried)) is tried),
            'resources': tried(resources),
        }).encode()]
'''


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

    def test_the_module_is_as_an_imported_one(self):
        """Frameworks find the files beside a script, and tools its source, by what the import system leaves in modules."""
        for name in ('imported.wsgi', 'imported.py'):
            for group in ('', 'other'):
                path = script(IMPORTED, name)
                result = engine.run(path, group=group)
                self.assertEqual(result.outcome, COMPLETE, result.text)
                found = eval(result.body)
                cached = importlib.util.cache_from_source(path) if name.endswith('.py') else None
                self.assertEqual(found, {
                    'spec': (path, True, cached, None), 'loader': ('SourceFileLoader', path), 'package': '',
                    'cached': cached, 'file': path, 'find_spec': path, 'get_data': 'beside', 'source': 'def tried(call):',
                    'module': True, 'get_source': True, 'pickle': True, 'resources': True}, (name, group))

    def test_missing_callable(self):
        path = script('def app(environ, start_response): pass\ndef _private(): pass\nvalue = 1\n')
        result = engine.run(path)
        self.assertEqual((result.outcome, len(result.log)), (404, 1))
        self.assertTrue(result.log[0][1].startswith('WSGI0089: '))
        self.assertIn("'application'", result.log[0][1])
        self.assertIn("It defines: app. Rename it to 'application', or set callable-object=app.", result.log[0][1])
        self.assertIn(path, result.log[0][1])

    def test_missing_callable_of_several_or_none(self):
        for source, text in (('def app(): pass\ndef main(): pass\n',
                              "It defines: app, main. Rename one to 'application', or set callable-object= to one of them."),
                             ('value = 1\n', "It defines no callable: add 'application'.")):
            self.assertIn(text, engine.run(script(source)).log[0][1])

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
        self.assertNotIn('Traceback', result.text)
        self.assertNotIn('<mod_wsgi>', result.text)

    def test_loading_is_told_with_its_time(self):
        path = script('import time\ntime.sleep(0.05)\n' + textwrap.dedent(SIMPLE))
        engine.host_log()
        for _ in range(2):
            engine.run(path, group='timed')
        lines = [line for line in engine.host_log() if path in line]
        os.utime(path, (1, 1))
        engine.run(path, group='timed', flags=SCRIPT_RELOADING, modified=1000000)
        lines += [line for line in engine.host_log() if path in line]
        self.assertEqual(len(lines), 2, lines)
        for line, verb in zip(lines, ('Loading', 'Reloading')):
            told = re.fullmatch(rf"{verb} WSGI script '{re.escape(path)}' took (\d+) ms "
                                r"\(process group '', application group 'timed'\)\.", line)
            self.assertTrue(told, line)
            self.assertIn(int(told[1]), range(50, 5000))

    def test_every_script_is_asked_whether_it_wants_to_be_loaded_again(self):
        path = script('''
            import sys, time
            loaded, asked, answer = time.monotonic_ns(), [], [False]
            def reload_required(resource):
                asked.append(resource)
                if answer[0] == 'raise':
                    raise ValueError('on purpose')
                return answer[0]
            def application(environ, start_response):
                start_response('200 OK', [])
                return [repr((loaded, asked)).encode()]
            def allow_access(environ, host):
                return True
        ''')
        modified = os.stat(path).st_mtime_ns // 1000
        run = lambda flags=SCRIPT_RELOADING: engine.run(path, flags=flags, modified=modified)
        module = lambda: sys.modules['_mod_wsgi_' + hashlib.md5(path.encode()).hexdigest()]
        first, asked = eval(run().body)
        self.assertEqual(asked, [])
        self.assertEqual(eval(run().body), (first, [path]))
        self.assertEqual(eval(run(flags=0).body), (first, [path]), 'not with WSGIScriptReloading Off')
        engine.call(path, ('allow_access', 'bool', None), flags=SCRIPT_RELOADING, modified=modified)
        self.assertEqual(module().asked, [path], 'functions that decide about a request do not ask')
        module().answer[0] = 'raise'
        result = run()
        self.assertEqual(eval(result.body), (first, [path, path]), 'an exception means no')
        self.assertIn(f"Exception in reload_required() of the WSGI script '{path}'", result.log[0][1])
        self.assertEqual(result.log[-1][1], 'ValueError: on purpose')
        module().answer[0] = True
        second, asked = eval(run().body)
        self.assertNotEqual(second, first)
        self.assertEqual(asked, [])

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


if __name__ == '__main__':
    main()
