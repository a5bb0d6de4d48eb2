#!/usr/bin/env python3
"""What needs a process of its own: daemon mode, the end of interpreters, Python loaded at run time.

    ENGINE=/path/to/_wsgi_engine.abi3.so python3 test_processes.py
"""

import glob
import os
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import unittest

from engine import process_spec, request_head

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = tempfile.mkdtemp()


def write(name, source):
    path = os.path.join(FOLDER, name)
    with open(path, 'wb' if isinstance(source, bytes) else 'w') as file:
        file.write(source if isinstance(source, bytes) else textwrap.dedent(source))
    return path


def python(source, **variables):
    """Runs a program that drives the engine; it tells its findings on descriptor 3's stand-in, sys.__stdout__."""
    prologue = 'import os, sys\nsys.path.insert(0, %r)\nfrom engine import *\nsay = sys.__stdout__.write\n' % HERE
    path = write('driver.py', prologue + textwrap.dedent(source))
    return subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=60,
                          env=os.environ | {'FOLDER': FOLDER} | variables)


class Daemon(unittest.TestCase):
    def test_environ_and_module(self):
        write('app.wsgi', '''
            import mod_wsgi
            def application(environ, start_response):
                start_response('200 OK', [])
                return [repr((mod_wsgi.process_group, environ['mod_wsgi.process_group'],
                              environ['mod_wsgi.application_start'] >= environ['mod_wsgi.daemon_start'] > 1e9)).encode()]
        ''')
        result = python('''
            engine = Engine(process_group='site', daemon=True)
            say(engine.run(os.environ['FOLDER'] + '/app.wsgi').body.decode())
        ''')
        self.assertEqual(result.stdout, "('site', 'site', True)", result.stderr)

    def test_a_changed_script_is_not_entered(self):
        path = write('reload.wsgi', '''
            def application(environ, start_response):
                start_response('200 OK', [])
                return [b'entered']
        ''')
        result = python('''
            engine = Engine(process_group='site', daemon=True)
            path = os.environ['FOLDER'] + '/reload.wsgi'
            modified = os.stat(path).st_mtime_ns // 1000
            def run(flags, time):
                result = engine.run(path, flags=flags, modified=time)
                say(f'{result.outcome} {len(result.records)};')
            for time in (1, modified, 0, 2):  # 2: what was true before the script was loaded
                run(SCRIPT_RELOADING, time)
            os.utime(path, (5, 5))
            for flags in (SCRIPT_RELOADING, 0, SCRIPT_RELOADING | STALE_ALLOWED):
                run(flags, 5000000)
        ''')
        self.assertEqual(result.stdout, '0 2;0 2;0 2;0 2;-2 0;0 2;0 2;', result.stderr)

    def test_preloads_that_must_succeed(self):
        write('broken.wsgi', 'raise ValueError("broken preload")\n')
        for must in (True, False):
            result = python(f'''
                path = os.environ['FOLDER'] + '/broken.wsgi'
                engine = Engine(preloads=[(path, ''), (path, 'other')], must_succeed={must})
                log = engine.host_log()
                say(f"{{engine.started}} {{sum('broken preload' in line for line in log)}}")
                engine.table.stop()
            ''')
            self.assertEqual(result.stdout, '-1 2' if must else '0 4', result.stderr)


class Stop(unittest.TestCase):
    SCRIPT = '''
        import atexit, mod_wsgi, os, threading, time
        def note(text):
            with open(os.environ['NOTES'], 'a') as file:
                file.write(f'{mod_wsgi.application_group}:{text};')
        atexit.register(note, 'atexit')
        def application(environ, start_response):
            if environ['QUERY_STRING'] == 'daemon':
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            elif environ['QUERY_STRING']:
                def work():
                    time.sleep(0.3)
                    note('thread')
                threading.Thread(target=work, daemon=False).start()
            start_response('200 OK', [])
            return [b'']
    '''

    def run_and_stop(self, queries):
        write('stop.wsgi', self.SCRIPT)
        notes = os.path.join(FOLDER, 'notes')
        open(notes, 'w').close()
        result = python(f'''
            import threading
            engine = Engine()
            def work():
                for group, query in {queries!r}:
                    result = engine.run(os.environ['FOLDER'] + '/stop.wsgi', group=group,
                                        environ=ENVIRON | {{'QUERY_STRING': query}})
                    assert result.outcome == COMPLETE, result.text
            done, end = threading.Barrier(4), threading.Event()
            def idle():
                work()
                done.wait()
                end.wait()
            # Request threads are still there when the engine stops, as they are in httpd and in a daemon process.
            threads = [threading.Thread(target=idle) for _ in range(3)]
            for thread in threads: thread.start()
            done.wait()
            work()
            engine.table.stop()
            end.set()
            for thread in threads: thread.join()
            say('stopped')
            sys.__stdout__.flush()
            if 'daemon' in str({queries!r}): os._exit(0)
        ''', NOTES=notes)
        self.assertEqual((result.stdout, result.returncode), ('stopped', 0), result.stderr)
        with open(notes) as file:
            return file.read()

    def test_exit_functions_run_in_every_interpreter(self):
        notes = self.run_and_stop([('one', ''), ('', ''), ('two', '')])
        for group in ('one', 'two', ''):
            self.assertEqual(notes.count(f'{group}:atexit;') - (notes.count('one:atexit;') + notes.count('two:atexit;')
                                                               if not group else 0), 1, notes)

    def test_threads_are_waited_for(self):
        notes = self.run_and_stop([('one', 'thread')])
        self.assertEqual(notes.count('one:thread;'), 4)
        self.assertLess(notes.index('one:thread'), notes.index('one:atexit'))

    def test_daemon_threads_do_not_break_the_end(self):
        self.assertEqual(self.run_and_stop([('one', 'daemon')]), 'one:atexit;')


class Embedded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = os.path.join(FOLDER, 'embed')
        subprocess.check_call([os.environ.get('HOST_CC', 'cc'), '-O2', '-pthread', '-o', cls.host, os.path.join(HERE, 'embed.c'), '-ldl'])
        names = [os.path.join(sysconfig.get_config_var(variable), sysconfig.get_config_var('INSTSONAME'))
                 for variable in ('LIBDIR',)]
        version = sysconfig.get_config_var('LDVERSION')
        names += glob.glob(f'/usr/lib/*/libpython{version}.so.1.0')
        cls.library = next((name for name in names if os.path.exists(name)), None)
        if cls.library is None:
            raise unittest.SkipTest('this Python has no shared library')

    def embed(self, source, group='', executable=sys.executable, threads=4, count=50, **options):
        spec = write('spec', process_spec(python=executable, **options))
        head = write('head', request_head(write('embedded.wsgi', source), group=group))
        return subprocess.run([self.host, self.library, os.environ['ENGINE'], spec, head, str(threads), str(count)],
                              capture_output=True, text=True, timeout=120, cwd='/', env={'ENGINE_VERBOSE': '1'})

    SOURCE = '''
        import atexit, ctypes, sys, threading
        atexit.register(print, 'exit in', sys.prefix)
        def application(environ, start_response):
            start_response('200 OK', [])
            yield sys.prefix.encode()
    '''

    def test_requests_in_many_threads_and_the_end(self):
        for group in ('', 'other'):
            result = self.embed(self.SOURCE, group)
            self.assertEqual((result.returncode, result.stdout), (0, '0 failures\n'), result.stderr)
            self.assertIn('exit in ' + sys.prefix, result.stderr)

    def test_virtual_environment(self):
        folder = os.path.join(FOLDER, 'venv')
        subprocess.check_call([sys.executable, '-m', 'venv', '--without-pip', folder])
        result = self.embed(self.SOURCE, executable=os.path.join(folder, 'bin', 'python'))
        self.assertEqual((result.returncode, result.stdout), (0, '0 failures\n'), result.stderr)
        self.assertIn('exit in ' + folder, result.stderr)

    def test_interpreters_with_gils_of_their_own(self):
        result = self.embed(self.SOURCE.replace('ctypes, ', ''), 'other', interpreter={'own_gil': True})
        self.assertEqual((result.returncode, result.stdout), (0, '0 failures\n'), result.stderr)
        self.assertEqual(result.stderr.count('exit in ' + sys.prefix), 1, result.stderr)
        self.assertEqual('WSGI0198' in result.stderr, sys.version_info < (3, 12), result.stderr)

    def test_interpreters_that_are_left_as_they_are(self):
        for group in ('', 'other'):
            result = self.embed(self.SOURCE, group, destroys=False)
            self.assertEqual((result.returncode, result.stdout), (0, '0 failures\n'), result.stderr)
            self.assertNotIn('exit in', result.stderr)

    def test_how_python_is_started(self):
        result = self.embed('''
            import atexit, os, sys
            atexit.register(
                  print, 'found', sys.flags.optimize, sys.flags.dont_write_bytecode, sys.warnoptions, hash('text'),
                  sorted(name for name in os.environ if name.startswith('PYTHON')), os.environ.get('PYTHON_EGG_CACHE'),
                  sys.getswitchinterval())
            def application(environ, start_response):
                start_response('200 OK', [])
                return [b'']
        ''', threads=1, count=1, optimize=2, dont_write_bytecode=True, warnings=['error', 'ignore::UserWarning'],
            hash_seed='3', egg_cache='/eggs', switch_interval=0.25)
        self.assertEqual((result.returncode, result.stdout), (0, '0 failures\n'), result.stderr)
        expected = subprocess.check_output([sys.executable, '-c', "print(hash('text'))"], text=True,
                                           env={'PYTHONHASHSEED': '3'}).strip()
        self.assertIn(f"found 2 1 ['error', 'ignore::UserWarning'] {expected} ['PYTHON_EGG_CACHE'] /eggs 0.25",
                      result.stderr)

    def test_threads_that_go_on(self):
        for group in ('', 'other'):
            result = self.embed('''
                import threading, time
                def application(environ, start_response):
                    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                    start_response('200 OK', [])
                    return [b'']
            ''', group, count=2)
            self.assertEqual((result.returncode, result.stdout), (0, '0 failures\n'), result.stderr)


class Module(unittest.TestCase):
    def test_the_extension_module(self):
        result = subprocess.run(
            [sys.executable, '-c', textwrap.dedent('''
                import importlib.machinery, importlib.util, os
                loader = importlib.machinery.ExtensionFileLoader('_wsgi_engine', os.environ['ENGINE'])
                spec = importlib.util.spec_from_file_location('_wsgi_engine', os.environ['ENGINE'], loader=loader)
                module = importlib.util.module_from_spec(spec)
                loader.exec_module(module)
                for arguments in ((), ('x',), (-1,), (1, 2)):
                    try:
                        module.serve(*arguments)
                    except (TypeError, ValueError) as error:
                        print(type(error).__name__)
            ''')], capture_output=True, text=True)
        self.assertEqual(result.stdout.split(), ['TypeError', 'TypeError', 'ValueError', 'TypeError'], result.stderr)


if __name__ == '__main__':
    unittest.main()
