"""Threads of an application write, read and log at the same time: every byte and every line is where it belongs."""

import collections
import hashlib
import os
import re
import threading
import time

import pytest

from client import Cut, request_bytes
from polling import until

pytestmark = [pytest.mark.mpms, pytest.mark.pythons]

SIZES = (1, 900, 70_000, 200_000, 3, 20_000)
LINES = collections.Counter(
    f"{thread} {text}" for thread in ("own", "helper") for index in range(40)
    for text in (f"part {index} end", f"printed {index}", f"second {index}"))


def expected(upload: bytes) -> bytes:
    body = b"".join(b"<%d %d>" % (index, size) + bytes([65 + index]) * size
                    for index in range(24) for size in [SIZES[index % len(SIZES)]])
    return body + b"<digest>" + hashlib.sha256(upload).hexdigest().encode()


def lines_of(server, name: str) -> list[tuple[str, str]]:
    """What was logged of a request: what httpd and the module have put before it, and the application's text."""
    found = []
    for line in server.log.lines():
        before, mark, text = line.partition(f"{name} ")
        if mark and text != "own waits":
            found.append((before, text))
    return found


def test_threads_write_read_and_log(server):
    server.log.allow(r"marked-\d+-\d+ (own|helper) ")
    failures, ports = [], {}

    def request(name: str, slowly: bool) -> None:
        upload = os.urandom(700_000)
        with server.connect(receive_buffer=4096) as connection:
            ports[name] = connection.port
            sender = threading.Thread(
                target=connection.send, args=(request_bytes("POST", f"/threads?{name}", (), upload),))
            sender.start()
            if slowly:
                time.sleep(0.5)
            response = connection.read_response()
            sender.join()
        if (response.status, response.body) != (200, expected(upload)):
            failures.append((name, response.status, len(response.body), response.body[-200:]))

    def client(number: int) -> None:
        for turn in range(3):
            name = f"marked-{number}-{turn}"
            try:
                request(name, slowly=turn == 1)
            except (Cut, OSError) as error:
                failures.append((name, repr(error)))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    assert failures == []
    assert len(ports) == 12
    for name, port in ports.items():
        until(lambda: len(lines_of(server, name)) >= LINES.total(), "all lines of the log")
        lines = lines_of(server, name)
        assert collections.Counter(text for _, text in lines) == LINES
        for before, text in lines:
            # What a thread prints belongs to no request, but wsgi.errors does, whoever writes to it.
            if text.startswith("own ") or " part " in text:
                assert re.search(rf"127\.0\.0\.1:{port}\b.*\[script .*/threads/app\.wsgi\] $", before), (before, text)
            else:
                assert re.search(r"\] $", before) and "[script" not in before, (before, text)
