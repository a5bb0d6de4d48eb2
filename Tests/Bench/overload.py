#!/usr/bin/env python3
"""Offers ten times its capacity to a process group, and observes it meanwhile and afterwards.

    overload.py MODULE [--seconds 60] [--service 40] [--times 10] [--backlog 100] [--workers 510] [--options "..."]

MODULE is a mod_wsgi.so. The application sleeps for --service milliseconds in 2 processes of 4 threads. Clients arrive
at random, each on its own connection, whether or not earlier requests have been answered. One in ten leaves after
0.1 to 0.4 s, the others after 2 to 4 s. A request is good if it receives a 200 before its client leaves. Meanwhile a
static file and an application of another process group are requested twenty times a second.

Fails if the rate of good requests is below 0.9 of the capacity, if p95 is not normal again within 5 s of the end, or if
p95 of the file or of the other group exceeds 100 ms. Needs root.
"""

import argparse
import dataclasses
import errno
import heapq
import multiprocessing
import pathlib
import random
import select
import socket
import sys
import time

import httpd

BASE = """
ServerRoot @ROOT@
ServerName localhost
@LOAD@
LoadModule wsgi_module @MODULE@
User www-data
Group www-data
Listen 127.0.0.1:@PORT@
ListenBacklog 4096
PidFile @ROOT@/pid
ErrorLog @ROOT@/error.log
LogLevel warn
CustomLog @ROOT@/access.log "%>s %X"
DefaultRuntimeDir @ROOT@
Mutex file:@ROOT@ default
StartServers 4
ServerLimit @CHILDREN@
ThreadLimit @THREADS@
ThreadsPerChild @THREADS@
MaxRequestWorkers @WORKERS@
MinSpareThreads @WORKERS@
MaxSpareThreads @WORKERS@
<Directory @ROOT@>
    Require all granted
</Directory>
WSGISocketPrefix @ROOT@/wsgi
WSGIDaemonProcess site processes=2 threads=4 listen-backlog=@BACKLOG@ @OPTIONS@
WSGIDaemonProcess neighbour threads=4
WSGIScriptAlias /neighbour @ROOT@/neighbour.wsgi process-group=neighbour application-group=%{GLOBAL}
Alias /static @ROOT@/static
WSGIScriptAlias / @ROOT@/app.wsgi process-group=site application-group=%{GLOBAL}
"""

APPLICATION = """\
import time


def application(environ, start_response):
    time.sleep(@SERVICE@ / 1000)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\\n"]
"""

THREADS = 8


def request(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


REQUEST = request("/")


def server(options):
    """httpd with a group that is overloaded, and with a file and a group that must not be affected."""
    files = {"httpd.conf": BASE, "app.wsgi": APPLICATION, "static": "static\n",
             "neighbour.wsgi": APPLICATION.replace("@SERVICE@", "0")}
    return httpd.Server(options.module, files, {
        "LOAD": httpd.modules("mpm_event", "alias", "authz_core", "log_config", "unixd"), "BACKLOG": options.backlog,
        "OPTIONS": options.options, "SERVICE": options.service, "WORKERS": options.workers,
        "THREADS": options.workers // 6, "CHILDREN": 6})


def answered(server):
    """The number of responses with each status, according to httpd's access log."""
    counts = {}
    for line in pathlib.Path(server.root, "access.log").read_text().splitlines():
        counts[line] = counts.get(line, 0) + 1
    return counts


@dataclasses.dataclass(slots=True)
class Client:
    begin: float
    connection: socket.socket
    leaves: float
    sent: bool = False
    answer: bytes = b""


@dataclasses.dataclass
class Sample:
    begin: float
    took: float
    #: A status, or "left", or the name of an error.
    outcome: int | str


class Neighbours:
    """Requests the file and the other group from a separate process. A context manager."""

    PATHS = ("/static", "/neighbour")

    def __init__(self, port):
        self._port = port
        self._reader, self._writer = multiprocessing.Pipe(duplex=False)
        self._stop = multiprocessing.Event()
        self._process = multiprocessing.Process(target=self._ask)

    def _ask(self):
        took = {path: [] for path in self.PATHS}
        while not self._stop.wait(0.05):
            for path in self.PATHS:
                start = time.monotonic()
                try:
                    with socket.create_connection(("127.0.0.1", self._port), timeout=5) as connection:
                        connection.sendall(request(path))
                        good = b" 200 " in connection.recv(1000)
                except OSError:
                    good = False
                took[path].append(time.monotonic() - start if good else 60.0)
        self._writer.send(took)

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.took = {path: sorted(values) for path, values in self._reader.recv().items()}
        self._process.join()


class Load:
    """Clients in one thread: `rate` clients arrive each second, or `always` clients exist all the time."""

    def __init__(self, port, seconds, *, rate=0.0, always=0, impatient=0.1):
        self.port, self.rate, self.always, self.impatient = port, rate, always, impatient
        self.samples: list[Sample] = []
        self._clients: dict[int, Client] = {}
        self._leaving: list[tuple[float, int, Client]] = []
        self._poll = select.epoll()
        self._count = 0
        self.begin = time.monotonic()
        self.end = self.begin + seconds
        self._run()

    def _run(self):
        arrival = self.begin
        for _ in range(self.always):
            self._arrive(self.begin)
        while True:
            now = time.monotonic()
            while self.rate and arrival <= now and arrival < self.end:
                self._arrive(now)
                arrival += random.expovariate(self.rate)
            while self._leaving and self._leaving[0][0] <= now:
                client = heapq.heappop(self._leaving)[2]
                if self._clients.get(client.connection.fileno()) is client:
                    self._finish(client, "left")
            if now >= self.end and not self._clients:
                return
            wait = min([0.05, *([arrival - now] if self.rate and now < self.end else []),
                        *([self._leaving[0][0] - now] if self._leaving else [])])
            for descriptor, _ in self._poll.poll(max(wait, 0)):
                if client := self._clients.get(descriptor):
                    self._continue(client)

    def _arrive(self, now):
        connection = socket.socket()
        connection.setblocking(False)
        # One address does not have enough ports.
        connection.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
        connection.bind((f"127.0.0.{1 + self._count % 32}", 0))
        code = connection.connect_ex(("127.0.0.1", self.port))
        patience = random.uniform(0.1, 0.4) if random.random() < self.impatient else random.uniform(2, 4)
        client = Client(now, connection, now + patience)
        self._clients[connection.fileno()] = client
        self._poll.register(connection.fileno(), select.EPOLLOUT)
        if code not in (0, errno.EINPROGRESS):
            return self._finish(client, errno.errorcode[code])
        self._count += 1
        heapq.heappush(self._leaving, (client.leaves, self._count, client))

    def _continue(self, client):
        try:
            if not client.sent:
                client.connection.send(REQUEST)
                client.sent = True
                self._poll.modify(client.connection.fileno(), select.EPOLLIN)
            elif data := client.connection.recv(65536):
                client.answer += data
            else:
                head = client.answer.split(b" ", 2)
                self._finish(client, int(head[1]) if len(head) == 3 else "no answer")
        except BlockingIOError:
            pass
        except OSError as failure:
            self._finish(client, errno.errorcode.get(failure.errno, "error"))

    def _finish(self, client, outcome):
        del self._clients[client.connection.fileno()]
        client.connection.close()
        now = time.monotonic()
        self.samples.append(Sample(client.begin - self.begin, now - client.begin, outcome))
        if self.always and now < self.end:
            self._arrive(now)

    # Figures

    def took(self, outcome=200, since=0.0, until=float("inf")):
        return sorted(one.took for one in self.samples if one.outcome == outcome and since <= one.begin < until)

    def good_a_second(self):
        """Good responses that arrived during the load."""
        seconds = self.end - self.begin
        return sum(one.outcome == 200 and one.begin + one.took <= seconds for one in self.samples) / seconds

    def count(self, outcome):
        return sum(one.outcome == outcome for one in self.samples)


def percentile(values, part):
    return values[min(int(len(values) * part), len(values) - 1)] * 1000 if values else float("nan")


def line(what, value):
    print(f"| {what} | {value} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--service", type=int, default=40, help="milliseconds that the application takes")
    parser.add_argument("--times", type=float, default=10)
    parser.add_argument("--backlog", type=int, default=100)
    parser.add_argument("--workers", type=int, default=510, help="MaxRequestWorkers; six children share them")
    parser.add_argument("--options", default="", help="further options of WSGIDaemonProcess")
    options = parser.parse_args()
    with server(options) as one:
        Load(one.port, 2, always=THREADS)
        capacity = Load(one.port, 10, always=2 * THREADS, impatient=0).good_a_second()
        before = Load(one.port, 10, rate=capacity / 2, impatient=0)
        normal = percentile(before.took(), 0.95)
        logged = answered(one)
        with Neighbours(one.port) as neighbours:
            during = Load(one.port, options.seconds, rate=options.times * capacity)
        started = sum(count - logged.get(line, 0) for line, count in answered(one).items() if line[:3] == "200")
        after = Load(one.port, 10, rate=capacity / 2, impatient=0)
    # For each second: p95, which must be as before, and the number of requests that did not receive a 200.
    seconds = [(percentile(after.took(since=start, until=start + 1), 0.95),
                sum(one.outcome != 200 for one in after.samples if start <= one.begin < start + 1)) for start in range(10)]
    healthy = [p95 <= 1.25 * normal + 5 and failed == 0 for p95, failed in seconds]
    recovery = next((start for start in range(9) if healthy[start] and healthy[start + 1]), None)
    share = during.good_a_second() / capacity
    outcomes = {one.outcome for one in during.samples} - {200, 503, "left"}

    line("", "")
    line("---", "---:")
    line(f"capacity: 2 x 4 threads, {options.service} ms", f"{capacity:.0f} requests/s")
    line("p50, p95 at half of it", f"{percentile(before.took(), 0.5):.0f} ms, {normal:.0f} ms")
    line(f"offered for {options.seconds:.0f} s", f"{len(during.samples) / options.seconds:.0f} requests/s, "
         f"{len(during.samples) / options.seconds / capacity:.1f} times the capacity")
    line("good during it", f"{during.good_a_second():.0f} requests/s")
    line("**good / capacity**", f"**{share:.2f}**")
    line("p50, p95 of the good ones", f"{percentile(during.took(), 0.5):.0f} ms, {percentile(during.took(), 0.95):.0f} ms")
    line("rejected with 503", f"{during.count(503)}")
    line("p50, p95 until the rejection", f"{percentile(during.took(503), 0.5):.0f} ms, {percentile(during.took(503), 0.95):.0f} ms")
    line("clients that left", f"{during.count('left')}")
    asked = sum(len(values) for values in neighbours.took.values())
    line("requests run for clients that left", f"{max(started - during.count(200) - asked, 0)}")
    line("other outcomes", ", ".join(f"{during.count(one)} {one}" for one in sorted(outcomes, key=str)) or "none")
    late = []
    for path, values in neighbours.took.items():
        p95 = percentile(values, 0.95)
        line(f"p50, p95 of {path} meanwhile", f"{percentile(values, 0.5):.0f} ms, {p95:.0f} ms")
        late += [path] if p95 > 100 else []
    line("p95 in the seconds after", ", ".join(f"{p95:.0f}" for p95, _ in seconds[:5]) + " ms")
    line("**back to normal after**", f"**{recovery} s**" if recovery is not None else "**not within 10 s**")
    if share < 0.9 or recovery is None or recovery > 5 or late:
        sys.exit("The server does not withstand the load.")


if __name__ == "__main__":
    main()
