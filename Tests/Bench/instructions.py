#!/usr/bin/env python3
"""Instructions of a hello request, in both modes: instructions.py BUILD ... Needs valgrind and root.

httpd and, in daemon mode, the worker run under callgrind; the supervisor, which no request passes, does not. Each figure is the
difference between 600 and 100 requests on one connection. Several builds are told one after the other, to be compared.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import settings

GROUP = """
WSGIDaemonProcess site threads=1 python=@ROOT@/python3 startup-timeout=0
WSGIProcessGroup site
WSGIApplicationGroup %{GLOBAL}
"""

#: What runs in the place of the worker's Python.
PYTHON = """#!/bin/sh
exec valgrind --tool=callgrind --log-file=@ROOT@/worker --callgrind-out-file=/dev/null /usr/bin/python3 "$@"
"""


def collected(root, build, text, count):
    """The instructions of httpd and of the worker, with what they start and end with, for so many requests."""
    port = settings.free_port()
    modules = subprocess.check_output(["apxs", "-q", "LIBEXECDIR"], text=True).strip()
    values = {"ROOT": root, "BUILD": build, "PORT": port, "MODULES": modules}
    for name, content in {"httpd.conf": settings.BASE + text, "python3": PYTHON, "worker": ""}.items():
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
        with settings.connect(port) as connection:
            for _ in range(count):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = b""
                while not answer.endswith(b"Hello World!"):
                    answer += connection.recv(65536)
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
            found = re.search(r"Collected : (\d+)", file.read())
        if found or time.monotonic() > deadline:
            return int(found[1]) if found else 0
        time.sleep(0.1)


def main():
    print("| build | embedded | daemon: httpd | daemon: worker |\n|---|---:|---:|---:|")
    for build in sys.argv[1:]:
        root = tempfile.mkdtemp(prefix="wsgi-instructions-", dir="/tmp")
        os.chmod(root, 0o777)
        # valgrind would read the debug information for minutes.
        os.mkdir(f"{root}/build")
        shutil.copy(f"{build}/mod_wsgi.so", f"{root}/build")
        shutil.copytree(f"{build}/mod_wsgi", f"{root}/build/mod_wsgi", ignore=shutil.ignore_patterns("*.debug"))
        subprocess.run(["chmod", "-R", "a+rX", f"{root}/build"], check=True)
        with open(f"{root}/app.wsgi", "w") as file:
            file.write(settings.APPLICATION)
        try:
            figures = []
            for text in ("", GROUP):
                few, many = (collected(root, f"{root}/build", text, count) for count in (100, 600))
                figures += [(after - before) / 500 for before, after in zip(few, many)]
            print(f"| {build} | {figures[0]:.0f} | {figures[2]:.0f} | {figures[3]:.0f} |", flush=True)
        finally:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
