"""Streams: how soon a block arrives, and that bodies of any size take bounded memory.

WSGI_TEST_MEGABYTES sets the size of the large bodies; `make large` runs them with 4 GiB in and 10 GiB out.
"""

import os
import re
import time
import zlib

import pytest

import client
from processes import peaks
from shared_server import hosting, serving

MEGABYTE = 1 << 20
SIZE = int(os.environ.get("WSGI_TEST_MEGABYTES", "256"))
#: What a process may grow by while a body of any size passes, in KiB.
BOUND = 32 << 10
#: The longest an event may take from the application to the client, in seconds; machines are noisy, so most must do.
SOON = 0.05

_CONFIG = """
LimitRequestBody 0
WSGIChunkedRequest On
WSGIScriptAlias /events @APPS@/events/app.wsgi
WSGIScriptAlias /deflated @APPS@/events/app.wsgi
WSGIScriptAlias /digest @APPS@/input_count/app.wsgi
WSGIScriptAlias /blocks @APPS@/blocks/app.wsgi
<Location /deflated>
    SetOutputFilter DEFLATE
</Location>
"""


@pytest.fixture(scope="session")
def hosted(platform, mode):
    with serving(platform, hosting(mode, "threads=4") + _CONFIG, "/events?1") as server:
        yield server


@pytest.mark.parametrize("path", ["/events", "/deflated"])
def test_events_arrive_at_once(server, path):
    inflate = zlib.decompressobj(wbits=31)
    delays = []
    with server.connect() as connection:
        connection.send_request("GET", path, {"Accept-Encoding": "gzip"})
        response = connection.read_head()
        assert (response.header("Content-Encoding") == "gzip") is (path == "/deflated")
        for block in connection.blocks(response):
            text = inflate.decompress(block) if path == "/deflated" else block
            now = time.monotonic()
            delays += [now - float(made) for made in re.findall(rb"data: ([\d.]+)", text)]
    assert len(delays) == 20
    assert sorted(delays)[-2] < SOON, delays


@pytest.mark.parametrize("path", ["/events", "/deflated"])
def test_the_first_event_is_there_at_once(server, path):
    """From the request to the first event that can be read; machines are noisy, so most of the times count."""
    times = []
    for _ in range(7):
        inflate = zlib.decompressobj(wbits=31)
        with server.connect() as connection:
            begin = time.monotonic()
            connection.send_request("GET", path + "?3", {"Accept-Encoding": "gzip"})
            text = b""
            for block in connection.blocks(connection.read_head()):
                text += inflate.decompress(block) if path == "/deflated" else block
                if b"data: " in text:
                    break
            times.append(time.monotonic() - begin)
    assert sorted(times)[3] < SOON, times


def assert_bounded(server, before):
    after = peaks(server)
    grown = {pid: after[pid] - before[pid] for pid in after if pid in before}
    assert grown and max(grown.values()) < BOUND, grown


def send_large(server, headers, frame):
    block = os.urandom(MEGABYTE)
    with server.connect(timeout=120) as connection:
        connection.send(client.request_bytes("POST", "/digest", headers, close=True))
        for _ in range(SIZE):
            connection.send(frame(block))
        if "Transfer-Encoding" in headers:
            connection.send(b"0\r\n\r\n")
        return connection.read_response().text


@pytest.mark.parametrize("chunked", [False, True])
def test_large_request(server, chunked):
    # A first one, so that the memory that every request needs has been taken.
    server.request("POST", "/digest", body=b"x" * 3_000_000)
    before = peaks(server)
    if chunked:
        told = send_large(server, {"Transfer-Encoding": "chunked"},
                          lambda block: b"%x\r\n%b\r\n" % (len(block), block))
    else:
        told = send_large(server, {"Content-Length": str(SIZE * MEGABYTE)}, lambda block: block)
    assert told == str(SIZE * MEGABYTE)
    assert_bounded(server, before)


@pytest.mark.parametrize("length", ["", ",length"])
def test_large_response(server, length):
    server.get(f"/blocks?4,{MEGABYTE}{length}")
    before = peaks(server)
    count = SIZE * 5 // 2
    with server.connect(timeout=120) as connection:
        connection.send_request("GET", f"/blocks?{count},{MEGABYTE}{length}", close=True)
        response = connection.read_head()
        size = 0
        if length:
            assert response.header("Content-Length") == str(count * MEGABYTE)
            while block := connection.take_some():
                size += len(block)
        else:
            for block in connection.blocks(response):
                size += len(block)
                response.body = b""
    assert size == count * MEGABYTE
    assert_bounded(server, before)
