"""What applications write reaches the error log, and that of the right virtual host."""

import re
from urllib.parse import quote

import pytest

from polling import until

pytestmark = pytest.mark.pythons

LOGS = [({}, "error.log", "error_one.log"), ({"Host": "one.test"}, "error_one.log", "error.log")]


@pytest.mark.parametrize("headers, mine, other", LOGS, ids=["main", "vhost"])
@pytest.mark.parametrize("stream", ["errors", "stderr", "stdout"])
def test_stream_goes_to_the_log_of_the_host(server, headers, mine, other, stream):
    server.log.allow("errors: |stderr: |stdout: |partial line")
    server.get("/log_streams?marked", headers)
    server.log.wait_for(f"{stream}: marked$", name=mine)
    assert f"{stream}: marked" not in server.log.text(other)


@pytest.mark.parametrize("headers, mine, other", LOGS, ids=["main", "vhost"])
def test_traceback_goes_to_the_log_of_the_host(server, headers, mine, other):
    server.log.expect_traceback("ValueError: raised on purpose")
    assert server.get("/violate?raise", headers).status == 500
    server.log.wait_for("ValueError: raised on purpose", name=mine)
    assert "raised on purpose" not in server.log.text(other)


def test_partial_line_is_logged_when_flushed(server):
    server.log.allow("errors: |stderr: |stdout: ")
    server.get("/log_streams?x")
    server.log.wait_for("partial line$")


def test_line_names_the_client(server):
    server.log.allow("stderr: |stdout: |partial")
    server.get("/log_streams?named")
    assert "127.0.0.1" in server.log.wait_for("errors: named").string


def test_every_line_is_an_entry_of_its_own(server):
    server.log.allow("errors: |stderr: |stdout: |partial|second|third", r"app\.wsgi\] $")
    server.get("/log_streams?" + quote("first\nsecond\nthird"))
    server.log.wait_for(r"\] .*errors: first$")
    server.log.wait_for(r"\] .*second$")
    server.log.wait_for(r"\] .*third$")


def test_text_beyond_ascii(server):
    server.log.allow("errors: |stderr: |stdout: |partial")
    server.get("/log_streams?" + quote("žluťoučký"))
    server.log.wait_for(r"errors: (žluťoučký|(\\x[0-9a-f]{2}|\w)+)$")


def test_control_characters_cannot_forge_a_line(server):
    server.log.allow("errors: |stderr: |stdout: |partial|forged", r"app\.wsgi\] $")
    server.get("/log_streams?" + quote("a\r[forged] b\x1b[31m"))
    line = server.log.wait_for("errors: a").string
    assert "\x1b" not in line and "\r" not in line


def test_long_line_does_not_harm(server):
    server.log.allow("errors: |stderr: |stdout: |partial|xxx")
    assert server.get("/log_streams?" + "x" * 7000).body == b"logged"
    server.log.wait_for("xxxx")


def test_long_line_is_logged_whole(server):
    server.log.allow(r"\d{7}")
    assert server.get("/log_long").body == b"logged"
    server.log.wait_for("0007281")
    parts = [re.sub(r"^.*?\[client [^]]*\] (\[script [^]]*\] )?", "", line) for line in server.log.lines() if r"\xa9" in line]
    assert len(parts) > 8
    # httpd writes a byte that is not ASCII as \xNN.
    assert "".join(parts) == "".join(rf"{number:07d}\xc3\xa9" for number in range(7282))


def test_background_thread_is_logged(server):
    server.log.allow("from the background")
    server.get("/log_thread")
    server.log.wait_for("from the background")


def test_errors_object(server):
    told = server.get("/errors_object").json
    assert told == {"encoding": "utf-8", "errors": told["errors"], "isatty": False, "closed": False, "writable": True,
                    "readable": False}
    assert told["errors"] in ("replace", "backslashreplace")


def test_access_log_has_the_applications_status(server):
    log = server.root / "logs" / "access.log"
    before = log.stat().st_size
    server.get("/hello?access")
    until(lambda: b'"GET /hello?access HTTP/1.1" 200 6' in log.read_bytes()[before:], "the line of the access log")
