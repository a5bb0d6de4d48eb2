#!/usr/bin/env python3
"""Measures many concurrent clients: this module, mod_wsgi and httpd with uWSGI, one after the other in each cell.

    bursts.py MODULE [--seconds 5] [--rounds 3] [--only TEXT] [--clients 50,100,...] [--servers NAME,...] [--rival MODULE]

The load is a closed loop: each of N clients keeps its connection and sends the next request as soon as it has received
a response (wrk). A cell is a number of clients, an application (hello, 20 ms, 50 ms), MaxRequestWorkers (150 is
Debian's default) and processes x threads. In addition, 400 connections send a request to an idle server at once, once
in each round. --rival is the module of mod_wsgi 6.1.1. uWSGI is searched for next to the Python of that module. Both
are omitted if they are missing. Each server is started once in each round, in turn. Responses and p99 are the medians
of the rounds, rejections their sum.

Fails if a request is rejected where mod_wsgi rejects none, if p99 exceeds 1.1 times that of uWSGI plus a millisecond,
or if one of the 400 requests does not receive a 200. Needs root and wrk.
"""

import argparse
import os
import pathlib
import re
import select
import socket
import statistics
import subprocess
import sys
import time

import httpd

CLIENTS = (50, 100, 150, 256, 400, 1000)
SERVICES = {"hello": 0, "20 ms": 20, "50 ms": 50}
WORKERS = (150, 400)
SHAPES = ((2, 15), (1, 5))

HTTPD = """
ServerRoot @ROOT@
ServerName localhost
@LOAD@
User www-data
Group www-data
Listen 127.0.0.1:@PORT@
PidFile @ROOT@/pid
ErrorLog @ROOT@/error.log
LogLevel error
DefaultRuntimeDir @ROOT@
Mutex file:@ROOT@ default
Timeout 60
KeepAlive On
ThreadsPerChild 25
MaxRequestWorkers @WORKERS@
ServerLimit 16
<Directory @ROOT@>
    Require all granted
</Directory>
"""

WSGI = """
LoadModule wsgi_module @MODULE@
WSGISocketPrefix @ROOT@/wsgi
WSGIDaemonProcess site processes=@PROCESSES@ threads=@THREADS@
WSGIScriptAlias / @ROOT@/app.py process-group=site application-group=%{GLOBAL}
"""

UWSGI = """
ProxyPass / unix:@ROOT@/uwsgi.sock|uwsgi://localhost/
"""

APPLICATION = """\
import time


def application(environ, start_response):
    if @SERVICE@:
        time.sleep(@SERVICE@ / 1000)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\\n"]
"""


def server(module, uwsgi, values):
    """httpd with one of the three servers."""
    extra = ("proxy", "proxy_uwsgi") if uwsgi else ()
    files = {"httpd.conf": HTTPD + (UWSGI if uwsgi else WSGI), "app.py": APPLICATION}
    words = [uwsgi, "--socket", "@ROOT@/uwsgi.sock", "--chmod-socket=666", "--master", "--die-on-term", "--disable-logging",
             "--single-interpreter", "--need-app", "--listen", "1024", "--pythonpath", "@ROOT@", "--module", "app",
             "--processes", "@PROCESSES@", "--threads", "@THREADS@"]
    return httpd.Server("" if uwsgi else module, files,
                        {"LOAD": httpd.modules("mpm_event", "authz_core", "unixd", *extra), **values},
                        [words] if uwsgi else [])


def closed_loop(port, clients, seconds):
    """The numbers of responses, rejections and errors, and p99 in milliseconds."""
    text = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "60s",
                           f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", text).groups()
    answers = int(re.search(r"(\d+) requests in", text)[1])
    refused = int(found[1]) if (found := re.search(r"Non-2xx or 3xx responses: (\d+)", text)) else 0
    errors = sum(map(int, found.groups())) if (found := re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)) else 0
    return answers, refused, errors, float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def settle(port, service):
    """Waits until the requests of the previous clients are done: some servers complete them."""
    for _ in range(60):
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            connection.recv(1000)
        if time.monotonic() - start < service / 1000 + 0.05:
            return


def at_once(port, count=400):
    """Sends `count` requests on their own connections at once, and returns how many receive a 200."""
    poll, sockets, good = select.epoll(), {}, 0
    for _ in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        sockets[one.fileno()] = (one, bytearray())
        poll.register(one.fileno(), select.EPOLLOUT)
    deadline = time.monotonic() + 60
    while sockets and time.monotonic() < deadline:
        for descriptor, events in poll.poll(1):
            one, answer = sockets[descriptor]
            try:
                if events & select.EPOLLOUT:
                    one.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    poll.modify(descriptor, select.EPOLLIN)
                    continue
                data = one.recv(65536)
            except OSError:
                data = b""
            answer += data
            if not data:
                good += answer.startswith(b"HTTP/1.1 200 ")
                poll.unregister(descriptor)
                one.close()
                del sockets[descriptor]
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", type=os.path.abspath)
    parser.add_argument("--rival", default=os.environ.get("WSGI_RIVAL", ""))
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", default="", help="a selection of: this module, mod_wsgi, uWSGI")
    parser.add_argument("--clients", default=",".join(map(str, CLIENTS)))
    parser.add_argument("--only", default="", help="cells whose description contains this text")
    options = parser.parse_args()
    servers = {"this module": (options.module, None)}
    if options.rival:
        servers["mod_wsgi"] = (options.rival, None)
        uwsgi = next((parent / "bin" / "uwsgi" for parent in pathlib.Path(options.rival).parents
                      if (parent / "bin" / "uwsgi").exists()), None)
        if uwsgi:
            servers["uWSGI"] = (options.module, str(uwsgi))
    wanted = options.servers.split(",") if options.servers else list(servers)
    servers = {name: one for name, one in servers.items() if name in wanted}
    print("| application, MaxRequestWorkers, processes x threads | clients | "
          + " | ".join(f"{name}: responses/s, rejected, p99" for name in servers) + " |")
    print("|---|---:" + "|---:" * len(servers) + "|")
    faults = []
    for workers in WORKERS:
        for processes, threads in SHAPES:
            for service, milliseconds in SERVICES.items():
                cell = f"{service}, {workers}, {processes} x {threads}"
                if options.only not in cell:
                    continue
                values = {"WORKERS": workers, "PROCESSES": processes, "THREADS": threads, "SERVICE": milliseconds}
                faults += run_cell(cell, servers, values, options)
    if faults:
        sys.exit("\n".join(["", *faults]))


def run_cell(cell, servers, values, options):
    faults = []
    rounds = {}
    for _ in range(options.rounds):
        for name, (module, uwsgi) in servers.items():
            with server(module, uwsgi, values) as one:
                rounds.setdefault((name, "at once"), []).append(at_once(one.port))
                for clients in map(int, options.clients.split(",")):
                    rounds.setdefault((name, clients), []).append(closed_loop(one.port, clients, options.seconds))
                    settle(one.port, values["SERVICE"])
    found = {
        key: min(some) if key[1] == "at once" else tuple(
            combine(numbers) for combine, numbers in zip((statistics.median, sum, sum, statistics.median), zip(*some)))
        for key, some in rounds.items()}
    for clients in map(int, options.clients.split(",")):
        texts = []
        for name in servers:
            answers, refused, errors, p99 = found[name, clients]
            texts.append(f"{answers / options.seconds:.0f}, {refused}, {p99:.1f} ms"
                         + (f" ({errors} broken)" if errors else ""))
        print(f"| {cell} | {clients} | " + " | ".join(texts) + " |", flush=True)
        ours = found["this module", clients]
        rival, uwsgi = found.get(("mod_wsgi", clients)), found.get(("uWSGI", clients))
        if ours[1] and (rival is None or rival[1] == 0):
            faults.append(f"{cell}, {clients} clients: {ours[1]} rejected, by mod_wsgi none")
        if uwsgi and uwsgi[1] == 0 and ours[3] > 1.1 * uwsgi[3] + 1:
            faults.append(f"{cell}, {clients} clients: p99 is {ours[3]:.1f} ms, that of uWSGI {uwsgi[3]:.1f} ms")
    print(f"| {cell} | 400 at once | " + " | ".join(f"{found[name, 'at once']} answered" for name in servers) + " |", flush=True)
    if found["this module", "at once"] != 400:
        faults.append(f"{cell}: {found['this module', 'at once']} of 400 at once were answered")
    return faults


if __name__ == "__main__":
    main()
