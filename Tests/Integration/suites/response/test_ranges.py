"""Range and conditions: httpd answers ranges of files for GET, everything else is the application's business."""

import json
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.mpms

SIZES = [26, 1000, 20_000, 70_000, 1_000_000]


def url(size=26, *headers, **wanted):
    return "/answer?" + quote(json.dumps({"headers": [["Content-Type", "text/html"], *headers], "blocks": ["x" * size]} | wanted))


@pytest.fixture
def file(server):
    path = server.scratch / "data"
    path.write_bytes(bytes(range(256)) * 16)
    path.chmod(0o644)
    return str(path)


@pytest.mark.parametrize("wanted", ["bytes=1-2", "bytes=0-", "bytes=-1", "bytes=100000000-200000000", "bytes=0-0,5-6"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PROPFIND"])
@pytest.mark.parametrize("iterate", [False, True])
def test_pages_are_answered_whole(server, method, wanted, iterate):
    for name in "Range", "Request-Range":
        answer = server.request(method, url(iterate=iterate), {name: wanted}, b"" if method != "GET" else None)
        assert (answer.status, answer.body, answer.header("Content-Range")) == (200, b"x" * 26, None)


@pytest.mark.parametrize("length", [False, True])
def test_pages_of_any_size_are_answered_whole(server, length):
    for size in 26, 1000, 4000:
        page = url(size, *([["Content-Length", str(size)]] if length else []))
        assert server.get(page, {"Range": "bytes=1-2"}).body == b"x" * size
    for size in SIZES:
        answer = server.get(f"/blocks?1,{size}{',length' if length else ''}", {"Range": "bytes=1-2"})
        assert (answer.status, len(answer.body)) == (200, size)


@pytest.mark.parametrize("value", ["none", "bytes", "pages"])
def test_accept_ranges_is_the_applications(server, value):
    for headers in {}, {"Range": "bytes=1-2"}:
        assert server.get(url(26, ["Accept-Ranges", value]), headers).all("Accept-Ranges") == [value]
        assert server.get(url(), headers).all("Accept-Ranges") == []


def test_a_range_of_the_application_is_left_alone(server):
    own = url(2, ["Content-Range", "bytes 1-2/26"], ["Content-Length", "2"], status="206 Partial Content")
    answer = server.get(own, {"Range": "bytes=1-2"})
    assert (answer.status, answer.body, answer.header("Content-Range")) == (206, b"xx", "bytes 1-2/26")


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
@pytest.mark.parametrize("wanted", ["bytes=1-2", "bytes=5000-"])
def test_files_are_answered_whole_but_for_get(server, file, method, wanted):
    body = None if method == "HEAD" else b""
    answer = server.request(method, url(file=file), {"Range": wanted}, body)
    assert (answer.status, answer.header("Content-Length"), answer.header("Content-Range")) == (200, "4096", None)
    assert len(answer.body) == (0 if method == "HEAD" else 4096)


def test_a_range_of_a_file_for_get(server, file):
    answer = server.get(url(file=file), {"Range": "bytes=1-2"})
    assert (answer.status, answer.body, answer.header("Content-Range")) == (206, b"\1\2", "bytes 1-2/4096")
    assert server.get(url(file=file), {"Range": "bytes=5000-"}).status == 416


def test_a_range_of_pages_leaves_the_connection_in_order(server, file):
    with server.connect() as connection:
        for _ in range(3):
            assert connection.get(url(), {"Range": "bytes=1-2"}).status == 200
            assert connection.get(url(file=file), {"Range": "bytes=1-2"}).status == 206
            assert connection.request("HEAD", url(file=file), {"Range": "bytes=1-2"}).status == 200
            assert connection.get("/hello").body == b"hello\n"


CONDITIONS = [{"If-None-Match": '"one"'}, {"If-None-Match": "*"}, {"If-Match": '"two"'},
              {"If-Modified-Since": "Sat, 21 Nov 2020 00:00:00 GMT"}, {"If-Unmodified-Since": "Thu, 21 Nov 2019 00:00:00 GMT"},
              {"If-Range": '"one"', "Range": "bytes=1-2"}]


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_conditions_are_the_applications_business(server, method, condition):
    page = url(26, ["ETag", '"one"'], ["Last-Modified", "Sat, 21 Nov 2020 00:00:00 GMT"])
    answer = server.request(method, page, condition, b"" if method == "POST" else None)
    assert (answer.status, answer.header("ETag")) == (200, '"one"')
    assert answer.body == (b"" if method == "HEAD" else b"x" * 26)
