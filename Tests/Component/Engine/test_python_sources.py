#!/usr/bin/env python3
"""The Python sources of the engine, run as Python: what needs no engine."""

import importlib.util
import io
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / 'Sources' / 'WSGIAdapter'


def load(name):
    """A source as a module of its own."""
    path, = FOLDER.glob(f'**/{name}.py')
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name, text):
    """Runs a program, to which the source is `module`, in a process of its own; its output."""
    program = f'import sys; sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})\n' \
              f'from test_python_sources import load\nmodule = load({name!r})\n{text}'
    return subprocess.run(
        [sys.executable, '-B', '-c', program], capture_output=True, text=True, timeout=60)


class Embedded(unittest.TestCase):
    def test_swift_files_agree_with_the_sources(self):
        tool = [sys.executable, '-B', str(ROOT / 'tools' / 'embed-python'), '--check']
        self.assertEqual(subprocess.run(tool, capture_output=True, text=True).stdout, '')


class Interpreter(unittest.TestCase):
    def setUp(self):
        self.module = load('interpreter')
        for name, value in ('path', list(sys.path)), ('argv', list(sys.argv)):
            patch = mock.patch.object(sys, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def test_paths_come_first_and_home_before_them(self):
        before = list(sys.path)
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            self.assertIsNone(self.module.prepare([one, two], '/home/site'))
            self.assertEqual(sys.path, ['/home/site', one, two] + before)
        self.assertEqual(sys.argv, ['mod_wsgi'])

    def test_a_path_that_fails_is_named_and_ends_the_list(self):
        before = list(sys.path)
        with mock.patch('site.addsitedir', side_effect=OSError('no rights')):
            message = self.module.prepare(['/one', '/two'], '')
        self.assertIn("'/one'", message)
        self.assertIn('OSError: no rights', message)
        self.assertEqual(sys.path, before)

    def test_finish_says_whether_a_thread_goes_on(self):
        text = '''
import threading
event = threading.Event()
threading.Thread(target=event.wait, daemon=True).start()
first = module.finish()
event.set()
print(first)
'''
        self.assertEqual(run('interpreter', text).stdout, 'False\n')
        self.assertEqual(run('interpreter', 'print(module.finish())').stdout, 'True\n')

    def test_finish_waits_for_threads(self):
        text = '''
import threading, time
threading.Thread(target=lambda: (time.sleep(0.2), print('done'))).start()
print(module.finish())
'''
        self.assertEqual(run('interpreter', text).stdout, 'done\nTrue\n')

    def test_the_stack_of_a_thread_ends_with_its_innermost_call(self):
        self.assertIn('in test_the_stack_of', self.module.stack(threading.get_ident()))
        self.assertEqual(self.module.stack(0), '  (no Python code)')


class Scripts(unittest.TestCase):
    def setUp(self):
        self.module = load('scripts')
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, 'site.wsgi')
        with open(self.path, 'w') as file:
            file.write('x = 1\n')

    def test_a_script_is_read_with_its_time_and_a_module(self):
        os.utime(self.path, ns=(0, 1_234_567_891_000))
        source, modified, module = self.module.read_script(self.path)
        self.assertEqual((source, modified), (b'x = 1\n', 1_234_567_891))
        self.assertEqual((module.__file__, module.__mtime__), (self.path, modified))
        self.assertEqual(module.__spec__.origin, self.path)
        self.assertTrue(module.__name__.startswith('_mod_wsgi_'))

    def test_paths_have_modules_of_their_own(self):
        other = self.path + '2'
        with open(other, 'w'):
            pass
        one, two, again = (self.module.read_script(path)[2].__name__ for path in (self.path, other, self.path))
        self.assertNotEqual(one, two)
        self.assertEqual(one, again)

    def test_callables_are_functions_of_the_module(self):
        module = type(sys)('site')
        exec('from os import getcwd\ndef app(): pass\ndef _own(): pass\nclass Kind: pass\nvalue = 1', vars(module))
        self.assertEqual(self.module.callables(module), 'app')


class FileWrapper(unittest.TestCase):
    def setUp(self):
        self.module = load('file_wrapper')
        self.file = tempfile.TemporaryFile()
        self.addCleanup(self.file.close)
        self.file.write(b'0123456789')
        self.file.seek(3)

    def test_it_reads_blocks_and_closes_once(self):
        closed = []
        file = io.BytesIO(b'abcde')
        file.close = lambda: closed.append(True)
        wrapper = self.module.FileWrapper(file, 2)
        self.assertEqual(list(wrapper), [b'ab', b'cd', b'e'])
        wrapper.close()
        wrapper.close()
        self.assertEqual(closed, [True])
        self.assertRaises(ValueError, lambda: wrapper.filelike)

    def test_a_binary_file_can_be_sent_from_its_position(self):
        self.assertEqual(self.module.sendable(self.module.FileWrapper(self.file)), (self.file.fileno(), 3))

    def test_what_reads_other_bytes_than_the_file_has_cannot(self):
        class Mine(self.module.FileWrapper):
            def __next__(self):
                return super().__next__().upper()

        text = io.TextIOWrapper(self.file)
        self.assertIsNone(self.module.sendable(self.module.FileWrapper(text)))
        text.detach()
        self.assertIsNone(self.module.sendable(Mine(self.file)))
        self.assertIsNone(self.module.sendable(self.module.FileWrapper(io.BytesIO(b'x'))))


class Restrictions(unittest.TestCase):
    def test_a_restricted_stream_raises_but_for_flush(self):
        with mock.patch.object(sys, 'stdin', sys.stdin):
            load('restrictions').restrict_stream('stdin', 'WSGIRestrictStdin')
            self.assertRaisesRegex(OSError, 'WSGIRestrictStdin is On', lambda: sys.stdin.read())
            self.assertRaises(OSError, lambda: iter(sys.stdin))
            sys.stdin.flush()
            self.assertIn('restricted', repr(sys.stdin))

    def test_a_handler_is_ignored_and_that_is_told_once_for_each_place(self):
        lines = []
        before = signal.getsignal(signal.SIGUSR2)
        with mock.patch.object(signal, 'signal', signal.signal):
            load('restrictions').restrict_signal(lines.append, None)
            for _ in range(2):
                self.assertIs(signal.signal(signal.SIGUSR2, signal.SIG_IGN), before)
        self.assertEqual(len(lines), 1)
        self.assertIn('SIGUSR2', lines[0])
        self.assertIn('in test_a_handler', lines[0])
        self.assertIs(signal.getsignal(signal.SIGUSR2), before)


class ChildProcesses(unittest.TestCase):
    def test_forks_are_refused_beside_other_interpreters(self):
        text = '''
import os, subprocess
module.prepare(False, lambda: False)
for call in os.fork, lambda: subprocess.run(['true'], preexec_fn=int):
    try:
        call()
    except RuntimeError as error:
        print(str(error).split()[0])
print(subprocess.run(['true'], close_fds=True).returncode)
'''
        self.assertEqual(run('child_processes', text).stdout, 'os.fork()\npreexec_fn\n0\n')

    def test_a_process_alone_may_fork(self):
        text = '''
import os
module.prepare(False, lambda: True)
process = os.fork()
if not process:
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
'''
        self.assertEqual(run('child_processes', text).stdout, '7\n')

    def test_embedded_processes_start_with_no_signal_blocked(self):
        text = '''
import signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
module.prepare(True, lambda: True)
program = 'import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))'
print(subprocess.run([sys.executable, '-c', program], capture_output=True, text=True).stdout.strip())
print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))
'''
        self.assertEqual(run('child_processes', text).stdout, 'set()\n1\n')


class ServiceSignals(unittest.TestCase):
    def test_a_signal_ends_the_script(self):
        text = 'import os, signal, time\nmodule.catch_signals()\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)\n'
        ended = run('service_signals', text)
        self.assertEqual((ended.returncode, ended.stderr), (0, ''))

    def test_an_end_that_python_drops_comes_again(self):
        text = '''
import os, signal, time
module.catch_signals()
class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
late = Late()
del late
time.sleep(60)
'''
        ended = run('service_signals', text)
        self.assertEqual((ended.returncode, ended.stderr), (0, ''))


class Packages(unittest.TestCase):
    def test_a_package_on_disk_is_found(self):
        with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as folder:
            os.mkdir(f'{folder}/mod_wsgi')
            with open(f'{folder}/mod_wsgi/__init__.py', 'w'):
                pass
            find_package = load('packages').find_package
            with mock.patch.object(sys, 'path', [empty]):
                self.assertEqual(find_package(), [])
            with mock.patch.object(sys, 'path', [empty, folder]):
                self.assertEqual(find_package(), [f'{folder}/mod_wsgi'])


if __name__ == '__main__':
    unittest.main()
