"""A small HTTP/2 client whose streams read their responses as slowly as a test wants (prior knowledge, no TLS)."""

import socket
import time

import h2.config
import h2.connection
import h2.events
import h2.settings

from polling import PATIENCE

#: The initial window of a stream: the bytes that it may receive before it extends the window.
WINDOW = 65535


class Stream:
    """One request and the part of its response that has arrived."""

    def __init__(self, number: int):
        self.number, self.status, self.body, self.ended, self.error = number, None, 0, False, None


class Connection:
    """One connection with many streams, to be used as a context manager. Only `take` extends the window of a stream."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._http.initiate_connection()
        # The window of the connection is never the limit, only those of the streams are.
        self._http.increment_flow_control_window(1 << 30)
        self._streams: dict[int, Stream] = {}
        self._flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _flush(self) -> None:
        self._socket.sendall(self._http.data_to_send())

    def get(self, path: str) -> Stream:
        """Sends a request."""
        number = self._http.get_next_available_stream_id()
        self._http.send_headers(number, [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"),
                                         (":path", path)], end_stream=True)
        self._flush()
        stream = self._streams[number] = Stream(number)
        return stream

    def take(self, stream: Stream, length: int) -> None:
        """Extends the window of the stream by `length` bytes."""
        self._http.increment_flow_control_window(length, stream.number)
        self._flush()

    def receive(self, seconds: float) -> bool:
        """Handles the data that arrives next. Returns False if none arrives within `seconds`."""
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            return False
        if not data:
            raise ConnectionError("the server has closed the connection")
        for event in self._http.receive_data(data):
            stream = self._streams.get(getattr(event, "stream_id", None))
            match event:
                case h2.events.ResponseReceived():
                    stream.status = int(dict(event.headers)[b":status"])
                case h2.events.DataReceived():
                    stream.body += len(event.data)
                case h2.events.StreamEnded():
                    stream.ended = True
                case h2.events.StreamReset():
                    stream.ended, stream.error = True, event.error_code
        self._socket.settimeout(20)
        self._flush()
        return True

    def wait(self, condition, seconds: float = 10) -> float:
        """Receives until the condition holds, and returns how long that took."""
        begin = time.monotonic()
        while not condition():
            left = seconds - (time.monotonic() - begin)
            assert left > 0 and self.receive(left), f"waited {seconds} s in vain"
        return time.monotonic() - begin
