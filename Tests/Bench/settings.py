#!/usr/bin/env python3
"""Instructions of one embedded request, by where settings were written: settings.py BUILD. Needs valgrind and root.

httpd runs under callgrind as www-data with one process; the figure is the difference between 600 and 100 requests.
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

SETTINGS = """\
WSGIPassAuthorization On
WSGIScriptReloading On
WSGIChunkedRequest On
WSGIMapHEADToGET Auto
WSGIErrorOverride Off
WSGICallableObject application
WSGIApplicationGroup %{GLOBAL}
WSGIEnableSendfile Off
WSGIRestrictProcess %{GLOBAL} site
WSGIPassApacheRequest Off
"""
FIRST, SECOND = "".join(SETTINGS.splitlines(True)[:5]), "".join(SETTINGS.splitlines(True)[5:])


def location(text):
    return f"<Location />\n{text}</Location>\n"


CASES = {
    "nothing written": "",
    "10 in the server": SETTINGS,
    "a <Location> without any": location("LimitRequestBody 0\n"),
    "10 in a <Location>": location(SETTINGS),
    "10 in both, the same ones": SETTINGS + location(SETTINGS),
    "5 in the server, 5 others in a <Location>": FIRST + location(SECOND),
}

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


def instructions(root, build, text, count):
    """All instructions of an httpd that serves `count` requests."""
    port = free_port()
    modules = subprocess.check_output(["apxs", "-q", "LIBEXECDIR"], text=True).strip()
    values = {"ROOT": root, "BUILD": build, "PORT": port, "MODULES": modules}
    configuration = BASE + text
    for name, value in values.items():
        configuration = configuration.replace(f"@{name}@", str(value))
    with open(f"{root}/httpd.conf", "w") as file:
        file.write(configuration)
    httpd = subprocess.Popen(
        ["runuser", "-u", "www-data", "--", "valgrind", "--tool=callgrind", f"--callgrind-out-file={root}/out.%p",
         "apache2", "-X", "-f", f"{root}/httpd.conf"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    with connect(port) as connection:
        for _ in range(count):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            while not answer.endswith(b"Hello World!"):
                answer += connection.recv(65536)
    time.sleep(0.3)
    with open(f"{root}/pid") as file:
        os.kill(int(file.read()), signal.SIGTERM)
    output = httpd.communicate()[1]
    return max(int(number) for number in re.findall(r"Collected : (\d+)", output))


def main():
    root = tempfile.mkdtemp(prefix="wsgi-settings-", dir="/tmp")
    os.chmod(root, 0o777)
    # valgrind would read the debug information for minutes.
    build = shutil.copytree(sys.argv[1], f"{root}/build", ignore=shutil.ignore_patterns("*.debug"))
    subprocess.run(["chmod", "-R", "a+rX", build], check=True)
    with open(f"{root}/app.wsgi", "w") as file:
        file.write(APPLICATION)
    try:
        for name, text in CASES.items():
            marginal = (instructions(root, build, text, 600) - instructions(root, build, text, 100)) / 500
            print(f"{name:45} {marginal:8.0f}", flush=True)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
