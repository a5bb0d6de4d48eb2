"""The protocol between httpd's children and a worker, as a worker speaks it: frames and control packets as bytes.

Written from Sources/WSGIWire, for workers that do not keep it. Needs nothing but Python's standard library, and no folder:
the worker that uses it runs as a site's user.
"""

import array
import os
import socket
import struct

KINDS = {"request": 1, "body": 2, "body end": 3, "abort": 4, "go": 16, "head": 17, "data": 18, "file": 19, "log": 20,
         "end": 21, "error": 22, "reload": 23, "cut": 24, "hints": 25}

#: Control packets: what the supervisor says, and what a worker does.
SERVE, DRAIN, READY, SERVED = 17, 18, 32, 36

#: The flag of DATA that a block ends there; the flag of ERROR that the thread is lost.
FLUSHED, THREAD_LOST = 1, 1

PLAIN = [("Content-Type", "text/plain")]


class Frames:
    """Frames that have yet to get the number of the request."""

    def __init__(self, content: bytes = b"", numbers: tuple[int, ...] = ()):
        self._content = content
        #: Where a number is to be put.
        self._numbers = numbers

    def __add__(self, other: "Frames") -> "Frames":
        moved = tuple(len(self._content) + at for at in other._numbers)
        return Frames(self._content + other._content, self._numbers + moved)

    def __mul__(self, count: int) -> "Frames":
        moved = tuple(len(self._content) * index + at for index in range(count) for at in self._numbers)
        return Frames(self._content * count, moved)

    def cut(self, length: int) -> "Frames":
        """No more than the first bytes."""
        return Frames(self._content[:length], tuple(at for at in self._numbers if at + 2 <= length))

    def numbered(self, number: int) -> bytes:
        content = bytearray(self._content)
        for at in self._numbers:
            struct.pack_into("=H", content, at, number)
        return bytes(content)


def frame(kind: str | int, payload: bytes = b"", *, flags: int = 0, number: int | None = None,
          length: int | None = None) -> Frames:
    """A frame; `length` and `number` are what its header says, if not the payload's length and the request's number."""
    size = len(payload) if length is None else length
    content = struct.pack("=IBBH", size, KINDS.get(kind, kind), flags, number or 0) + payload
    return Frames(content, () if number is not None else (6,))


def encoded_head(status: int = 200, headers=PLAIN, *, line: str | None = None, length: int = -1,
                 count: int | None = None) -> bytes:
    """The head of a response; `count` is how many headers it says it has."""
    text = (line if line is not None else f"{status} Lie").encode("latin-1")
    parts = [struct.pack("=HHIq", status, len(headers) if count is None else count, len(text), length), text]
    for name, value in headers:
        first, second = name.encode("latin-1"), value.encode("latin-1")
        parts += struct.pack("=II", len(first), len(second)), first, second
    return b"".join(parts)


def head(*arguments, **options) -> Frames:
    return frame("head", encoded_head(*arguments, **options))


def hints(headers=(), status: int = 103) -> Frames:
    return frame("hints", encoded_head(status, headers, line=f"{status} Hint"))


def data(payload: bytes = b"", *, flushed: bool = False, length: int | None = None) -> Frames:
    return frame("data", payload, flags=FLUSHED if flushed else 0, length=length)


def file(offset: int = 0, length: int = 10) -> Frames:
    return frame("file", struct.pack("=qq", offset, length))


def log(text: bytes, level: int = 6) -> Frames:
    return frame("log", text, flags=level)


def error(status: int, flags: int = 0) -> Frames:
    return frame("error", struct.pack("=H", status), flags=flags)


def number(value: int) -> bytes:
    return struct.pack("=I", value)


END = frame("end")


class Connection:
    """A connection from a child of httpd, on which requests come one after the other."""

    def __init__(self, accepted: socket.socket):
        self.socket = accepted
        self._is_new = True
        #: The number of the request.
        self.number = 0

    def send(self, *frames: Frames) -> None:
        self.socket.sendall(b"".join(one.numbered(self.number) for one in frames))

    def send_with(self, descriptors: list[int], frames: Frames) -> None:
        """Sends descriptors with the first byte of the frames."""
        whole = frames.numbered(self.number)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        sent = self.socket.sendmsg([whole], rights)
        self.socket.sendall(whole[sent:])

    def receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            block = self.socket.recv(count - len(received))
            if not block:
                raise EOFError
            received += block
        return received

    def receive_request(self) -> tuple[str, str]:
        """PATH_INFO and QUERY_STRING of the next request."""
        if self._is_new:
            self.receive(20)  # The introduction, which this worker believes.
            self._is_new = False
        length, kind, _, self.number = struct.unpack("=IBBH", self.receive(8))
        if kind != KINDS["request"]:  # ABORT: nobody waits for the answer any more.
            raise EOFError
        payload = self.receive(length)
        environ_length, = struct.unpack_from("=I", payload, 4)
        lengths = struct.unpack_from("=5I", payload, 48)
        begin = 68 + sum(lengths)
        environ, offset = {}, begin
        while offset < begin + environ_length:
            first, second = struct.unpack_from("=II", payload, offset)
            offset += 8
            environ[payload[offset:offset + first]] = payload[offset + first:offset + first + second]
            offset += first + second
        return environ.get(b"PATH_INFO", b"").decode("latin-1"), environ.get(b"QUERY_STRING", b"").decode("latin-1")


class Control:
    """The socket from the supervisor, and the pipe to it."""

    def __init__(self, descriptor: int = 3, pipe: int = 7):
        self.socket, self.pipe = socket.socket(fileno=descriptor), pipe

    def start(self) -> None:
        """Takes the first packet, says that the worker is ready, and waits until it is to serve."""
        self.receive()
        self.send(READY)
        while self.receive() != SERVE:
            pass

    def receive(self) -> int:
        """The kind of the next packet; ends the process when there is none, or it says that the worker is to leave."""
        packet, ancillary, _, _ = self.socket.recvmsg(65536, 4096)
        for _, _, rights in ancillary:
            for descriptor in array.array("i", rights[:len(rights) // 4 * 4]):
                os.close(descriptor)
        if not packet or struct.unpack_from("=I", packet)[0] == DRAIN:
            os._exit(0)
        return struct.unpack_from("=I", packet)[0]

    def send(self, kind: int, payload: bytes = b"") -> None:
        os.write(self.pipe, number(kind) + payload)
