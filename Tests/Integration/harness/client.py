"""A small HTTP/1.1 client that hides nothing: it sends raw bytes and reports incomplete responses."""

import contextlib
import dataclasses
import json
import select
import socket
import struct

from polling import PATIENCE


class Cut(Exception):
    """The connection ended before the response did. `partial` is the part that had arrived."""

    def __init__(self, partial: "Response | None", reason: str):
        super().__init__(reason)
        self.partial = partial


@dataclasses.dataclass
class Response:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    version: str = "HTTP/1.1"

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str, default: str | None = None) -> str | None:
        values = self.all(name)
        return values[0] if values else default

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def environ(self) -> dict:
        """The environ that apps/environ was called with: all strings and numbers."""
        assert self.body.startswith(b"{"), self
        return {key: told["value"] for key, told in self.json["environ"].items() if "value" in told}


class Connection:
    """One TCP connection, to be used as a context manager."""

    def __init__(self, port: int, *, timeout: float = PATIENCE, receive_buffer: int | None = None):
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(timeout)
        self._socket.connect(("127.0.0.1", port))
        self._buffer = bytearray()
        #: The client's own port.
        self.port = self._socket.getsockname()[1]
        #: Whether no byte has arrived since `start_answer`.
        self.is_untouched = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Closes the connection with RST, like a client that crashed."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def half_close(self) -> None:
        """Closes the sending side. Responses are still read."""
        self._socket.shutdown(socket.SHUT_WR)

    # Sending

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_request(self, method: str, path: str, headers=(), body: bytes | None = None, *, close=False) -> None:
        """Sends a complete request. Host and Content-Length are added unless given."""
        self.send(request_bytes(method, path, headers, body, close=close))

    def request(self, method: str, path: str, headers=(), body: bytes | None = None, *, close=False) -> Response:
        self.send_request(method, path, headers, body, close=close)
        return self.read_response(method)

    def get(self, path: str, headers=()) -> Response:
        return self.request("GET", path, headers)

    # Receiving

    def start_answer(self) -> None:
        """Called before a request: resets `is_untouched`."""
        self.is_untouched = not self._buffer

    def _fill(self) -> bool:
        data = self._socket.recv(65536)
        self.is_untouched = self.is_untouched and not data
        self._buffer += data
        return bool(data)

    def read_line(self) -> bytes:
        while b"\n" not in self._buffer:
            if not self._fill():
                raise Cut(None, f"closed inside a line after {bytes(self._buffer)!r}")
        return self._take(self._buffer.index(b"\n") + 1)[:-1].rstrip(b"\r")

    def take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            if not self._fill():
                break
        return self._take(count)

    def _take(self, count: int) -> bytes:
        data = bytes(memoryview(self._buffer)[:count])
        del self._buffer[:count]
        return data

    def take_some(self) -> bytes:
        """The next bytes; empty at the end."""
        if not self._buffer:
            self._fill()
        return self._take(len(self._buffer))

    def at_end(self) -> bool:
        """Waits for more data. Returns True if the server closed the connection instead."""
        try:
            return not self._buffer and not self._fill()
        except ConnectionResetError:
            return True

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing arrives for `seconds`, not even a close."""
        return not self._buffer and not select.select([self._socket], [], [], seconds)[0]

    def read_head(self) -> Response:
        """The status line and the headers of the next response, which may be an interim response."""
        version, _, rest = self.read_line().decode("latin-1").partition(" ")
        code, _, reason = rest.partition(" ")
        headers = []
        while line := self.read_line().decode("latin-1"):
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        return Response(int(code), reason, headers, version=version)

    def blocks(self, response: Response):
        """The chunks of a chunked response as they arrive. Raises Cut if there is no final chunk.

        At the end of the iteration, response.body is the part that has arrived.
        """
        body = bytearray()
        try:
            while True:
                size = int(self.read_line().split(b";")[0], 16)
                data = self.take(size)
                body += data
                if len(data) < size:
                    raise Cut(response, "closed inside a chunk")
                self.read_line()
                if size == 0:
                    return
                yield data
        except (Cut, ConnectionResetError) as failure:
            reason = "reset" if isinstance(failure, OSError) else str(failure)
            raise Cut(response, f"{reason} before the final chunk") from None
        finally:
            response.body = bytes(body)

    def read_body(self, response: Response, method: str = "GET") -> Response:
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return response
        if (response.header("Transfer-Encoding") or "").lower() == "chunked":
            for _ in self.blocks(response):
                pass
        elif (length := response.header("Content-Length")) is not None:
            with contextlib.suppress(ConnectionResetError):
                response.body = self.take(int(length))
            if len(response.body) < int(length):
                raise Cut(response, f"{len(response.body)} of {length} bytes")
        else:
            while self._fill():
                pass
            response.body = self._take(len(self._buffer))
        return response

    def read_response(self, method: str = "GET") -> Response:
        try:
            response = self.read_head()
        except ConnectionResetError:
            raise Cut(None, "reset before the response") from None
        return self.read_body(response, method)


def request_bytes(method: str, path: str, headers=(), body: bytes | None = None, *, close=False) -> bytes:
    """The bytes of a request. `headers` is a dict or a list of pairs. Text is sent as UTF-8."""
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in pairs}
    if "host" not in names:
        pairs.insert(0, ("Host", "localhost"))
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        pairs.append(("Content-Length", str(len(body))))
    if close:
        pairs.append(("Connection", "close"))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in pairs), "", ""]
    return "\r\n".join(lines).encode() + (body or b"")


def chunked(*blocks: bytes) -> bytes:
    """The blocks as a complete chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(block), block) for block in blocks) + b"0\r\n\r\n"
