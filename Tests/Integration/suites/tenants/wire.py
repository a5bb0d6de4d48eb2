"""Frames between httpd's children and daemon processes, as a program makes them that is neither; see Sources/WSGIWire."""

import struct
import time

REQUEST, HEAD, DATA, END = 1, 17, 18, 21

ENVIRON = {
    "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "localhost",
    "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "REMOTE_USER": "admin",
}


def frame(kind: int, payload: bytes = b"", number: int = 0) -> bytes:
    return struct.pack("=IBBH", len(payload), kind, 0, number) + payload


def request(script) -> bytes:
    """A request for a script, without what a connection has to begin with."""
    entries = b"".join(struct.pack("=II", len(key), len(value)) + key.encode() + value.encode()
                       for key, value in ENVIRON.items())
    strings = [part.encode() for part in (str(script), "", "application", "id", "GET /")]
    now = int(time.time() * 1e6)
    head = struct.pack("=IIqqqqIIIIIII", 0, len(entries), 0, 0, now, now, len(ENVIRON), 0, *map(len, strings))
    return frame(REQUEST, head + b"".join(strings) + entries)


#: A whole answer to a request of this number, for programs that have no module of ours: answer(number, body).
ANSWER = '''
import struct

def answer(number, body):
    def frame(kind, payload):
        return struct.pack("=IBBH", len(payload), kind, 0, number) + payload
    line = b"200 OK"
    return frame(17, struct.pack("=HHIq", 200, 0, len(line), -1) + line) + frame(18, body) + frame(21, b"")
'''
