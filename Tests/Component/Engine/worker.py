"""A daemon process without a supervisor: the engine serves on a socket of the test's.

ENGINE names the shared object. The protocol's other end, an httpd child, is that of the supervisor's tests.
"""

import os
import select
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, os.pardir, 'Supervisor'))

from engine import process_spec
from httpd_parent import Child

START, SERVE, DRAIN, READY = 16, 17, 18, 32
BOOTSTRAP = '''
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.ExtensionFileLoader('_wsgi_engine', sys.argv.pop())
module = importlib.util.module_from_spec(importlib.util.spec_from_loader('_wsgi_engine', loader))
loader.exec_module(module)
code = module.serve(3)
if code < 0:
    import os
    os._exit(0)
sys.exit(code)
'''
RECORD, THREADS, MESSAGES = 256, 15, 4 * 2048


def memory(name, contents=b''):
    file = os.memfd_create(name)
    os.write(file, contents)
    return file


class Worker:
    """One process; a context. `log` is what it has written to its error log."""

    def __init__(self, **spec):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, 'socket')
        self.log_path = os.path.join(self.folder.name, 'log')
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen(100)
        self.control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        board = memory('board', struct.pack('=5I', 0x57534742, 2, THREADS, 0, 1).ljust(64, b'\0'))
        os.ftruncate(board, 64 + RECORD * THREADS + MESSAGES)
        start = memory('start', process_spec(daemon=True, **spec))
        # A pipe of packets: each read is one of them.
        self.reports, reports = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
        files = [control.fileno(), listener.fileno(), board, memory('crash'), reports]
        log = open(self.log_path, 'wb')

        def place():
            # The numbers may be those of another's place.
            moved = [os.dup2(file, 40 + index) for index, file in enumerate(files)]
            for index, file in enumerate(moved):
                os.dup2(file, 3 + index)

        self.process = subprocess.Popen(
            [sys.executable, '-c', BOOTSTRAP, os.environ['ENGINE']], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            pass_fds=(3, 4, 5, 6, 7), preexec_fn=place)
        socket.send_fds(self.control, [struct.pack('=I', START)], [start])
        control.close()
        listener.close()
        for file in (*files[2:], start):
            os.close(file)
        log.close()
        kind = 0
        while kind != READY:
            found, _, _ = select.select([self.reports], [], [], 60)
            packet = os.read(self.reports, 1 << 16) if found else b''
            if not packet:
                raise AssertionError(f'exit code {self.process.wait(60)}: {self.log}')
            kind, = struct.unpack_from('=I', packet)
        self.control.send(struct.pack('=I', SERVE))

    def slot(self, _):
        """What a Child asks of httpd's parent."""
        return self

    def generation(self, _):
        return 1

    def child(self, timeout=60):
        return Child(self, 0, timeout)

    @property
    def log(self):
        with open(self.log_path, errors='replace') as file:
            return file.read()

    def drain(self, requests=5, total=10, reason=0):
        """Has the process end, as the supervisor does; `reason` is a ShutdownReason."""
        self.control.send(struct.pack('=IIII', DRAIN, requests, total, reason))

    def end(self, *how):
        """Drains and waits; the exit code."""
        self.drain(*how)
        return self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.control.close()
        os.close(self.reports)
        self.folder.cleanup()
