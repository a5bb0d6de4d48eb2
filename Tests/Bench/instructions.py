#!/usr/bin/env python3
"""Instructions of a hello request, in both modes: instructions.py BUILD ... Needs valgrind and root.

httpd and, in daemon mode, the worker run under callgrind; the supervisor, which no request passes, does not. Each figure is the
difference between 3,000 and 500 requests on one connection. Several builds are told one after the other, to be compared.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BASE = """
ServerRoot @ROOT@
LoadModule mpm_event_module @MODULES@/mod_mpm_event.so
LoadModule authz_core_module @MODULES@/mod_authz_core.so
LoadModule wsgi_module @BUILD@/mod_wsgi.so
Listen 127.0.0.1:@PORT@
ServerName localhost
PidFile @ROOT@/pid
ErrorLog @ROOT@/log
DefaultRuntimeDir @ROOT@
Mutex file:@ROOT@ default
MaxKeepAliveRequests 0
KeepAliveTimeout 60
<Directory @ROOT@>
    Require all granted
</Directory>
WSGIScriptAlias / @ROOT@/app.wsgi
"""

APPLICATION = """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"Hello World!"]
"""

#: How many requests: the start and the end, which cost more and scatter, count as often in both.
COUNTS = (500, 3000)

GROUP = """
WSGIDaemonProcess site threads=1 python=@ROOT@/python3 startup-timeout=0
WSGIProcessGroup site
WSGIApplicationGroup %{GLOBAL}
"""

#: What runs in the place of the worker's Python.
PYTHON = """#!/bin/sh
exec valgrind --tool=callgrind --log-file=@ROOT@/worker --callgrind-out-file=/dev/null /usr/bin/python3 "$@"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port):
    deadline = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def collected(root, build, text, count):
    """The instructions of httpd and of the worker, with what they start and end with, for so many requests."""
    port = free_port()
    modules = subprocess.check_output(["apxs", "-q", "LIBEXECDIR"], text=True).strip()
    values = {"ROOT": root, "BUILD": build, "PORT": port, "MODULES": modules}
    for name, content in {"httpd.conf": BASE + text, "python3": PYTHON, "worker": ""}.items():
        for key, value in values.items():
            content = content.replace(f"@{key}@", str(value))
        with open(f"{root}/{name}", "w") as file:
            file.write(content)
    os.chmod(f"{root}/python3", 0o755)
    os.chmod(f"{root}/worker", 0o666)
    httpd = subprocess.Popen(
        ["runuser", "-u", "www-data", "--", "valgrind", "--tool=callgrind", f"--log-file={root}/httpd",
         "--callgrind-out-file=/dev/null", "apache2", "-X", "-f", f"{root}/httpd.conf"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(port) as connection:
            for _ in range(count):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = b""
                while not answer.endswith(b"Hello World!"):
                    got = connection.recv(65536)
                    if not got or b" 200 OK" not in (answer or got):
                        with open(f"{root}/log") as log:
                            sys.exit(f"{build}: no answer: {(answer + got)!r}\n{log.read()}")
                    answer += got
    finally:
        time.sleep(0.3)
        with open(f"{root}/pid") as file:
            os.kill(int(file.read()), signal.SIGTERM)
        httpd.wait()
    return [_total(f"{root}/{name}") for name in ("httpd", "worker")]


def _total(path):
    deadline = time.monotonic() + 5
    while True:  # The worker ends a moment after httpd.
        with open(path) as file:
            # httpd's helper processes have ended before it.
            found = re.findall(r"Collected : (\d+)", file.read())
        if found or time.monotonic() > deadline:
            return max(map(int, found), default=0)
        time.sleep(0.1)


def marginal(build, text):
    """The instructions of one request: those of httpd, and those of the worker."""
    root = tempfile.mkdtemp(prefix="wsgi-instructions-", dir="/tmp")
    os.chmod(root, 0o777)
    # valgrind would read the debug information for minutes.
    os.mkdir(f"{root}/build")
    shutil.copy(f"{build}/mod_wsgi.so", f"{root}/build")
    shutil.copytree(f"{build}/mod_wsgi", f"{root}/build/mod_wsgi", ignore=shutil.ignore_patterns("*.debug"))
    subprocess.run(["chmod", "-R", "a+rX", f"{root}/build"], check=True)
    with open(f"{root}/app.wsgi", "w") as file:
        file.write(APPLICATION)
    try:
        few, many = (collected(root, f"{root}/build", text, count) for count in COUNTS)
        return [(after - before) / (COUNTS[1] - COUNTS[0]) for before, after in zip(few, many)]
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main():
    print("| build | embedded | daemon: httpd | daemon: worker |\n|---|---:|---:|---:|")
    for build in sys.argv[1:]:
        embedded, _ = marginal(build, "")
        child, worker = marginal(build, GROUP)
        print(f"| {build} | {embedded:.0f} | {child:.0f} | {worker:.0f} |", flush=True)


if __name__ == "__main__":
    main()
