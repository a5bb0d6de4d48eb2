"""A hostile or slow site holds threads of httpd no longer than its processes run, and leaves a tenth of them to others."""

import array
import contextlib
import os
import signal
import socket
import struct
import threading
import time

import pytest

import client
from polling import until
from tenants.neighbours import CONFIG, SOCKETS

#: Records of the hostile group that are expected.
ABOUT_IT = ("WSGI0146", "WSGI0148", "WSGI1011", "WSGI0124", "WSGI0118", "WSGI0084", "WSGI1013", "WSGI1014", "MaxRequestWorkers",
            "WSGI0117: .*: httpd stops", "WSGI0116", "WSGI1016", "AH00045")

#: Passes on the connections of four requests, and ends. The fifth request is served by the next process.
PASSES_ON = SOCKETS + '''
import array, signal, threading, time

lock, count = threading.Lock(), 0

def application(environ, start_response):
    global count
    if environ["PATH_INFO"] == "/pass":
        with lock:
            count += 1
            is_last = count == 4
        if is_last:
            time.sleep(0.3)
            address = "\\0" + environ["QUERY_STRING"]
            with socket.socket(socket.AF_UNIX) as friend:
                friend.connect(address)
                passed = list(sockets(8))
                rights = array.array("i", [one.fileno() for one in passed])
                friend.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
                friend.recv(1)
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
'''

#: Returns each request to httpd, as a process does that is being replaced.
RETURNS = SOCKETS + '''
import struct

def application(environ, start_response):
    for one in sockets(8):
        try:
            one.send(struct.pack("=IBBH", 0, 23, @FLAGS@, 1), socket.MSG_DONTWAIT)
        except OSError:
            pass
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
'''

OLD = '''
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"old"]
'''

SLOW = "import time\ntime.sleep(25)\n" + OLD.replace("old", "new")


LARGE = """
import os, signal

def application(environ, start_response):
    if environ["PATH_INFO"] == "/replaced":
        os.kill(os.getpid(), signal.SIGUSR1)
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return (bytes(1 << 20) for _ in range(60))
"""


class Friend:
    """A process that a site keeps beside its workers, with copies of their connections."""

    def __init__(self, name: str, sends: bool):
        self._sends = sends
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind("\0" + name)
        self._listener.listen()
        self._sockets: list[socket.socket] = []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._take, self._drip)]
        for thread in self._threads:
            thread.start()

    def _take(self):
        while not self._is_over.is_set():
            with contextlib.suppress(OSError):
                accepted, _ = self._listener.accept()
                _, ancillary, _, _ = accepted.recvmsg(1, socket.CMSG_SPACE(4 * 64))
                for _, _, rights in ancillary:
                    for descriptor in array.array("i", rights[:len(rights) // 4 * 4]):
                        self._add(socket.socket(fileno=descriptor))
                accepted.sendall(b"x")
                accepted.close()

    def _add(self, one: socket.socket):
        if self._sends:
            with contextlib.suppress(OSError):
                one.sendall(struct.pack("=IBBH", 1 << 20, 20, 6, 1) + b"x")  # a LOG frame of 1 MiB
        self._sockets.append(one)

    def _drip(self):
        while not self._is_over.wait(0.2):
            for one in list(self._sockets) if self._sends else ():
                with contextlib.suppress(OSError):
                    one.send(b"x", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

    @property
    def count(self) -> int:
        return len(self._sockets)

    def close(self):
        self._is_over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for one in self._sockets:
            one.close()


class Clients:
    """Clients that request a path again and again, each one at a time."""

    def __init__(self, server, path: str, count: int):
        self._server, self._path = server, path
        self.bodies: list[tuple[float, int, bytes]] = []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._is_over.wait(0.05):
            try:
                answer = self._server.get(self._path, timeout=60)
            except (OSError, client.Cut):
                continue
            self.bodies.append((time.monotonic(), answer.status, answer.body))

    def end(self):
        self._is_over.set()


def longest(server, seconds: float) -> float:
    """The longest time that the other site and a static file took within this time."""
    end, most = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        for path in ("/ready.txt", "/other/path"):
            begun = time.monotonic()
            assert server.get(path, timeout=30).status == 200
            most = max(most, time.monotonic() - begun)
        time.sleep(0.05)
    return most


@pytest.fixture
def site(neighbours):
    neighbours.configure()
    neighbours.server.log.allow(*ABOUT_IT)
    neighbours.server.log.allow_stacks()
    return neighbours


@pytest.mark.parametrize("sends", [True, False], ids=["byte by byte", "silent"])
def test_a_connection_that_was_passed_on_ends_with_its_process(site, sends):
    site.hostile.write("app.wsgi", PASSES_ON)
    site.start()
    name = f"wsgi-test-{os.getpid()}-{sends}"
    friend = Friend(name, sends)
    try:
        for turn in range(5):  # as many requests as httpd has threads, and more
            until(lambda: site.server.get("/hostile/served", timeout=20).status == 200, "the hostile site's process")
            before, begun = friend.count, time.monotonic()
            connections = [site.server.connect() for _ in range(4)]
            for connection in connections:
                connection.send_request("GET", f"/hostile/pass?{name}")
            for connection in connections:
                assert connection.read_response().status == 502
                connection.close()
            assert friend.count >= before + 4
            assert time.monotonic() - begun < 5
        assert longest(site.server, 1) < 1
    finally:
        friend.close()
    site.require_unharmed(kill=False)


@pytest.mark.parametrize("flags", [0, 1, 2], ids=["changed", "unusable", "spent"])
def test_a_process_that_returns_each_request_leaves_threads_to_others(site, flags):
    site.hostile.write("app.wsgi", RETURNS.replace("@FLAGS@", str(flags)))
    site.start()
    clients = Clients(site.server, "/hostile", 24)
    try:
        time.sleep(7)
        assert longest(site.server, 5) < 1
    finally:
        clients.end()
    assert {status for _, status, _ in clients.bodies} <= {200, 500, 502, 503}
    records = [line for line in site.server.log.lines() if "WSGI0124" in line]
    assert 1 <= len(records) <= 15


def test_slow_clients_of_replaced_processes_leave_threads_to_others(site):
    """Threads that wait for their clients count as well, from the moment at which the worker is replaced."""
    site.hostile.write("app.wsgi", LARGE)
    site.start()
    connections = []
    try:
        for turn in range(20):
            for index in range(4):
                connection = site.server.connect(receive_buffer=4096)
                connections.append(connection)
                connection.send_request("GET", "/hostile/" + ("replaced" if index == 3 else "large"))
            time.sleep(0.3)
        time.sleep(17)  # The documented time for which a group may hold all threads.
        assert longest(site.server, 5) < 1
    finally:
        for connection in connections:
            connection.close()


def test_one_client_waits_for_a_slow_deploy_however_many_threads_there_are(neighbours):
    """A group with more threads than httpd has is not crowded by that."""
    neighbours.configure(CONFIG.replace("processes=1 threads=4 @HOSTILE", "processes=1 threads=20 @HOSTILE"))
    script = neighbours.hostile.write("app.wsgi", OLD)
    os.utime(script, (1e9, 1e9))
    neighbours.start()
    assert neighbours.server.get("/hostile").body == b"old"
    neighbours.hostile.write("app.wsgi", SLOW.replace("25", "8"))
    assert neighbours.server.get("/hostile", timeout=30).body == b"new"


def test_a_slow_deploy_leaves_threads_to_others(site):
    """After some seconds, requests that would take the last threads get the old code at once, until the new is there."""
    script = site.hostile.write("app.wsgi", OLD)
    os.utime(script, (1e9, 1e9))
    site.start()
    assert site.server.get("/hostile").body == b"old"
    site.hostile.write("app.wsgi", SLOW)
    clients = Clients(site.server, "/hostile", 24)
    begun = time.monotonic()
    try:
        time.sleep(7)
        assert longest(site.server, 10) < 1
        until(lambda: any(body == b"new" for _, _, body in clients.bodies), "the new code", timeout=30)
    finally:
        clients.end()
    assert {(status, body) for _, status, body in clients.bodies} == {(200, b"old"), (200, b"new")}
    old = [at - begun for at, _, body in clients.bodies if body == b"old" and 7 < at - begun < 17]
    assert len(old) > 50, "the old code was hardly asked"


def test_waiting_requests_do_not_blame_starts_when_httpd_stops(site):
    site.hostile.write("app.wsgi", "import time\n" + OLD.replace("    start_response(", "    time.sleep(20)\n    start_response("))
    site.start()
    connections = [site.server.connect() for _ in range(10)]
    for connection in connections:
        connection.send_request("GET", "/hostile")
    until(lambda: site.server.get("/other").status == 200, "the other site")
    time.sleep(1)
    site.server.stop()
    text = "\n".join(site.server.log.lines())
    assert "last starts failed" not in text
