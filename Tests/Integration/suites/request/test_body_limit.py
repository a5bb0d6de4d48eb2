"""LimitRequestBody where nobody knows beforehand how long the body is: chunked, and inflated by a filter."""

import gzip
import json

import pytest

import client
from shared_server import hosting, serving

pytestmark = pytest.mark.mpms

LIMIT = 100_000

CONFIG = """
SetEnv TEST_SCRATCH @SCRATCH@
LimitRequestBody 100000
WSGIScriptAlias /refused @APPS@/input_count/app.wsgi
WSGIScriptAlias /reading @APPS@/input_count/app.wsgi
WSGIScriptAlias /inflated @APPS@/input_count/app.wsgi
WSGIScriptAlias /catching @APPS@/seen/app.wsgi
WSGIScriptAlias /unread @APPS@/input_unread/app.wsgi
WSGIScriptAlias /echoing @APPS@/input_echo_as_read/app.wsgi
<LocationMatch "^/(reading|inflated|catching|unread|echoing)">
    WSGIChunkedRequest On
</LocationMatch>
<Location /inflated>
    SetInputFilter DEFLATE
    DeflateInflateRatioLimit 2000
</Location>
"""

SAID = "WSGI0126: The request body could not be read: it is larger than LimitRequestBody"
RAISED = "OSError: mod_wsgi request data read error: the request body is larger than LimitRequestBody allows"


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode) + CONFIG, "/reading") as server:
        yield server


def send(connection, path, *blocks):
    connection.send(client.request_bytes("POST", path, {"Transfer-Encoding": "chunked"}) + client.chunked(*blocks))
    return connection.read_response()


@pytest.mark.parametrize("blocks", [[b"x" * LIMIT], [b"x" * 1000] * 100])
def test_a_chunked_body_of_the_limit_is_read(server, blocks):
    with server.connect() as connection:
        assert send(connection, "/reading", *blocks).text == str(LIMIT)
        assert send(connection, "/reading", b"x").text == "1"


@pytest.mark.parametrize("blocks", [[b"x" * (LIMIT + 1)], [b"x" * 1000] * 101, [b"x" * 70_000] * 40])
def test_a_longer_one_is_a_413_while_the_application_reads(server, blocks):
    server.log.expect(SAID)
    server.log.expect_traceback(RAISED)
    with server.connect() as connection:
        answer = send(connection, "/reading", *blocks)
        # What is left of the body is not read: it cannot be told from the next request.
        assert answer.status == 413 and answer.header("Connection") == "close" and connection.at_end()
    assert server.get("/reading").text == "0"


def test_an_application_may_catch_the_error_and_answer_itself(server):
    server.log.expect(SAID)
    with server.connect() as connection:
        answer = send(connection, "/catching", *[b"x" * 1000] * 120)
        assert (answer.status, answer.body) == (400, b"the body is broken") and connection.at_end()
    assert RAISED.endswith(json.loads(server.note("seen"))["error"])
    assert "Traceback" not in server.log.text()


def test_the_limit_hits_an_answer_that_has_begun(server):
    server.log.expect(SAID)
    server.log.expect_traceback(RAISED)
    with server.connect() as connection:
        connection.send(client.request_bytes("POST", "/echoing", {"Transfer-Encoding": "chunked"}))
        connection.send(b"5\r\nline\n\r\n")
        answer = connection.read_head()
        blocks = connection.blocks(answer)
        assert next(blocks) == b"LINE\n"
        connection.send(b"%x\r\n%b\r\n" % (LIMIT, b"x" * LIMIT))
        with pytest.raises(client.Cut):
            list(blocks)
    assert answer.status == 200


def test_a_body_that_nobody_reads_costs_nothing(server):
    with server.connect() as connection:
        connection.send(client.request_bytes("POST", "/unread", {"Transfer-Encoding": "chunked"}))
        connection.send(client.chunked(*[b"x" * 1000] * 120))
        assert connection.read_response().body == b"ignored\n"
    assert server.get("/reading").status == 200


def test_a_body_that_is_longer_when_unpacked_is_a_413_too(server):
    """mod_deflate counts what it makes of a body."""
    server.log.expect("AH02648", SAID)
    server.log.expect_traceback("WSGI0126", tag="WSGI0126")
    server.log.allow("WSGI0174|OSError")  # daemon mode reads so small a body before the application is entered
    packed = gzip.compress(b"some text of " * LIMIT)
    answer = server.request("POST", "/inflated", {"Content-Encoding": "gzip"}, packed)
    assert answer.status == 413 and len(packed) < LIMIT


@pytest.mark.parametrize("path, size", [("/refused", 10), ("/refused", LIMIT + 1)])
def test_without_permission_it_is_a_411_and_the_log_has_the_remedy(server, path, size):
    server.log.expect(r"WSGI0138: Rejected with 411: the request body has no length .*set WSGIChunkedRequest On")
    with server.connect() as connection:
        answer = send(connection, path, b"x" * size)
        assert answer.status == 411
    assert len([line for line in server.log.lines() if "WSGI0138" in line]) == 1
