"""A client that takes its answer slowly does not keep a thread of a daemon process from others."""

import time

import pytest

from processes import peaks
from shared_server import hosting

MEGABYTE = 1 << 20


@pytest.fixture
def server(launch):
    one = launch(hosting("daemon", "processes=1 threads=1") + "WSGIScriptAlias /blocks @APPS@/blocks/app.wsgi\n"
                 "WSGIScriptAlias /hello @APPS@/hello/app.wsgi\nWSGIScriptAlias /large @APPS@/large_file/app.wsgi\n")
    one.wait_ready("/hello")
    (one.scratch / "large").write_bytes(bytes(range(256)) * (64 * MEGABYTE // 256))
    return one


def slowly(server, path):
    """A client with a small buffer that has asked for `path` and has not taken anything yet."""
    connection = server.connect(receive_buffer=4096)
    connection.send_request("GET", path, close=True)
    return connection


@pytest.mark.parametrize("path, size", [
    (f"/blocks?6,{MEGABYTE}", 6 * MEGABYTE), ("/blocks?6000,1024", 6000 * 1024), (f"/blocks?1,{6 * MEGABYTE}", 6 * MEGABYTE),
    ("/large", 64 * MEGABYTE)])
def test_the_only_thread_serves_others(server, path, size):
    before = peaks(server)
    with slowly(server, path) as connection:
        response = connection.read_head()
        for _ in range(5):
            begin = time.monotonic()
            assert server.get("/hello").status == 200
            assert time.monotonic() - begin < 1
            connection.take(1024)
        response.body = b""
        received = 5 * 1024 + sum(len(block) for block in iter(connection.take_some, b""))
    assert received >= size
    after = peaks(server)
    assert max(after[pid] - before[pid] for pid in after if pid in before) < 32 << 10


@pytest.mark.parametrize("buffer, pause, count, size, limit", [
    (65536, 0.001, 2000, 7000, "1M"), (32768, 0.001, 500, 31_000, "8M"), (16384, 0.0005, 5000, 3000, "256K")])
def test_what_waits_stays_what_it_was(launch, buffer, pause, count, size, limit):
    """Many blocks arrive together, and more while they wait."""
    server = launch(hosting("daemon", f"processes=1 threads=1 response-buffer-size={limit}")
                    + "WSGIScriptAlias /blocks @APPS@/blocks/app.wsgi\n")
    with server.connect(receive_buffer=buffer) as connection:
        connection.send_request("GET", f"/blocks?{count},{size},length", close=True)
        connection.read_head()
        time.sleep(0.5)
        body = bytearray()
        while block := connection.take_some():
            body += block
            time.sleep(pause)
    assert len(body) == count * size
    assert all(body[number * size:(number + 1) * size] == bytes([number % 251]) * size for number in range(count))


def test_beyond_the_limit_the_thread_waits_with_the_client(launch):
    server = launch(hosting("daemon", "processes=1 threads=1 response-buffer-size=64K connect-timeout=1 socket-timeout=20")
                    + "WSGIScriptAlias /blocks @APPS@/blocks/app.wsgi\nWSGIScriptAlias /hello @APPS@/hello/app.wsgi\n")
    server.wait_ready("/hello")
    before = peaks(server)
    with slowly(server, f"/blocks?64,{MEGABYTE}") as connection:
        connection.read_head()
        with server.connect() as other:
            other.send_request("GET", "/hello")
            assert other.is_silent(1)
            received = sum(len(block) for block in iter(connection.take_some, b""))
            assert other.read_response().status == 200
    assert received >= 64 * MEGABYTE
    after = peaks(server)
    assert max(after[pid] - before[pid] for pid in after if pid in before) < 16 << 10


def test_client_that_takes_nothing_is_given_up(launch):
    server = launch(hosting("daemon", "processes=1 threads=1 response-buffer-size=64K")
                    + "Timeout 2\nWSGIScriptAlias /blocks @APPS@/blocks/app.wsgi\nWSGIScriptAlias /hello @APPS@/hello/app.wsgi\n")
    server.wait_ready("/hello")
    with slowly(server, f"/blocks?64,{MEGABYTE}"):
        begin = time.monotonic()
        with server.connect() as other:
            other.send_request("GET", "/hello")
            assert other.read_response().status == 200
        assert time.monotonic() - begin < 8
