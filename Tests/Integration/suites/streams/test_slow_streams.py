"""HTTP/2: a stream that takes its answer slowly keeps neither a daemon thread from others, nor its sibling streams."""

import time

import pytest

import httpd_config
from client_http2 import WINDOW, Connection
from processes import peaks
from shared_server import hosting, serving

MEGABYTE = 1 << 20

CONFIG = """
@HTTP2@
Protocols h2c http/1.1
H2MaxWorkers 16
WSGIScriptAlias /blocks @APPS@/blocks/app.wsgi
WSGIScriptAlias /hello @APPS@/hello/app.wsgi
WSGIScriptAlias /events @APPS@/events/app.wsgi
WSGIScriptAlias /large @APPS@/large_file/app.wsgi
"""


def start(platform, mode, options):
    def prepare(server):
        (server.scratch / "large").write_bytes(bytes(range(256)) * (16 * MEGABYTE // 256))
    return serving(platform, hosting(mode, options) + CONFIG, "/hello", prepare=prepare, HTTP2=httpd_config.load("http2"))


@pytest.fixture(scope="module")
def hosted(platform):
    """A group with one thread."""
    with start(platform, "daemon", "processes=1 threads=1") as server:
        yield server


PATHS = [(f"/blocks?6,{MEGABYTE}", 6 * MEGABYTE), ("/blocks?6000,1024", 6000 * 1024), (f"/blocks?1,{7 * MEGABYTE}", 7 * MEGABYTE),
         ("/large", 16 * MEGABYTE)]


@pytest.mark.parametrize("path, size", PATHS)
def test_the_only_thread_serves_others(server, path, size):
    before = peaks(server)
    with Connection(server.port) as connection:
        slow = connection.get(path)
        connection.wait(lambda: slow.body >= WINDOW)
        for _ in range(5):
            # Over a connection of its own, and over the same.
            begin = time.monotonic()
            assert server.get("/hello").status == 200
            assert time.monotonic() - begin < 1
            sibling = connection.get("/hello")
            assert connection.wait(lambda: sibling.ended) < 1
            assert (sibling.status, sibling.body) == (200, 6)
            connection.take(slow, 1024)
        assert not slow.ended
        connection.take(slow, size)
        connection.wait(lambda: slow.ended, 20)
        assert (slow.status, slow.body, slow.error) == (200, size, None)
    after = peaks(server)
    assert max(after[pid] - before[pid] for pid in after if pid in before) < 32 << 10


def test_many_slow_streams(server):
    """More than there are threads, as many as mod_http2 serves at once in the beginning; they take one window each."""
    with Connection(server.port) as connection:
        slow = [connection.get(f"/blocks?10,{100_000 + number}") for number in range(5)]
        connection.wait(lambda: all(stream.body >= WINDOW for stream in slow))
        assert server.get("/hello").status == 200
        for stream in slow:
            connection.take(stream, MEGABYTE)
        connection.wait(lambda: all(stream.ended for stream in slow))
        assert [stream.body for stream in slow] == [10 * (100_000 + number) for number in range(5)]


def test_a_stream_that_is_read_gets_each_event_at_once(server):
    with Connection(server.port) as connection:
        events = connection.get("/events?10")
        arrivals = []
        while not events.ended:
            size = events.body
            connection.wait(lambda: events.body > size or events.ended)
            arrivals.append(events.body)
    assert len(arrivals) >= 10 and events.status == 200
