"""wsgi.input: its methods, and bodies of every size and speed."""

import hashlib

import pytest

import client
from shared_server import hosting

pytestmark = [pytest.mark.mpms, pytest.mark.pythons]

LINES = b"one\ntwo\n\nfour without end"


def calls(server, query, body=LINES):
    return server.request("POST", f"/input_calls?{query}", body=body).json


@pytest.mark.parametrize("query, expected", [
    ("read=", [LINES.decode()]),
    ("read=-1", [LINES.decode()]),
    ("read=3", ["one"]),
    ("read=5&read=5", ["one\nt", "wo\n\nf"]),
    ("read=1000", [LINES.decode()]),
    ("read=0&read=3", ["", "one"]),
    ("read=3&read=0&read=1", ["one", "", "\n"]),
    ("read=&read=&read=5", [LINES.decode(), "", ""]),
    ("readline=", ["one\n"]),
    ("readline=&readline=&readline=&readline=&readline=", ["one\n", "two\n", "\n", "four without end", ""]),
    ("readline=2&readline=2&readline=2", ["on", "e\n", "tw"]),
    ("readline=0&readline=100", ["", "one\n"]),
    ("readline=-1", ["one\n"]),
    ("readlines=", [["one\n", "two\n", "\n", "four without end"]]),
    ("readlines=0", [["one\n", "two\n", "\n", "four without end"]]),
    ("readlines=-1", [["one\n", "two\n", "\n", "four without end"]]),
    ("readlines=5", [["one\n", "two\n"]]),
    ("iterate=", [["one\n", "two\n", "\n", "four without end"]]),
    ("next=&read=", ["one\n", "two\n\nfour without end"]),
    ("read=&next=", [LINES.decode(), {"raised": "StopIteration"}]),
    ("readline=&read=2&readlines=", ["one\n", "tw", ["o\n", "\n", "four without end"]]),
    ("close=&read=3", [None, "one"]),
])
def test_calls(server, query, expected):
    assert calls(server, query) == expected


@pytest.mark.parametrize("query", ["read=", "read=10", "readline="])
def test_no_body_reads_as_empty(server, query):
    assert server.get(f"/input_calls?{query}").json == [""]


@pytest.mark.parametrize("query", ["read=", "read=10", "readline="])
def test_content_length_zero_reads_as_empty(server, query):
    assert calls(server, query, b"") == [""]


def test_no_body_iterates_over_nothing(server):
    assert server.get("/input_calls?iterate=&readlines=").json == [[], []]


def test_none_as_size_reads_everything(server):
    assert calls(server, "read_none=", b"one\ntwo") == ["one\ntwo"]


def test_long_line(server):
    body = b"x" * 100_000 + b"\nend"
    assert calls(server, "readline=&readline=", body) == ["x" * 100_000 + "\n", "end"]


def test_every_byte_value(server):
    body = bytes(range(256))
    assert calls(server, "read=", body)[0].encode("latin-1") == body


@pytest.mark.parametrize("size", [1, 1000, 8191, 8192, 65_535, 65_536, 65_537, 1_000_000, 25_000_000])
@pytest.mark.parametrize("block", [65536, 4000])
def test_upload(server, size, block):
    body = _pattern(size)
    answer = server.request("POST", f"/input_digest?{block}", body=body)
    assert answer.text == f"{size} {hashlib.sha256(body).hexdigest()}"


def test_upload_that_arrives_byte_by_byte(server):
    with server.connect() as connection:
        connection.send(b"POST /input_digest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n")
        for number in range(40):
            connection.send(b"%d" % (number % 10))
        answer = connection.read_response()
    assert answer.text == f"40 {hashlib.sha256(b'0123456789' * 4).hexdigest()}"


def test_lines_are_answered_while_the_body_still_arrives(server):
    first, second = b"a" * 69_999 + b"\n", b"b" * 69_999 + b"\n"
    with server.connect() as connection:
        connection.send(b"POST /input_echo_as_read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 140000\r\n\r\n")
        connection.send(first)
        response = connection.read_head()
        blocks = connection.blocks(response)
        echo = b""
        while len(echo) < len(first):
            echo += next(blocks)
        assert echo == first.upper()
        connection.send(second)
        assert b"".join(blocks) == second.upper()


@pytest.mark.parametrize("size", [10, 70_000, 5_000_000])
def test_connection_goes_on_after_a_body_that_was_not_read(server, size):
    with server.connect() as connection:
        assert connection.request("POST", "/input_unread", body=b"x" * size).body == b"ignored\n"
        assert connection.get("/hello").body == b"hello\n"


@pytest.mark.parametrize("size", [10, 70_000, 5_000_000])
def test_application_writes_before_it_reads(server, size):
    answer = server.request("POST", "/input_late", body=b"x" * size)
    assert answer.body == b"." * 1_048_576 + b"\n%d" % size


@pytest.mark.parametrize("path, body", [("/input_digest", b"12345"), ("/input_digest", b"1" * 70_000)])
def test_expect_continue_is_answered_when_the_body_is_wanted(server, path, body):
    head = client.request_bytes("POST", path, {"Expect": "100-continue", "Content-Length": str(len(body))})
    with server.connect() as connection:
        connection.send(head)
        assert connection.read_head().status == 100
        connection.send(body)
        answer = connection.read_response()
    assert answer.text.startswith(f"{len(body)} ")


def test_interim_answer_never_lands_in_the_body(server):
    head = client.request_bytes("POST", "/input_late", {"Expect": "100-continue", "Content-Length": "5"})
    with server.connect() as connection:
        connection.send(head)
        response = connection.read_head()
        while response.status == 100:
            response = connection.read_head()
        connection.send(b"12345")
        assert connection.read_body(response).body == b"." * 1_048_576 + b"\n5"


def test_chunked_body_is_refused_unless_allowed(server):
    server.log.allow(r"WSGI0138|chunked")
    answer = _chunked(server, "/input_digest", b"abc")
    assert answer.status == 411


@pytest.mark.parametrize("blocks", [(), (b"abc",), (b"a", b"b" * 70_000, b"c"), (b"x" * 1000,) * 1000])
def test_chunked_body(server, blocks):
    answer = _chunked(server, "/input_chunked", *blocks)
    body = b"".join(blocks)
    assert answer.text == f"{len(body)} {hashlib.sha256(body).hexdigest()}"


def test_unknown_transfer_encoding_is_refused(server):
    server.log.allow(r"WSGI0138|AH\d+")
    answer = server.request("POST", "/input_digest", {"Transfer-Encoding": "gzip", "Connection": "close"})
    assert answer.status in (400, 501)


def test_body_over_the_limit_is_refused(server):
    server.log.allow(r"WSGI0141|AH01587|AH01588|is larger than the configured limit")
    assert server.request("POST", "/input_limited", body=b"x" * 1001).status == 413


def test_body_at_the_limit_is_accepted(server):
    assert server.request("POST", "/input_limited", body=b"x" * 1000).text.startswith("1000 ")


def test_body_that_stalls_is_a_timeout(launch, mode):
    server = launch(hosting(mode) + "WSGIScriptAlias / @APPS@/input_digest/app.wsgi\nRequestReadTimeout body=1\n"
                    "Alias /ready.txt @ROOT@/htdocs/ready.txt")
    server.log.allow(r"WSGI0126|WSGI0174|AH01382|timeout|timed out|Traceback|  File|\^\^|OSError|while block")
    with server.connect() as connection:
        connection.send(b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12")
        assert connection.read_response().status in (408, 500)


def test_streams_of_an_ended_request_are_dead(server):
    with server.connect() as connection:
        connection.request("POST", "/input_kept?keep", body=b"x" * 100)
        answer = connection.get("/input_kept?use")
    assert answer.text.splitlines() == [
        "read: RuntimeError", "readline: RuntimeError", "write: RuntimeError", "start_response: RuntimeError"]


def test_client_that_leaves_inside_its_body_is_an_os_error(server):
    server.log.allow(r"WSGI0126|WSGI0174|read error|Connection reset|End of file")
    with server.connect() as connection:
        connection.send(b"POST /input_broken HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n" + b"x" * 200_000)
        server.note("reading")
        connection.reset()
    assert server.note("ended") == "OSError"


def _pattern(size: int) -> bytes:
    block = bytes((number * 7 + number // 256) % 256 for number in range(65_536 + 1))
    return (block * (size // len(block) + 1))[:size]


def _chunked(server, path, *blocks):
    with server.connect() as connection:
        connection.send(client.request_bytes("POST", path, {"Transfer-Encoding": "chunked"}) + client.chunked(*blocks))
        return connection.read_response()
