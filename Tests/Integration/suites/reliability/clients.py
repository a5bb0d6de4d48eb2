"""Clients in a process of their own: `clients.py PORT RECORDS SEED KIND=COUNT...`. They ask without pause until stdin ends.

Each attempt is one line of the file RECORDS: name, kind, begin, end, outcome, port of the client, detail. Outcomes: `ok`; `closed`:
a kept connection that was closed before a byte of the answer, which is no loss for HTTP (the request is sent again under
another name); everything else is a failure. Half of the clients of a kind keep their connection. A line `probe on` or
`probe off` on stdin wakes and rests the clients of the kind `probe`.
"""

import hashlib
import os
import random
import sys
import threading
import time

import client

#: The body of every static answer.
STATIC = b"ready\n"
PATH = "/witness"


def request_of(kind: str, name: str, draw: random.Random) -> tuple[str, str, bytes | None]:
    """Method, path and body."""
    if kind == "static":
        return "GET", "/ready.txt", None
    if kind == "body":
        return "POST", f"{PATH}?body&{name}", draw.randbytes(draw.choice((5_000, 200_000, 1_000_000)))
    number = {"short": 0, "probe": 250}.get(kind, draw.randint(100, 500))
    kind = {"slow": "hold", "probe": "hold"}.get(kind, kind)
    return "GET", f"{PATH}?{kind}&{name}&{number}", None


def fault_in(kind: str, name: str, body: bytes | None, answer: client.Response) -> str | None:
    """What is wrong with an answer; None: it is the right one."""
    if answer.status != 200:
        return f"status {answer.status}"
    expected = {
        "static": lambda: STATIC,
        "body": lambda: hashlib.sha256(body).hexdigest().encode(),
        "stream": lambda: b"".join((f"{name} {number} " * 8192)[:8192].encode() for number in range(6)),
        "short": lambda: f"short {name}".encode(),
    }.get(kind, lambda: f"hold {name}".encode())()
    return None if answer.body == expected else f"wrong {answer.body[:40]!r}"


class Client(threading.Thread):
    """One client."""

    def __init__(self, port: int, kind: str, number: int, seed: int, record, may_ask: threading.Event):
        super().__init__(daemon=True)
        self._port, self._kind, self._keeps = port, kind, number % 2 == 0
        self._label, self._draw = f"{kind}{number}", random.Random(f"{seed} {kind} {number}")
        self._record, self._may_ask, self._count = record, may_ask, 0
        self._connection: client.Connection | None = None

    def run(self):
        while True:
            self._may_ask.wait()
            method, path, body = "", "", None
            outcome = "closed"
            while outcome == "closed":
                self._count += 1
                name = f"{self._label}.{self._count}"
                if not method:
                    draw = self._draw.getstate()
                self._draw.setstate(draw)
                method, path, body = request_of(self._kind, name, self._draw)
                outcome = self._attempt(name, method, path, body)
            if outcome != "ok":
                time.sleep(0.01)

    def _attempt(self, name: str, method: str, path: str, body: bytes | None) -> str:
        begin, port, was_kept = time.monotonic(), 0, self._connection is not None
        used = self._connection
        try:
            used = used or client.Connection(self._port, timeout=20)
            self._connection, port = None, used.port
            answer = self._ask(used, method, path, body)
            outcome, _, detail = (fault_in(self._kind, name, body, answer) or "ok").partition(" ")
            if outcome == "ok" and self._keeps and (answer.header("Connection") or "").lower() != "close":
                self._connection = used
        except client.Cut as failure:
            outcome, detail = "closed" if was_kept and used.is_untouched else "cut", str(failure)
        except TimeoutError as failure:
            outcome, detail = "hang", str(failure)
        except OSError as failure:
            outcome, detail = "closed" if was_kept and used.is_untouched else "refused" if not port else "cut", repr(failure)
        if used and self._connection is None:
            used.close()
        self._record(f"{name} {self._kind} {begin:.6f} {time.monotonic():.6f} {outcome} {port} {detail}")
        return outcome

    def _ask(self, used, method, path, body):
        try:
            used.start_answer()
            used.send_request(method, path, (), body, close=not self._keeps)
        except (BrokenPipeError, ConnectionResetError):
            pass  # an answer may be there although not all of the body was taken
        return used.read_response(method)


def main():
    port, path, seed = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    always, probing = threading.Event(), threading.Event()
    always.set()
    for word in sys.argv[4:]:
        kind, _, count = word.partition("=")
        for number in range(int(count)):
            Client(port, kind, number, seed, lambda text: os.write(file, (text + "\n").encode()),
                   probing if kind == "probe" else always).start()
    for line in sys.stdin:
        probing.set() if line.strip() == "probe on" else probing.clear()
    os._exit(0)


if __name__ == "__main__":
    main()
