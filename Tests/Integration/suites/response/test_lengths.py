"""A declared Content-Length against the body: what filters make of it counts, and what is missing is visible."""

import gzip
import json
from urllib.parse import quote

import pytest

import client
import env
from httpd_config import load
from polling import until
from shared_server import hosting, serving

pytestmark = pytest.mark.mpms

CONTENT = bytes(range(256)) * 4097
FILTERS = """
@MODULES@
WSGIScriptAlias /plain @APPS@/answer/app.wsgi
WSGIScriptAlias /deflate @APPS@/answer/app.wsgi
WSGIScriptAlias /off @APPS@/answer/app.wsgi
WSGIScriptAlias /other @APPS@/answer/app.wsgi
WSGIScriptAlias /sendfile @APPS@/answer/app.wsgi
<LocationMatch ^/(deflate|off)>
    SetOutputFilter DEFLATE
</LocationMatch>
<Location /off>
    WSGIMapHEADToGET Off
</Location>
<IfModule ext_filter_module>
    ExtFilterDefine other PreservesContentLength cmd="/bin/sh -c 'cat > /dev/null; printf 0123456789'"
    <Location /other>
        SetOutputFilter other
    </Location>
</IfModule>
<IfModule xsendfile_module>
    <Location /sendfile>
        XSendFile On
        XSendFilePath @SCRATCH@
    </Location>
</IfModule>
"""


@pytest.fixture(scope="module")
def hosted(platform, mode):
    modules = "\n".join(map(load, ("ext_filter", "xsendfile")))
    with serving(platform, hosting(mode) + FILTERS, "/plain?{}", MODULES=modules) as server:
        yield server


def needs(module):
    return pytest.mark.skipif(not (env.module_directory() / f"mod_{module}.so").exists(), reason=f"no mod_{module}")


def url(path, *, length=10, headers=(), **wanted):
    declared = [["Content-Type", "text/plain"], ["Content-Length", str(length)], *headers]
    return f"{path}?{quote(json.dumps({'headers': declared} | wanted))}"


@pytest.fixture
def file(server):
    path = server.scratch / "data"
    path.write_bytes(CONTENT)
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("iterate", [False, True])
@pytest.mark.parametrize("blocks", [[], [""], ["four"], ["x" * 9], ["a", "b", "c"]])
def test_short_body_breaks_off_behind_its_head(server, blocks, iterate):
    server.log.expect(r"WSGI1101: .* Content-Length of 10 but returned %d bytes" % len("".join(blocks)))
    with pytest.raises(client.Cut) as cut:
        server.get(url("/plain", blocks=blocks, iterate=iterate))
    head = cut.value.partial
    assert head.status == 200 and head.header("Content-Length") == "10" and head.body == "".join(blocks).encode()


def test_short_file_breaks_off_behind_its_head(server, file):
    server.log.expect("WSGI1101")
    with pytest.raises(client.Cut) as cut:
        server.get(url("/plain", length=len(CONTENT) + 1, file=str(file)))
    assert cut.value.partial.status == 200 and cut.value.partial.body == CONTENT


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("blocks", [["four"], ["a", "b"]])
def test_a_filter_does_not_make_a_short_body_whole(server, blocks, encoding):
    server.log.expect("WSGI1101")
    with pytest.raises(client.Cut) as cut:
        server.get(url("/deflate", blocks=blocks), {"Accept-Encoding": encoding})
    assert cut.value.partial.status == 200


@pytest.mark.parametrize("path", ["/plain", "/deflate", "/off"])
@pytest.mark.parametrize("blocks", [[], [""], ["four"]])
def test_head_needs_no_body(server, path, blocks):
    with server.connect() as connection:
        for encoding in "gzip", "identity":
            answer = connection.request("HEAD", url(path, blocks=blocks), {"Accept-Encoding": encoding})
            assert answer.status == 200 and (blocks == ["four"] or answer.header("Content-Length") == "10")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_status_without_body_needs_none(server, status):
    with server.connect() as connection:
        for _ in range(2):
            assert connection.get(url("/plain", status=status)).status == int(status[:3])


def test_whole_body_passes_a_filter(server):
    answer = server.get(url("/deflate", length=3000, blocks=["x" * 1000] * 3), {"Accept-Encoding": "gzip"})
    assert answer.header("Content-Encoding") == "gzip" and gzip.decompress(answer.body) == b"x" * 3000


@needs("ext_filter")
@pytest.mark.parametrize("blocks", [[], [""], ["name"], ["a", "b"]])
def test_body_of_a_filter_counts(server, blocks):
    with server.connect() as connection:
        for _ in range(2):
            answer = connection.get(url("/other", blocks=blocks))
            assert (answer.status, answer.header("Content-Length"), answer.body) == (200, "10", b"0123456789")


@needs("ext_filter")
def test_short_body_of_a_filter_breaks_off(server):
    server.log.expect("WSGI1101")
    with pytest.raises(client.Cut) as cut:
        server.get(url("/other", length=11))
    assert (cut.value.partial.status, cut.value.partial.body) == (200, b"0123456789")


@needs("xsendfile")
@pytest.mark.parametrize("blocks", [[], [""], ["never sent"]])
def test_x_sendfile(server, file, blocks):
    path = url("/sendfile", length=len(CONTENT), blocks=blocks, headers=[["X-Sendfile", str(file)]])
    with server.connect() as connection:
        answer = connection.get(path)
        assert (answer.status, answer.body, answer.header("X-Sendfile")) == (200, CONTENT, None)
        head = connection.request("HEAD", path)
        assert (head.status, head.header("Content-Length")) == (200, str(len(CONTENT)))
        part = connection.get(path, {"Range": "bytes=5-9"})
        assert (part.status, part.body) == (206, CONTENT[5:10])


@needs("xsendfile")
def test_x_sendfile_of_a_missing_file(server):
    server.log.allow("xsendfile")
    assert server.get(url("/sendfile", headers=[["X-Sendfile", str(server.scratch / "absent")]])).status == 404


@pytest.mark.parametrize("name", ["X-Accel-Redirect", "X-Sendfile", "X-LIGHTTPD-send-file"])
def test_head_for_a_server_in_front(server, name):
    """It has the headers and closes the connection; nobody's mistake is logged."""
    with pytest.raises(client.Cut) as cut:
        server.get(url("/plain", headers=[[name, "/protected/data"]]))
    head = cut.value.partial
    assert (head.status, head.header("Content-Length"), head.header(name)) == (200, "10", "/protected/data")
    assert head.body == b""


@pytest.mark.parametrize("blocks, tells", [
    (["four"], "10 but returned 4 bytes"), (["x" * 7, "y" * 6], "10 and returned 13 bytes"),
    (["x" * 5000], "10 and returned 5000 bytes")])
def test_both_numbers_are_logged_for_debugging(launch, mode, blocks, tells):
    server = launch(hosting(mode) + "LogLevel wsgi:debug\nWSGIScriptAlias /plain @APPS@/answer/app.wsgi\n")
    server.log.allow("WSGI1101|WSGI1102")
    for iterate in False, True:
        try:
            assert server.get(url("/plain", blocks=blocks, iterate=iterate)).body == b"".join(
                block.encode() for block in blocks)[:10]
        except client.Cut:
            pass
    until(lambda: server.log.text().count(tells) == 2, "two records")


def test_no_number_is_logged_for_a_whole_body(launch, mode):
    server = launch(hosting(mode) + "LogLevel wsgi:debug\nWSGIScriptAlias /plain @APPS@/answer/app.wsgi\n")
    assert server.get(url("/plain", blocks=["0123456789"])).status == 200
    assert server.request("HEAD", url("/plain")).status == 200
    assert "WSGI1102" not in server.log.text()
