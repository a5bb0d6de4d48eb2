"""The adapter as an httpd child has it, in this process: what the tests of the adapter share.

The engine can be started only once in a process, so each test file is a program of its own:

    ENGINE=/path/to/_wsgi_engine.abi3.so python3 test_environ.py
"""

import os
import sys
import tempfile
import textwrap
import unittest

from engine import Engine

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


def main():
    """Runs the tests of the calling file; the engine has replaced the standard streams and sys.argv."""
    runner = unittest.TextTestRunner(stream=sys.__stderr__, verbosity=1)
    program = unittest.main(argv=ARGUMENTS, testRunner=runner, exit=False)
    engine.host_log()
    engine.table.stop()
    faults = [line for line in engine.host_log() if 'Exception' in line or 'Error' in line]
    if faults:
        print('While the interpreters ended:', *faults, sep='\n', file=sys.__stderr__)
    sys.exit(bool(faults) or not program.result.wasSuccessful())
