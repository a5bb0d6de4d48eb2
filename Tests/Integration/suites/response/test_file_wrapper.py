"""wsgi.file_wrapper."""

import os

import pytest

import client
from polling import until

pytestmark = pytest.mark.pythons

CONTENT = bytes(range(256)) * 1024


@pytest.fixture
def file(server):
    path = server.scratch / "data"
    path.write_bytes(CONTENT)
    path.chmod(0o644)
    return path


def test_file_is_sent_with_its_length(server, file):
    answer = server.get("/file?name=data")
    assert answer.body == CONTENT and answer.header("Content-Length") == str(len(CONTENT))


def test_file_is_sent_from_its_position(server, file):
    answer = server.get("/file?name=data&seek=1000")
    assert answer.body == CONTENT[1000:] and answer.header("Content-Length") == str(len(CONTENT) - 1000)


def test_declared_length_bounds_what_is_sent(server, file):
    answer = server.get("/file?name=data&length=500&seek=10")
    assert answer.body == CONTENT[10:510]


def test_declared_length_beyond_the_file_is_visible(server, file):
    server.log.allow(r"WSGI\d{4}")
    with pytest.raises(client.Cut) as cut:
        server.get(f"/file?name=data&length={len(CONTENT) + 10}")
    assert cut.value.partial is None or len(cut.value.partial.body) <= len(CONTENT)


@pytest.mark.parametrize("block", [1000, 8192, 1_000_000])
def test_object_that_is_no_file_is_read_in_blocks(server, file, block):
    answer = server.get(f"/file?name=data&memory=1&block={block}")
    assert answer.body == CONTENT


def test_empty_file(server, file):
    file.write_bytes(b"")
    answer = server.get("/file?name=data")
    assert answer.body == b"" and answer.status == 200


def test_large_file(server, file):
    with file.open("wb") as data:
        for number in range(16):
            data.write(bytes([number]) * 1_048_576)
    answer = server.get("/file?name=data")
    assert answer.body == b"".join(bytes([number]) * 1_048_576 for number in range(16))


def test_head_of_a_file(server, file):
    with server.connect() as connection:
        assert connection.request("HEAD", "/file?name=data").header("Content-Length") == str(len(CONTENT))
        assert connection.get("/hello").body == b"hello\n"


def test_no_descriptor_of_the_file_stays_open(server, file):
    for _ in range(10):
        server.get("/file?name=data")
    # The last one is closed with its request, a moment after the client has its answer.
    until(lambda: not any(str(file) in one.descriptors.values() for one in server.processes()), "the file to be closed")


def test_wrapper_seen_from_python(server):
    assert server.get("/file_wrapper").json == {
        "blocks": ["0123", "4567", "89"], "filelike": True, "blksize": 4, "default": 8192, "closed before": False,
        "closed after": True, "filelike after close": "ValueError", "negative": "ValueError", "subclass": True}


def test_missing_file_is_an_exception_of_the_application(server):
    server.log.expect_traceback("FileNotFoundError")
    assert server.get("/file?name=absent").status == 500
    assert not os.path.exists(server.scratch / "absent")
