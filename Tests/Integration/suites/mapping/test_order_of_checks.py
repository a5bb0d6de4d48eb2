"""Requests with more than one thing wrong: which of them is answered."""

import pytest

import client
from shared_server import serving

CONFIG = """
WSGIRestrictEmbedded On
LimitRequestBody 1000
WSGIScriptAlias /absent @APPS@/hello/absent.wsgi
WSGIScriptAlias /app @APPS@/hello/app.wsgi
WSGIScriptAlias /no_info @APPS@/hello/app.wsgi
WSGIScriptAlias /unknown @APPS@/hello/app.wsgi process-group=unknown
WSGIScriptAlias /restricted @APPS@/hello/app.wsgi process-group=unknown
WSGIScriptAlias /dispatched @APPS@/hello/app.wsgi
<Location /no_info>
    AcceptPathInfo Off
</Location>
<Location /restricted>
    WSGIRestrictProcess other
</Location>
<Location /dispatched>
    WSGIDispatchScript @APPS@/hooks/broken.py
</Location>
<Directory @ROOT@/htdocs>
    AddHandler wsgi-script .wsgi
</Directory>
WSGIPythonHome @VENV@
"""

CHUNKED = [("Transfer-Encoding", "chunked")]
LONG = [("Content-Length", "1001")]


@pytest.fixture(scope="module")
def hosted(platform):
    with serving(platform, CONFIG, "/ready.txt") as server:
        yield server


@pytest.mark.parametrize("path, headers, status, tag", [
    ("/absent.wsgi", CHUNKED, 403, "WSGI0134"),  # neither ExecCGI nor a file
    ("/absent", CHUNKED, 404, "WSGI0135"),
    ("/no_info/more", CHUNKED, 404, "WSGI0137"),
    ("/no_info", CHUNKED, 411, "WSGI0138"),
    ("/dispatched", CHUNKED, 411, "WSGI0138"),
    ("/unknown", CHUNKED, 411, "WSGI0138"),
    ("/dispatched", LONG, 413, "WSGI0141"),
    ("/unknown", LONG, 413, "WSGI0141"),
    ("/app", LONG, 413, "WSGI0141"),
    ("/restricted", [], 500, "WSGI0149"),
    ("/unknown", [], 500, "WSGI0150"),
    ("/app", [], 500, "WSGI0143"),
])
def test_the_first_check_answers(server, path, headers, status, tag):
    server.log.expect(tag)
    with server.connect() as connection:
        connection.send(client.request_bytes("POST" if headers else "GET", path, headers, close=True)
                        + (b"0\r\n\r\n" if headers == CHUNKED else b"x" * 1001 if headers else b""))
        assert connection.read_response().status == status
    assert [line for line in server.log.lines() if "WSGI" in line and tag not in line] == []


def test_a_dispatch_script_comes_before_the_group_is_known(server):
    server.log.expect_traceback("", "WSGI0109")
    server.log.allow(r"WSGI\d{4}|broken|raise")
    assert server.get("/dispatched").status == 500
    assert "WSGI0143" not in server.log.text()
