"""WSGIErrorOverride: httpd's error documents instead of the application's."""

import json

import pytest

from shared_server import hosting, serving


@pytest.fixture(scope="module")
def hosted(platform, mode):
    text = hosting(mode) + """
        WSGIScriptAlias /kept @APPS@/respond/app.wsgi
        WSGIScriptAlias /app @APPS@/respond/app.wsgi
        WSGIScriptAlias /input @APPS@/respond_unread/app.wsgi
        <Location /app>
            WSGIErrorOverride On
            ErrorDocument 404 "custom page"
            ErrorDocument 503 /ready.txt
        </Location>
        <Location /input>
            WSGIErrorOverride On
        </Location>"""
    with serving(platform, text, "/ready.txt") as server:
        yield server


def ask(server, status, headers=(), method="POST", path="/app", blocks=("the application's page",)):
    wanted = {"status": status, "headers": [["Content-Type", "text/x-own"], *headers], "blocks": list(blocks)}
    return server.request(method, path, body=json.dumps(wanted).encode())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418, 422, 429, 500, 501, 502, 503])
def test_status_is_kept_and_the_body_replaced(server, status):
    answer = ask(server, f"{status} Mine")
    assert answer.status == status
    assert b"the application's page" not in answer.body
    assert answer.header("Content-Type") != "text/x-own"


def test_own_documents_apply(server):
    assert ask(server, "404 Not Found").body == b"custom page"
    assert ask(server, "503 Service Unavailable").body == b"ready\n"


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "302 Found", "399 Odd"])
def test_below_400_is_the_applications(server, status):
    answer = ask(server, status, [["Location", "http://other.test/"]] if status.startswith("3") else [])
    assert answer.status == int(status[:3]) and answer.body == b"the application's page"


def test_off_is_the_default(server):
    answer = ask(server, "404 Not Found", path="/kept")
    assert answer.status == 404 and answer.body == b"the application's page"


def test_challenges_survive_and_nothing_else(server):
    answer = ask(server, "401 Unauthorized", [
        ["WWW-Authenticate", 'Basic realm="one"'], ["WWW-Authenticate", "Bearer"], ["X-Own", "1"], ["Set-Cookie", "a=b"],
        ["Content-Length", "22"]])
    assert answer.status == 401
    assert answer.all("WWW-Authenticate") == ['Basic realm="one"', "Bearer"]
    assert answer.header("X-Own") is None and answer.header("Set-Cookie") is None


def test_large_and_many_blocks_are_dropped(server):
    answer = ask(server, "500 Broken", blocks=["x" * 70000] * 20)
    assert answer.status == 500 and b"xxx" not in answer.body


def test_the_connection_goes_on(server):
    wanted = json.dumps({"status": "404 Not Found", "headers": [], "blocks": ["x" * 100000]}).encode()
    with server.connect() as connection:
        for _ in range(3):
            assert connection.request("POST", "/app", body=wanted).body == b"custom page"
            # Each response of /input has left a body of 200,000 bytes unread.
            assert connection.request("POST", "/input", body=b"z" * 200_000).status == 422


def test_head_has_no_body(server):
    answer = server.request("HEAD", "/app", body=json.dumps({"status": "404 Not Found"}).encode())
    assert answer.status == 404 and answer.body == b""
