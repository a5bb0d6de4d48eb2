"""wsgi.file_wrapper around everything that is, or looks like, a file: the same bytes in each mode, with and without sendfile.

What httpd does with a response it does with these: ranges above all, which a static file of the same bytes is compared to.
"""

import concurrent.futures
import os
import re

import pytest

import client
from polling import until
from shared_server import hosting, serving

CONTENT = b"".join(b"%07d\n" % number for number in range(40_000))

CONFIG = """
SetEnv TEST_SCRATCH @SCRATCH@
WSGIScriptAlias /off @APPS@/file_kinds/app.wsgi
WSGIScriptAlias /on @APPS@/file_kinds/app.wsgi
<Location /on>
    WSGIEnableSendfile On
</Location>
<Location /off>
    WSGIEnableSendfile Off
</Location>
WSGIScriptAlias /deflated @APPS@/file_kinds/app.wsgi
<Location /deflated>
    SetOutputFilter DEFLATE
</Location>
Alias /static @SCRATCH@
<Directory @SCRATCH@>
    Require all granted
    FileETag None
    ForceType application/octet-stream
</Directory>
WSGIScriptAlias /hello @APPS@/hello/app.wsgi
"""


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode) + CONFIG, "/hello") as server:
        yield server


@pytest.fixture
def server(server):
    (server.scratch / "data").write_bytes(CONTENT)
    (server.scratch / "data").chmod(0o644)
    return server


@pytest.fixture(params=["off", "on"])
def path(request):
    """Where the application is, without and with sendfile."""
    return f"/{request.param}?kind="


def closes(server):
    return server.note("closed").count("closed")


@pytest.mark.parametrize("kind, expected", [
    ("file", CONTENT), ("unbuffered", CONTENT), ("pipe_itself", CONTENT), ("gzip", CONTENT)])
def test_whatever_reads_is_sent(server, path, kind, expected):
    assert server.get(path + kind).body == expected


@pytest.mark.parametrize("kind, expected", [
    ("descriptor", CONTENT), ("no_descriptor", CONTENT), ("bytes", CONTENT), ("pipe", CONTENT), ("subclass", CONTENT),
    ("iterable", CONTENT), ("generator", CONTENT), ("list", CONTENT.upper())])
def test_it_is_closed_once(server, path, kind, expected):
    assert server.get(path + kind).body == expected
    assert closes(server) == 1


def test_what_httpd_reads_does_not_move_the_position_of_the_application(server, path):
    """A file that the application keeps open can be sent to several clients at once."""
    content = server.scratch / "data"
    content.write_bytes(CONTENT * 10)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: server.get(path + "kept").body, range(32)))
    assert all(body == CONTENT * 10 for body in bodies), [len(body) for body in bodies]


@pytest.mark.parametrize("kind", ["file", "unbuffered", "descriptor", "subclass"])
def test_the_length_of_a_file_is_told_and_of_nothing_else(server, path, kind):
    assert server.get(path + kind).header("Content-Length") == str(len(CONTENT))
    assert server.get(path + "iterable").header("Content-Length") is None


@pytest.mark.parametrize("kind, expected", [("upper", b"ABC\n" * 5000), ("twice", b"abc\nabc\n" * 5000)])
def test_a_subclass_that_makes_other_blocks_is_iterated(server, path, kind, expected):
    (server.scratch / "data").write_bytes(b"abc\n" * 5000)
    if kind == "twice":
        # One block of the default size after the other.
        whole = b"abc\n" * 5000
        expected = b"".join(whole[at:at + 8192] * 2 for at in range(0, len(whole), 8192))
    assert server.get(path + kind).body == expected
    assert closes(server) == 1


@pytest.mark.parametrize("kind", ["file", "unbuffered", "descriptor", "no_descriptor", "bytes", "iterable"])
@pytest.mark.parametrize("seek", [0, 1, 8191, 8192, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 10])
def test_it_is_sent_from_its_position(server, kind, seek):
    for place in ("/off?kind=", "/on?kind="):
        assert server.get(f"{place}{kind}&seek={seek}").body == CONTENT[seek:]


def test_blocks_that_were_taken_before_are_not_sent_again(server, path):
    assert server.get(path + "iterated").body == CONTENT[8192:]
    assert closes(server) == 1


@pytest.mark.parametrize("kind, error", [
    ("text", "TypeError: read.. of a file-like object must return bytes, not str"),
    ("text_in_memory", "TypeError: read.. of a file-like object must return bytes, not str"),
    ("closed_file", "ValueError: read of closed file"), ("closed_wrapper", "ValueError: the file wrapper has been closed")])
def test_what_cannot_be_read_is_a_500(server, path, kind, error):
    server.log.expect_traceback(error)
    assert server.get(path + kind).status == 500
    if kind == "closed_wrapper":
        assert closes(server) == 1


def test_an_exception_in_the_files_close_costs_nothing(server, path):
    answer = server.get(path + "close_raises")
    assert answer.body == CONTENT and "Traceback" not in server.log.text()


@pytest.mark.parametrize("kind", ["descriptor", "no_descriptor", "generator"])
def test_head(server, path, kind):
    with server.connect() as connection:
        answer = connection.request("HEAD", path + kind)
        assert answer.status == 200
        assert kind != "descriptor" or answer.header("Content-Length") == str(len(CONTENT))
        assert connection.get("/hello").status == 200
    assert closes(server) == 1


@pytest.mark.parametrize("kind", ["descriptor", "no_descriptor", "generator", "bytes"])
@pytest.mark.parametrize("length", [0, 1, 100, len(CONTENT)])
def test_no_more_than_the_declared_length_is_sent(server, path, kind, length):
    with server.connect() as connection:
        assert connection.get(f"{path}{kind}&length={length}").body == CONTENT[:length]
        assert connection.get("/hello").body == b"hello\n"
    assert closes(server) == 1


@pytest.mark.parametrize("kind", ["descriptor", "no_descriptor", "generator", "bytes"])
def test_less_than_the_declared_length_is_visible(server, path, kind):
    server.log.expect(rf"WSGI\d+: .*declared a Content-Length of {len(CONTENT) + 5} but returned {len(CONTENT)} bytes")
    server.log.allow("WSGI0119")
    with pytest.raises(client.Cut) as cut:
        server.get(f"{path}{kind}&length={len(CONTENT) + 5}")
    assert cut.value.partial.body == CONTENT
    assert closes(server) == 1


@pytest.mark.parametrize("place", ["/off", "/on", "/deflated"])
def test_a_file_that_shrinks_while_it_is_sent_is_a_cut_response(server, place):
    """Memory that is mapped to it would end the process."""
    server.log.allow("AH10298: failed reading")
    data = server.scratch / "data"
    with data.open("wb") as file:
        for number in range(256):
            file.write(os.urandom(1 << 16))
    children = {one.pid for one in server.processes()}
    with server.connect(receive_buffer=4096) as connection:
        connection.send_request("GET", f"{place}?kind=descriptor", {"Accept-Encoding": "gzip"})
        response = connection.read_head()
        assert response.status == 200
        assert not connection.is_silent(5)
        os.truncate(data, 1 << 15)
        with pytest.raises(client.Cut):
            connection.read_body(response)
    assert closes(server) == 1
    until(lambda: {one.pid for one in server.processes()} == children, "the processes to be those of before", timeout=2)
    assert server.get("/hello").status == 200


# Ranges

def comparable(answer):
    """What is to be the same, with the boundary of a multipart answer made neutral."""
    told = {name: answer.header(name) for name in ("Content-Range", "Content-Length", "Content-Type")}
    body = answer.body
    if boundary := re.search("boundary=(.*)", told["Content-Type"] or ""):
        told["Content-Type"] = "multipart/byteranges"
        body = body.replace(boundary[1].encode(), b"BOUNDARY")
    return answer.status, told, body


@pytest.mark.parametrize("kind", ["file", "descriptor", "subclass"])
@pytest.mark.parametrize("wanted, status", [
    ("0-9", 206), ("100-", 206), ("-100", 206), (f"{len(CONTENT) - 5}-{len(CONTENT) + 5}", 206), ("0-", 206),
    ("0-9,20-29", 206), ("0-9,-10", 206), ("0-0,-1", 206), (f"{len(CONTENT)}-", 416), ("5-2", 200), ("x-y", 200)])
def test_a_range_is_answered_as_for_a_static_file(server, path, kind, wanted, status):
    headers = {"Range": f"bytes={wanted}"}
    static = server.get("/static/data", headers)
    ours = server.get(path + kind + '&etag="one"', headers)
    assert ours.status == static.status == status
    assert comparable(ours) == comparable(static)


@pytest.mark.parametrize("validator, status", [('"one"', 206), ('"two"', 200), ('W/"one"', 200)])
def test_if_range(server, path, validator, status):
    answer = server.get(path + 'file&etag="one"', {"Range": "bytes=10-19", "If-Range": validator})
    assert answer.status == status
    assert answer.body == (CONTENT[10:20] if status == 206 else CONTENT)


def test_a_range_of_a_file_from_its_position(server, path):
    answer = server.get(path + "descriptor&seek=1000", {"Range": "bytes=0-9"})
    assert (answer.status, answer.body) == (206, CONTENT[1000:1010])
    assert answer.header("Content-Range") == f"bytes 0-9/{len(CONTENT) - 1000}"
    assert closes(server) == 1


def test_a_range_leaves_the_connection_in_order(server, path):
    with server.connect() as connection:
        for _ in range(3):
            assert connection.get(path + "file", {"Range": "bytes=-5"}).body == CONTENT[-5:]
            assert connection.get("/hello").body == b"hello\n"
