"""Supervisor and workers as httpd meets them, without httpd: what the tests share.

    Tests/Component/run Supervisor

COMPANIONS holds `wsgi-supervisor` and `_wsgi_engine.abi3.so`; WSGI_TEST_PYTHON names another Python for the workers.
"""

import contextlib
import os
import shutil
import socket
import tempfile
import unittest

from httpd_parent import ENVIRON, REQUEST, Child, frame, request_head, running, wait_for

COMPANIONS = os.path.abspath(os.environ["COMPANIONS"])
SUPERVISOR = os.path.join(COMPANIONS, "wsgi-supervisor")
ENGINE = os.path.join(COMPANIONS, "_wsgi_engine.abi3.so")
PYTHON = os.environ.get("WSGI_TEST_PYTHON", "/usr/bin/python3")

SCRIPT = """
import ctypes, os, sys, time
def application(environ, start_response):
    path, query = environ['PATH_INFO'], environ['QUERY_STRING']
    body = b'Hello World!'
    if path == '/sleep':
        time.sleep(float(query))
    elif path == '/echo':
        body = environ['wsgi.input'].read()
    elif path == '/pid':
        body = str(os.getpid()).encode()
    elif path == '/environment':
        body = repr((os.getuid(), os.getcwd(), os.environ.get('HOME'), os.environ.get('USER'), os.umask(0o22))).encode()
    elif path == '/crash':
        ctypes.string_at(0)
    elif path == '/fork':
        pid = os.fork()
        if pid == 0:
            time.sleep(20)
            os._exit(0)
        body = str(pid).encode()
    elif path == '/stream':
        start_response('200 OK', [])
        return iter([b'x' * 70000] * 200)
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
"""


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def sockets(pid):
    """The sockets of a process. Another thread of it may close one meanwhile."""
    links = []
    for number in os.listdir("/proc/%d/fd" % pid):
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink("/proc/%d/fd/%s" % (pid, number)))
    return [link for link in links if link.startswith("socket:")]


def resident(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * 4


class SupervisorCase(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="wsgi-test-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.script = self.write("app.wsgi", SCRIPT)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def running(self, **options):
        return running(SUPERVISOR, ENGINE, directory=self.directory, **options)

    def group(self, **options):
        return dict({"name": "site", "index": 0, "slots": [0], "python": PYTHON, "graceful_timeout": 3,
                     "shutdown_timeout": 2}, **options)

    def start(self, parent, **options):
        group = self.group(**options)
        parent.configure(group)
        for slot in group["slots"]:
            wait_for(lambda: parent.generation(slot), what="first worker")
        return group

    def get(self, child, path="/", query="", **options):
        return child.request(self.script, {"PATH_INFO": path, "QUERY_STRING": query}, **options)

    def replaced(self, parent, slot, pid):
        return wait_for(lambda: parent.pid(slot) not in (0, pid) and parent.pid(slot), what="successor")

    def fetch(self, parent, path="/", query=""):
        """A request as httpd's child makes it: retried where it is proven that the application was not entered."""
        while True:
            child = Child(parent, 0)
            try:
                child.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO=path, QUERY_STRING=query))))
            except BrokenPipeError:
                child.close()
                continue
            try:
                first = child.socket.recv(1, socket.MSG_PEEK)
            except ConnectionResetError:
                child.close()
                continue
            if not first:
                child.close()
                return None
            response = child.receive()
            child.close()
            return response
