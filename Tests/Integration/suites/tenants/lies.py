"""What a worker may say that is not so, and what httpd is to make of it.

Each lie is a list of steps: frames are sent as they are; a Pause waits; a With sends descriptors with frames.
"""

import dataclasses
import fcntl
import os
import select
import socket
import struct
import time

from worker_protocol import END, Frames, PLAIN, THREAD_LOST, data, encoded_head, error, file, frame, head, hints, log, number

#: What becomes of the answer. REFUSED: 502, nothing of what the worker said. CUT: the response has begun and visibly
#: breaks off. BROKEN: either, as time goes. ANY: these, or the answer. An integer: an answer of this status. Bytes: an answer of status 200 with this body.
REFUSED, CUT, BROKEN, ANY = "refused", "cut", "broken", "any"


@dataclasses.dataclass(frozen=True)
class Pause:
    """The child has taken everything meanwhile."""

    seconds: float = 0.2


@dataclasses.dataclass(frozen=True)
class With:
    """Frames with descriptors, which `make` opens."""

    make: object
    frames: Frames

    def send(self, connection) -> None:
        descriptors = self.make()
        connection.send_with(descriptors, self.frames)
        for descriptor in set(descriptors):
            os.close(descriptor)


@dataclasses.dataclass(frozen=True)
class HandOn:
    """The connection, and the number of its request, to a process that listens at `path`."""

    path: str

    def send(self, connection) -> None:
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(self.path)
            socket.send_fds(other, [number(connection.number)], [connection.socket.fileno()])


@dataclasses.dataclass(frozen=True)
class Flood:
    """A step many times."""

    count: int
    step: object


@dataclasses.dataclass(frozen=True)
class Lie:
    outcome: object
    steps: tuple

    def tell(self, connection) -> None:
        for step in self.steps:
            _take(step, connection)


def _take(step, connection) -> None:
    match step:
        case Pause(seconds): time.sleep(seconds)
        case With() | HandOn(): step.send(connection)
        case Flood(count, repeated):
            for _ in range(count):
                _take(repeated, connection)
        case _: connection.send(step)


def lie(outcome, *steps) -> Lie:
    return Lie(outcome, steps)


# Descriptors

KEPT = []


def opened(path: str, flags: int = os.O_RDONLY):
    return lambda: [os.open(path, flags)]


def pipe():
    reading, writing = os.pipe()
    KEPT.append(writing)
    return [reading]


def stream():
    ours, theirs = socket.socketpair()
    KEPT.append(theirs)
    return [ours.detach()]


def memory(size: int, flags: int = 0):
    def make():
        descriptor = os.memfd_create("lie", flags)
        os.ftruncate(descriptor, size)
        return [descriptor]
    return make


def shrinking():
    """A file that has become shorter when httpd reads it: in the background, after it was looked at."""
    descriptor = os.memfd_create("lie")
    os.ftruncate(descriptor, 32 << 20)
    if os.fork() == 0:
        time.sleep(0.3)
        os.ftruncate(descriptor, 100)
        os._exit(0)
    return [descriptor]


def write_only():
    path = f"/dev/shm/lie-{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.ftruncate(descriptor, 100)
    os.unlink(path)
    return [descriptor]


def leased():
    descriptor, path = os.open(path := f"/dev/shm/lease-{os.getpid()}", os.O_RDWR | os.O_CREAT, 0o600), path
    os.write(descriptor, b"0123456789")
    os.close(descriptor)
    descriptor = os.open(path, os.O_RDONLY)
    os.unlink(path)
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    return [descriptor]


def lingering():
    """A TCP socket that waits an hour when it is closed, for a peer that does not read."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        ours = socket.socket()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ours.connect(listener.getsockname())
        theirs, _ = listener.accept()
    KEPT.append(theirs)
    ours.setblocking(False)
    try:
        while True:
            ours.send(bytes(4096))
    except BlockingIOError:
        pass
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
    return [ours.detach()]


def fifo():
    path = f"/dev/shm/fifo-{os.getpid()}"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR)
    os.unlink(path)
    return [descriptor]


PASSWD = opened("/etc/passwd")


def many(count: int):
    return lambda: PASSWD() * count


def sent_file(outcome, make, offset: int = 0, length: int = 10, declared: int = -1) -> Lie:
    return lie(outcome, head(length=declared), With(make, file(offset, length)), END)


# Heads

INJECTED = "X-Injected: 1"


def headers(outcome, *pairs, status: int = 200, **options) -> Lie:
    return lie(outcome, head(status, [*PLAIN, *pairs], **options), data(b"body"), END)


def content_type(value: str) -> Lie:
    return lie(REFUSED, head(headers=[("Content-Type", value)]), data(b"body"), END)


def status(outcome, code: int, line: str | None = None) -> Lie:
    return lie(outcome, head(code, line=line), data(b"body"), END)


SMUGGLED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nX-Injected: 1\r\n\r\nPOISON\n"
#: What an attacker would like to see in the error log, as a line of its own.
FORGED = b"x\n[Sat Nov 28 00:00:00.000000 2026] [core:emerg] [pid 1] forged \x1b[31mred\x00\r\nagain"

LIES = {
    # Order.
    "data before the head": lie(REFUSED, data(b"body"), head(), END),
    "data without a head": lie(REFUSED, data(b"body"), END),
    "an end alone": lie(REFUSED, END),
    "a file before the head": lie(REFUSED, With(PASSWD, file()), head(), END),
    "two ends": lie(b"body", head(), data(b"body"), END, END),
    "two heads": lie(REFUSED, head(), head(404, [("X-Second", "1")]), data(b"body"), END),
    "a head after data": lie(CUT, head(), data(b"body"), Pause(), head(), END),
    "early hints after the head": lie(REFUSED, head(), hints(), data(b"body"), END),
    "early hints after data": lie(CUT, head(), data(b"body"), Pause(), hints(), END),
    "a reload after the head": lie(REFUSED, head(), frame("reload")),
    "a reload after early hints": lie(REFUSED, hints(), frame("reload")),
    "data after a file": lie(REFUSED, head(), With(PASSWD, file()), data(b"body"), END),
    "a file after data": lie(CUT, head(), data(b"body"), Pause(), With(PASSWD, file()), END),
    "two files": lie(REFUSED, head(), With(PASSWD, file()), With(PASSWD, file()), END),
    "two files that add up": lie(
        REFUSED, head(length=10), With(PASSWD, file(0, 100)), With(PASSWD, file(0, -90)), END),
    "a question for a body that is not there": lie(REFUSED, frame("go", number(1))),
    "a question after the head": lie(REFUSED, head(), frame("go", number(0xFFFFFFFF))),
    "questions without end": lie(REFUSED, Flood(1000, frame("go", number(1)))),
    "an error after data": lie(CUT, head(), data(b"body"), Pause(), error(500)),
    "an error after a file": lie(503, head(), With(PASSWD, file()), error(503)),
    "a lost thread after data": lie(CUT, head(), data(b"body"), Pause(), error(504, THREAD_LOST)),
    "a cut at once": lie(500, frame("cut")),
    "a cut after the head": lie(500, head(), frame("cut")),
    "a cut after data": lie(CUT, head(), data(b"body"), Pause(), frame("cut")),
    # Numbers.
    "a head of another request": lie(REFUSED, frame("head", encoded_head(), number=0), data(b"body"), END),
    "an end of another request": lie(BROKEN, head(), data(b"body"), frame("end", number=0)),
    "a block of another request": lie(BROKEN, head(), data(b"body"), frame("data", b"POISON", number=0), END),
    "a line of a log alone": lie(REFUSED, Frames(b"user=alice token=SECRET\n"), head(), END),
    # Kinds and lengths.
    "kind 0": lie(REFUSED, frame(0, b"body")),
    "kind 255": lie(REFUSED, frame(255, b"body")),
    "a request": lie(REFUSED, frame("request", bytes(100))),
    "a body": lie(REFUSED, frame("body", b"body")),
    "the end of a body": lie(REFUSED, frame("body end")),
    "an abort": lie(REFUSED, frame("abort")),
    "a head of 4 GiB": lie(REFUSED, frame("head", length=0xFFFFFFFF)),
    "a head of more than 1 MiB": lie(REFUSED, frame("head", length=(1 << 20) + 1)),
    "early hints of more than 1 MiB": lie(REFUSED, frame("hints", length=(1 << 20) + 1)),
    "a log line of more than 1 MiB": lie(REFUSED, frame("log", flags=6, length=(1 << 20) + 1)),
    "an end with contents": lie(REFUSED, head(), frame("end", b"more")),
    "an error with contents": lie(REFUSED, frame("error", b"more")),
    "a question of 3 bytes": lie(REFUSED, frame("go", b"abc")),
    "a file of 15 bytes": lie(REFUSED, head(), With(PASSWD, frame("file", bytes(15)))),
    "a reload of 5 bytes": lie(REFUSED, frame("reload", bytes(5))),
    "data of 4 GiB within a Content-Length": lie(REFUSED, head(length=100), data(bytes(100), length=0xFFFFFFFF)),
    # Heads.
    "an empty head": lie(REFUSED, frame("head")),
    "a head that is cut": lie(REFUSED, frame("head", encoded_head()[:-3]), END),
    "fewer headers than told": lie(REFUSED, head(count=65535), END),
    "65,535 headers": lie(REFUSED, head(headers=[("X", "")] * 65535), END),
    "1,002 headers": lie(REFUSED, head(headers=[("X", "1")] * 1002), END),
    "a head of zeros": lie(REFUSED, frame("head", bytes(1 << 20)), END),
    "a status line beyond the head": lie(
        REFUSED, frame("head", struct.pack("=HHIq", 200, 0, 0xFFFFFFFF, -1) + b"200 OK"), END),
    "a header beyond the head": lie(
        REFUSED, frame("head", encoded_head(headers=[], count=1) + struct.pack("=II", 0xFFFFFFFF, 0xFFFFFFFF)), END),
    "a status line of another status": status(REFUSED, 200, "304 Lie"),
    "a status line with a line in it": status(REFUSED, 200, f"200 OK\r\n{INJECTED}"),
    "no status line": status(REFUSED, 200, ""),
    "status 0": status(REFUSED, 0),
    "status 99": status(REFUSED, 99, "099 Lie"),
    "status 100": status(REFUSED, 100),
    "status 101": status(REFUSED, 101),
    "status 103": status(REFUSED, 103),
    "status 199": status(REFUSED, 199),
    "status 1000": status(REFUSED, 1000),
    "status 999": status(999, 999),
    "Content-Length -2": headers(REFUSED, length=-2),
    "the least Content-Length": headers(REFUSED, length=-(1 << 63)),
    "the largest Content-Length": headers(REFUSED, length=(1 << 63) - 1),
    "a large Content-Length": headers(CUT, length=(1 << 62)),
    "Content-Type with CR LF": content_type(f"text/plain\r\n{INJECTED}\r\n\r\nPOISON"),
    "Content-Type with LF": content_type(f"text/plain\n{INJECTED}"),
    "Content-Type with NUL": content_type("text/plain\0"),
    "a charset with CR LF": content_type(f"text/plain; charset=x\r\n{INJECTED}"),
    "a value with CR LF": headers(REFUSED, ("X-A", f"1\r\n{INJECTED}")),
    "a value with LF": headers(REFUSED, ("X-A", f"1\n{INJECTED}")),
    "a long value with CR at its end": headers(REFUSED, ("X-A", "v" * 1000 + "\r")),
    "a value with NUL": headers(REFUSED, ("X-A", "a\0b")),
    "a value with ESC": headers(REFUSED, ("X-A", "\x1b[31m")),
    "a name with CR LF": headers(REFUSED, (f"X-A: 1\r\nX-Injected", "1")),
    "a name with NUL": headers(REFUSED, ("X\0Y", "1")),
    "a name with a colon": headers(REFUSED, (INJECTED, "1")),
    "no name": headers(REFUSED, ("", "1")),
    "WWW-Authenticate with CR LF": headers(REFUSED, ("WWW-Authenticate", f"Basic\r\n{INJECTED}"), status=401),
    "Location with CR LF": headers(REFUSED, ("Location", f"/\r\n{INJECTED}")),
    "Transfer-Encoding": headers(REFUSED, ("Transfer-Encoding", "chunked")),
    "Connection": headers(REFUSED, ("Connection", "X-Kept")),
    "Keep-Alive": headers(REFUSED, ("Keep-Alive", "timeout=9999")),
    "Upgrade": headers(REFUSED, ("Upgrade", "h2c")),
    "Trailer": headers(REFUSED, ("Trailer", "X-Later")),
    "a Content-Length among the headers only": headers(b"body", ("Content-Length", "2")),
    # Bodies.
    "an empty block first": lie(b"body", head(), data(), Pause(), data(b"body"), END),
    "an empty block before a log line": lie(
        b"A" * 60 + b"B" * 8, head(), data(b"A" * 60) + data(flushed=True), Pause(), log(b"SECRET" * 20), data(b"B" * 8), END),
    "empty blocks without end": lie(b"body", head(), Flood(200, data() * 500), data(b"body"), END),
    "more than the Content-Length at once": lie(REFUSED, head(length=4), data(b"body" + SMUGGLED), END),
    "more than the Content-Length later": lie(CUT, head(length=5), data(b"body", flushed=True), Pause(), data(b"y" + SMUGGLED)),
    "more than the Content-Length in small blocks": lie(BROKEN, head(length=10), Flood(50, data(b"bbb")), END),
    "a body beyond a Content-Length of 0": lie(REFUSED, head(length=0), data(SMUGGLED), END),
    "less than the Content-Length": lie(CUT, head(length=500), data(b"body"), END),
    "less than the Content-Length later": lie(CUT, head(length=500), data(b"body", flushed=True), Pause(), END),
    "nothing of the Content-Length": lie(CUT, head(length=500), END),
    "a Content-Length without a body": lie(304, head(304, length=500), END),
    "a file beyond the Content-Length": sent_file(REFUSED, PASSWD, declared=9),
    # Errors and early hints.
    **{f"error {code}": lie(REFUSED, error(code)) for code in (0, 100, 101, 103, 200, 204, 302, 304, 399, 600, 65535)},
    "error 404": lie(404, error(404)),
    **{f"early hints of status {code}": lie(REFUSED, hints(status=code), head(), END) for code in (100, 101, 102, 200)},
    "early hints with CR LF": lie(REFUSED, hints([("Link", f"a\r\n{INJECTED}")]), head(), END),
    "early hints about the connection": lie(REFUSED, hints([("Upgrade", "h2c")]), head(), END),
    "65 early hints": lie(REFUSED, Flood(65, hints([("Link", "</a>")])), head(), END),
    "early hints of 1 MiB together": lie(REFUSED, Flood(60, hints([("Link", "v" * 20000)])), head(), END),
    # The error log.
    **{f"a log line of level {level}": lie(REFUSED, log(FORGED, level), head(), END) for level in (0, 1, 16, 19, 37, 255)},
    "a forged log line": lie(b"body", log(FORGED), head(), data(b"body"), END),
    "an empty log line": lie(b"body", log(b""), head(), data(b"body"), END),
    "a log line of zeros": lie(b"body", log(bytes(1000)), head(), data(b"body"), END),
    # Descriptors.
    "a directory": sent_file(REFUSED, opened("/")),
    "a path": sent_file(REFUSED, opened("/etc/passwd", os.O_PATH)),
    "a path of a closed file": sent_file(REFUSED, opened("/etc/shadow", os.O_PATH)),
    "a pipe": sent_file(REFUSED, pipe),
    "a FIFO": sent_file(REFUSED, fifo),
    "a socket": sent_file(REFUSED, stream),
    "an eventfd": sent_file(REFUSED, lambda: [os.eventfd(0)]),
    "an epoll": sent_file(REFUSED, lambda: [os.dup(select.epoll().fileno())]),
    "the null device": sent_file(REFUSED, opened("/dev/null")),
    "the zero device": sent_file(REFUSED, opened("/dev/zero"), length=1 << 40),
    "a terminal": sent_file(REFUSED, lambda: [os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)]),
    "its own memory": sent_file(REFUSED, opened("/proc/self/mem", os.O_RDWR)),
    "a file of no size": sent_file(REFUSED, opened("/proc/self/maps")),
    "a file for writing": sent_file(REFUSED, write_only),
    "a lingering socket": sent_file(REFUSED, lingering),
    "a lingering socket with the head": lie(BROKEN, With(lingering, head()), data(b"body"), END),
    "three lingering sockets with the head": lie(
        REFUSED, With(lambda: [*lingering(), *lingering(), *lingering()], head()), data(b"body"), END),
    "lingering sockets, one after the other": lie(
        BROKEN, head(), *[With(lingering, data(b"body"))] * 5, Pause(0.5), END),
    "lingering sockets behind the answer": lie(
        ANY, head(length=4), data(b"body"), END, *[With(lingering, data(b"more"))] * 5),
    "a negative offset": sent_file(REFUSED, PASSWD, offset=-5),
    "a negative length": sent_file(REFUSED, PASSWD, length=-5),
    "an offset beyond the file": sent_file(REFUSED, memory(100), offset=101, length=0),
    "a part beyond the file": sent_file(REFUSED, memory(100), offset=50, length=51),
    "a length beyond everything": sent_file(REFUSED, PASSWD, length=1 << 62),
    "offset and length that overflow": sent_file(REFUSED, PASSWD, offset=(1 << 63) - 1, length=(1 << 63) - 1),
    "an empty part": sent_file(b"", memory(100), offset=100, length=0),
    "a file that shrinks": lie(
        CUT, head(length=32 << 20), With(shrinking, file(0, 32 << 20)), Pause(0.6), END),
    "a leased file": sent_file(b"0123456789", leased),
    "a file without a descriptor": lie(REFUSED, head(), file(), END),
    "a descriptor with the head": lie(BROKEN, With(PASSWD, head()), data(b"body"), END),
    "a descriptor with the end": lie(REFUSED, head(), With(PASSWD, END)),
    "two descriptors at once": sent_file(REFUSED, many(2)),
    "253 descriptors at once": sent_file(REFUSED, many(253)),
    "a descriptor with each block": lie(BROKEN, head(), Flood(500, With(PASSWD, data(b"x"))), END),
    "a file a thousand times": lie(REFUSED, head(), Flood(1000, With(PASSWD, file())), END),
    # Early ends.
    "nothing": lie(502),
    "half a header": lie(502, END.cut(4)),
    "half a head": lie(502, head().cut(20)),
    "a head and no more": lie(502, head()),
    "half a block": lie(CUT, head(), data(b"body", length=100)),
    "4 GiB announced": lie(CUT, head(), data(b"body", length=0xFFFFFFFF)),
}

#: Of a file whose last close waits for a program, also that of this worker; the test mounts that.
MOUNTED = {
    "a file of a program": sent_file(REFUSED, opened("slow/file"), length=1),
    "a refused file of a program": sent_file(REFUSED, opened("slow/file"), offset=1 << 40, length=1),
    "three files of a program at once": lie(
        REFUSED, With(lambda: [opened("slow/file")()[0] for _ in range(3)], head()), data(b"body"), END),
}

#: For a process beyond the supervisor's reach, which the test is.
HANDED_ON = {"a connection in other hands": lie(REFUSED, HandOn("hands"), Pause(3600))}

#: More of a kind than anybody needs.
FLOODS = {
    "a flood of heads": lie(REFUSED, Flood(2000, head(headers=[("X-A", "v" * 1000)] * 990))),
    "a flood of early hints": lie(REFUSED, Flood(2000, hints([("Link", "v" * 7000)]))),
    "a flood of log lines": lie(b"body", Flood(40, log(b"A" * (1 << 20))), head(), data(b"body"), END),
    "a flood of empty blocks": lie(b"body", head(), Flood(2000, data() * 1000), data(b"body"), END),
}

#: These end without an end: the worker closes the connection.
CLOSING = {"nothing", "half a header", "half a head", "a head and no more", "half a block", "4 GiB announced",
           "data of 4 GiB within a Content-Length"}

#: Which of them every run of the tests tries.
SAMPLE = list(LIES)[::7]

#: Everything that is told, by its name.
TOLD = LIES | FLOODS | MOUNTED | HANDED_ON
