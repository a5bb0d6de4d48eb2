"""Embedded and daemon mode cannot be told apart: random requests and responses go through both, and are compared."""

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import client
from shared_server import audited, hosting, serving

_CONFIG = """
SetEnv TEST_SCRATCH @SCRATCH@
WSGIChunkedRequest On
AllowEncodedSlashes NoDecode
WSGIScriptAlias /embedded @APPS@/mirror/app.wsgi process-group=%{GLOBAL} application-group=mirror
WSGIScriptAlias /indaemon @APPS@/mirror/app.wsgi process-group=main application-group=mirror
"""

#: What may differ: who served the request, and when.
_OWN = re.compile(r"mod_wsgi\.(process_group|(request|connection|thread)_id|\w+_start|server_pid)|REMOTE_PORT|UNIQUE_ID")

#: What httpd and HTTP allow in a header; the rest has tests of its own.
_VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40).map(
    lambda text: text.strip(" \xa0\x85"))
_TOKEN = st.text("abcXYZ019-", min_size=1, max_size=12).map(lambda text: "X-" + text)
_BLOCK = st.text(st.characters(max_codepoint=0xFF), max_size=200)
_STATUS = st.sampled_from(["200 OK", "200", "201 Created", "204 No Content", "304 Not Modified", "302 Found", "404 Häh",
                           "418 I'm a teapot", "500 Ours", "599 Unknown to httpd", "206 Partial Content"])

answers = st.fixed_dictionaries({
    "status": _STATUS,
    "headers": st.lists(
        st.tuples(_TOKEN, _VALUE) | st.sampled_from([
            ("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "a=b; Path=/"), ("Set-Cookie", "c=d"),
            ("WWW-Authenticate", "Basic realm=a"), ("WWW-Authenticate", "Digest realm=b"), ("Vary", "Cookie"),
            ("Vary", "Accept"), ("Cache-Control", "no-store"), ("ETag", '"x"'), ("Location", "http://elsewhere.test/x"),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")]), max_size=6),
    "blocks": st.lists(_BLOCK, max_size=5),
    "how": st.sampled_from(["list", "generator", "write", "file"]),
    "sizes": st.lists(st.integers(0, 5000), max_size=4),
})

requests = st.fixed_dictionaries({
    "method": st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "PROPFIND"]),
    "path": st.lists(st.text(max_size=8).map(lambda text: quote(text, safe="")), max_size=3).map(
        lambda parts: "/".join(["", *(part for part in parts if part not in (".", "..") and "%00" not in part)])),
    "query": st.none() | st.text(max_size=20).map(lambda text: quote(text, safe="=&%+")),
    "headers": st.lists(st.tuples(_TOKEN, _VALUE), max_size=4),
    "body": st.none() | st.binary(max_size=3000) | st.integers(60_000, 70_000).map(lambda size: b"line\n" * (size // 5)),
    "chunked": st.booleans(),
})


@pytest.fixture(scope="session")
def hosted(platform):
    with serving(platform, hosting("daemon", "threads=4").replace("WSGIProcessGroup main", "WSGIPythonHome @VENV@")
                 + _CONFIG, "/ready.txt") as server:
        yield server


def exchange(server, mount, request, answer):
    """What the application saw and what the client got, without what belongs to the mode."""
    headers = [("X-Answer", quote(json.dumps(answer))), *request["headers"]]
    body = request["body"]
    if body is not None and request["chunked"]:
        headers.append(("Transfer-Encoding", "chunked"))
        body = client.chunked(*filter(None, (body[:1000], body[1000:])))
    path = mount + request["path"] + ("" if request["query"] is None else "?" + request["query"])
    try:
        got = server.request(request["method"], path, headers, body)
    except client.Cut as cut:
        got = cut.partial
    file = server.scratch / "mirrored"
    seen = json.loads(file.read_text()) if file.exists() else None
    file.unlink(missing_ok=True)
    # What the client sent may contain the name of the mount, too.
    neutral = json.dumps(seen and {
        key: value if key.startswith("HTTP_") else value.replace(mount, "/mount", 1)
        for key, value in seen.items() if not _OWN.fullmatch(key)})
    told = [(name, value) for name, value in got.headers if name != "Date"]
    return neutral, (got.status, got.reason, sorted(told), got.body)


@settings(max_examples=300, deadline=None, derandomize=True, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(request=requests, answer=answers)
def test_both_modes_agree(hosted, request, answer):
    with audited(hosted) as server:
        assert exchange(server, "/embedded", request, answer) == exchange(server, "/indaemon", request, answer)
