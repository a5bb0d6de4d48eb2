"""Status 200 with a Location that is a path: httpd answers with that resource (RFC 3875, 6.2.2)."""

import json

import pytest

from shared_server import hosting, serving


@pytest.fixture(scope="module")
def hosted(platform, mode):
    text = hosting(mode) + """
        WSGIScriptAlias /app @APPS@/respond/app.wsgi
        WSGIScriptAlias /unread @APPS@/respond_unread/app.wsgi
        WSGIScriptAlias /environ @APPS@/environ/app.wsgi
        SetEnv OF_THE_SERVER 1"""
    with serving(platform, text, "/environ") as server:
        yield server


def ask(server, location, status="200 OK", headers=(), blocks=("dropped",)):
    wanted = {"status": status, "headers": [["Location", location], *headers], "blocks": list(blocks)}
    return server.request("POST", "/app", body=json.dumps(wanted).encode())


def test_a_file_is_served_instead(server):
    answer = ask(server, "/ready.txt")
    assert answer.status == 200 and answer.body == b"ready\n" and answer.header("Location") is None


def test_the_new_request_is_a_get_without_body(server):
    told = ask(server, "/environ/path?q=1").json["environ"]
    assert told["REQUEST_METHOD"]["value"] == "GET" and "CONTENT_LENGTH" not in told
    assert told["PATH_INFO"]["value"] == "/path" and told["QUERY_STRING"]["value"] == "q=1"
    assert told["REDIRECT_URL"]["value"] == "/app"


def test_a_missing_resource_is_not_found(server):
    assert ask(server, "/nothing").status == 404


@pytest.mark.parametrize("location, status", [
    ("http://other.test/", "200 OK"), ("relative", "200 OK"), ("", "200 OK"), ("/ready.txt", "302 Found"),
    ("/ready.txt", "201 Created"),
])
def test_everything_else_is_sent_as_it_is(server, location, status):
    answer = ask(server, location, status)
    assert answer.status == int(status[:3]) and answer.body == b"dropped" and answer.header("Location") == location


def test_large_bodies_are_dropped(server):
    assert ask(server, "/ready.txt", blocks=["x" * 70000] * 20).body == b"ready\n"


def test_what_was_not_read_of_the_body_is_no_request(server):
    with server.connect() as connection:
        for _ in range(3):
            body = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5000
            answer = connection.request("POST", "/unread?status=200+OK&location=/ready.txt", body=body)
            assert answer.status == 200 and answer.body == b"ready\n"


def test_chunked_bodies_are_no_requests_either(launch, mode):
    server = launch(hosting(mode) + """
        WSGIChunkedRequest On
        WSGIScriptAlias /unread @APPS@/respond_unread/app.wsgi""")
    with server.connect() as connection:
        for _ in range(3):
            connection.send(b"POST /unread?status=200+OK&location=/ready.txt HTTP/1.1\r\nHost: localhost\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n")
            assert connection.read_response("POST").body == b"ready\n"


def test_a_circle_ends(server):
    server.log.allow("AH00124")
    answer = server.get("/unread?status=200+OK&location=/unread%3Fstatus%3D200%2BOK%26location%3D/ready.txt")
    assert answer.body == b"ready\n"
