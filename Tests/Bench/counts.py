"""Counts of one request: instructions, system calls and allocations of httpd and of the worker.

httpd runs as one process (-X) with one client connection. Its start and its end are not counted: the tools measure a
running process during a known number of requests. Counts depend on the versions of Python, httpd and the compiler, and
a little on the processor, because the C library selects its functions for it. They do not depend on the speed of the
machine.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import httpd

BASE = """
ServerRoot @ROOT@
@LOAD@
LoadModule wsgi_module @MODULE@
Listen 127.0.0.1:@PORT@
ServerName localhost
PidFile @ROOT@/httpd.pid
ErrorLog @ROOT@/log
DefaultRuntimeDir @ROOT@
Mutex file:@ROOT@ default
MaxKeepAliveRequests 0
KeepAliveTimeout 60
<Directory @ROOT@>
    Require all granted
</Directory>
WSGISocketPrefix @ROOT@/wsgi
WSGIPythonHashSeed 0
WSGIScriptAlias /upload @ROOT@/upload.wsgi
WSGIScriptAlias / @ROOT@/app.wsgi
"""

#: The directives of each mode.
EMBEDDED = ""
DAEMON = """
WSGIDaemonProcess site threads=1 python=@ROOT@/python3 startup-timeout=0
WSGIProcessGroup site
WSGIApplicationGroup %{GLOBAL}
"""

APPLICATION = """\
def application(environ, start_response):
    @READ@
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"Hello World!"]
"""

#: The worker's Python, a script that runs Python under the tool.
PYTHON = """#!/bin/sh
echo $$ >@ROOT@/worker.pid
exec @TOOL@ /usr/bin/python3 "$@"
"""

VALGRIND = "valgrind --tool=callgrind --log-file=@ROOT@/{0}.log --callgrind-out-file=@ROOT@/{0}.out"
PRELOAD = "env LD_PRELOAD=@ROOT@/allocations.so WSGI_ALLOCATIONS=@ROOT@/{0}.allocations"

REQUESTS = {
    "hello": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "40 headers": b"GET / HTTP/1.1\r\nHost: localhost\r\n"
    + b"".join(b"X-Header-%02d: the value of header %02d\r\n" % (number, number) for number in range(40)) + b"\r\n",
    "64 KiB POST": b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536,
}

#: Requests before the first count, so that buffers, caches and threads exist.
WARM_UP = 100

#: httpd does not run as root.
AS_USER = ["runuser", "-u", "www-data", "--"] if os.geteuid() == 0 else []


class NotPermitted(Exception):
    """strace is not permitted to attach to the processes."""


class Server(httpd.Server):
    """httpd and, in daemon mode, its worker, each run by `tool`: words in which {0} stands for "httpd" or "worker"."""

    def __init__(self, module, text, tool):
        files = {
            "httpd.conf": BASE + text,
            "app.wsgi": APPLICATION.replace("@READ@", "pass"),
            "upload.wsgi": APPLICATION.replace("@READ@", 'environ["wsgi.input"].read()'),
            "python3": PYTHON.replace("@TOOL@", tool.format("worker")),
        }
        super().__init__(module, files, {"LOAD": httpd.modules("mpm_event", "authz_core")},
                         command=[*AS_USER, *tool.format("httpd").split(), "apache2", "-X", "-f", "@ROOT@/httpd.conf"])
        self._names = ["httpd", "worker"] if text == DAEMON else ["httpd"]
        os.chmod(f"{self.root}/python3", 0o755)
        source = pathlib.Path(__file__).with_name("allocations.c")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", f"{self.root}/allocations.so", source], check=True)
        if AS_USER:
            shutil.chown(self.root, "www-data", "www-data")

    def __enter__(self):
        super().__enter__()
        self._client = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.processes = {name: int(pathlib.Path(self.root, f"{name}.pid").read_text()) for name in self._names}
        return self

    def __exit__(self, *failure):
        self._client.close()
        super().__exit__(*failure)

    def send(self, request, count):
        for _ in range(count):
            self._client.sendall(request)
            answer = b""
            while not answer.endswith(b"Hello World!"):
                got = self._client.recv(65536)
                answer += got
                if not got or not answer.startswith(b"HTTP/1.1 200 "):
                    raise SystemExit(f"no answer: {answer!r}\n{pathlib.Path(self.root, 'log').read_text()}")
        time.sleep(0.1)  # The processes continue to work after the client has received the response.


def instructions(module, text, requests=REQUESTS, number=600):
    """The instructions of each request in user mode: {request: {"httpd": ..., "worker": ...}}."""
    result = {}
    with Server(module, text, VALGRIND) as server:
        dumps = 0

        def counted():
            """The instructions since the last call."""
            nonlocal dumps
            dumps += 1
            totals = {}
            for name, process in server.processes.items():
                subprocess.run([*AS_USER, "vgdb", f"--pid={process}", "dump"], check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
                dump = pathlib.Path(server.root, f"{name}.out.{dumps}").read_text()
                totals[name] = int(re.search(r"^totals: (\d+)", dump, re.MULTILINE)[1])
            return totals

        for name, request in requests.items():
            server.send(request, WARM_UP)
            counted()
            server.send(request, number)
            result[name] = {process: total / number for process, total in counted().items()}
    return result


def calls(module, text, requests=REQUESTS, numbers=(100, 600)):
    """The system calls and the allocations of each request: {request: {"httpd": (..., ...), "worker": (..., ...)}}.

    Each is computed from the difference between two numbers of requests, because attaching strace costs calls, too.
    futex is omitted: how often the threads of the MPM wait for each other depends on the scheduler.
    """
    result = {}
    with Server(module, text, PRELOAD) as server:
        for name, request in requests.items():
            server.send(request, WARM_UP)
            few, many = (_window(server, request, number) for number in numbers)
            result[name] = {process: [(after - before) / (numbers[1] - numbers[0])
                                      for before, after in zip(few[process], many[process])] for process in many}
    return result


def _window(server, request, number):
    """System calls and allocations of each process during `number` requests."""
    with contextlib.ExitStack() as tracing:
        counters = {name: tracing.enter_context(_tracer(server, name)) for name in server.processes}
        before = {name: _allocations(server, name) for name in server.processes}
        server.send(request, number)
        after = {name: _allocations(server, name) for name in server.processes}
    return {name: (_traced(counter), after[name] - before[name]) for name, counter in counters.items()}


@contextlib.contextmanager
def _tracer(server, name):
    output = f"{server.root}/{name}.calls"
    strace = subprocess.Popen(["strace", "-f", "-c", "-e", "trace=!futex", "-o", output, "-p", str(server.processes[name])],
                              stderr=subprocess.PIPE, text=True)
    if "attached" not in (line := strace.stderr.readline()):
        strace.communicate()
        raise NotPermitted(line.strip())
    yield output
    strace.send_signal(signal.SIGINT)
    strace.communicate()


def _traced(output):
    """strace ends its table with: 100.00 seconds usecs/call CALLS errors total."""
    return int(re.search(r"^100\.00 +[\d.]+ +\d+ +(\d+) .*total$", pathlib.Path(output).read_text(), re.MULTILINE)[1])


def _allocations(server, name):
    return int.from_bytes(pathlib.Path(server.root, f"{name}.allocations").read_bytes(), "little")
