"""Status lines and response headers."""

import json

import pytest

import client

pytestmark = [pytest.mark.mpms, pytest.mark.pythons]


def respond(server, method="POST", **wanted):
    return server.request(method, "/respond", body=json.dumps(wanted).encode())


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 All right then", "404 Nowhere", "418 I'm a teapot",
                                    "500 Mine", "299 Own", "599 Own"])
def test_status_line_is_sent_as_given(server, status):
    answer = respond(server, status=status)
    assert f"{answer.status} {answer.reason}" == status
    assert answer.body == b"body"


def test_reason_is_optional(server):
    assert respond(server, status="202").status == 202


def test_headers_are_sent(server):
    answer = respond(server, headers=[["Content-Type", "text/x-own"], ["X-One", "1"], ["ETag", '"abc"']])
    assert answer.all("Content-Type") == ["text/x-own"]
    assert answer.header("X-One") == "1"
    assert answer.header("ETag") == '"abc"'


def test_content_type_with_charset(server):
    assert respond(server, headers=[["Content-Type", "text/html; charset=utf-8"]]).header("Content-Type") == \
        "text/html; charset=utf-8"


def test_set_cookie_stays_separate(server):
    answer = respond(server, headers=[["Set-Cookie", "a=1; Path=/"], ["Set-Cookie", "b=2"], ["Set-Cookie", "a=3"]])
    assert answer.all("Set-Cookie") == ["a=1; Path=/", "b=2", "a=3"]


def test_www_authenticate_stays_separate(server):
    answer = respond(server, status="401 No", headers=[["WWW-Authenticate", 'Basic realm="a"'],
                                                       ["WWW-Authenticate", "Bearer"]])
    assert answer.all("WWW-Authenticate") == ['Basic realm="a"', "Bearer"]


def test_duplicates_keep_their_values_in_order(server):
    answer = respond(server, headers=[["X-Twice", "a"], ["X-Twice", "b"]])
    assert ", ".join(answer.all("X-Twice")) == "a, b"


@pytest.mark.parametrize("value", ["", "with  two spaces", "\xe9", "a" * 20_000, "tab\tinside", 'q"uote', "a,b;c=d"])
def test_value_is_sent_as_given(server, value):
    assert respond(server, headers=[["X-Value", value]]).header("X-Value") == value


def test_many_headers(server):
    answer = respond(server, headers=[[f"X-Number-{number}", str(number)] for number in range(300)])
    assert [answer.header(f"X-Number-{number}") for number in range(300)] == [str(number) for number in range(300)]


def test_redirect_is_passed_as_it_is(server):
    answer = respond(server, status="302 Found", headers=[["Location", "/elsewhere"]])
    assert answer.status == 302 and answer.header("Location") == "/elsewhere"


def test_date_and_server_come_from_httpd(server):
    answer = server.get("/hello")
    assert len(answer.all("Date")) == 1 and answer.header("Server").startswith("Apache")


def test_banner_names_mod_wsgi(server):
    assert "mod_wsgi/" in server.get("/hello").header("Server")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answer_without_body_keeps_the_connection(server, status):
    with server.connect() as connection:
        body = json.dumps({"status": status, "blocks": [], "headers": [["X-Mark", "here"]]}).encode()
        answer = connection.request("POST", "/respond", body=body)
        assert f"{answer.status} {answer.reason}" == status and answer.header("X-Mark") == "here"
        assert connection.get("/hello").body == b"hello\n"


def test_body_of_a_304_is_not_sent(server):
    with server.connect() as connection:
        connection.request("POST", "/respond", body=json.dumps({"status": "304 Not Modified"}).encode())
        assert connection.get("/hello").body == b"hello\n"


def test_head_has_the_headers_and_no_body(server):
    with server.connect() as connection:
        answer = connection.request("HEAD", "/hello")
        assert answer.status == 200 and answer.header("Content-Length") == "6"
        assert connection.get("/hello").body == b"hello\n"


def test_head_reaches_the_application_as_head(server):
    with server.connect() as connection:
        answer = connection.request("HEAD", "/blocks?1,5")
        assert answer.status == 200
        assert connection.get("/hello").body == b"hello\n"


def test_http_1_0_gets_no_chunks(server):
    with server.connect() as connection:
        connection.send(b"GET /blocks?3,10 HTTP/1.0\r\n\r\n")
        answer = connection.read_response()
    assert not answer.all("Transfer-Encoding") and len(answer.body) == 30


def test_conditional_request_is_the_applications_business(server):
    answer = respond(server, headers=[["ETag", '"abc"'], ["Last-Modified", "Sat, 21 Nov 2020 00:00:00 GMT"]])
    assert answer.status == 200 and answer.header("Last-Modified") == "Sat, 21 Nov 2020 00:00:00 GMT"


def test_pipelined_requests_are_answered_in_order(server):
    paths = [f"/blocks?{count},7" for count in range(1, 9)]
    with server.connect() as connection:
        connection.send(b"".join(client.request_bytes("GET", path) for path in paths))
        assert [len(connection.read_response().body) for _ in paths] == [7 * count for count in range(1, 9)]


def test_connection_is_kept(server):
    with server.connect() as connection:
        for _ in range(50):
            assert connection.get("/hello").body == b"hello\n"
