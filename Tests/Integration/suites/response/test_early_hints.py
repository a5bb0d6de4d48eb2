"""103 Early Hints."""

import pytest

import client

pytestmark = [pytest.mark.mpms, pytest.mark.pythons]


def test_hints_arrive_before_the_answer_is_made(server):
    with server.connect() as connection:
        connection.send_request("GET", "/hints")
        first, second = connection.read_head(), connection.read_head()
        assert (first.status, first.reason) == (103, "Early Hints")
        assert first.header("Link") == "</style.css>; rel=preload" and first.header("X-Hint") == "one"
        assert second.status == 103 and second.all("Link") == ["</script.js>; rel=preload"]
        assert connection.is_silent(0.1)
        server.tell("go")
        answer = connection.read_response()
        assert answer.status == 200 and answer.text == "answer"
        assert answer.header("X-Own") == "a" and answer.header("Link") is None and answer.header("X-Hint") is None
        assert connection.get("/hello").status == 200


def test_client_of_http_1_0_gets_none(server):
    server.tell("go")
    with server.connect() as connection:
        connection.send(b"GET /hints HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = connection.read_response()
    assert answer.status == 200 and answer.text == "answer"


def test_client_that_waits_for_100_continue(server):
    server.tell("go")
    with server.connect() as connection:
        # It need not send the body when an answer comes instead, so the connection ends.
        connection.send(client.request_bytes("POST", "/hints", {"Expect": "100-continue", "Content-Length": "3"}))
        statuses = []
        while not statuses or statuses[-1] < 200:
            answer = connection.read_head()
            statuses.append(answer.status)
        assert statuses == [103, 103, 200] and answer.header("Connection") == "close"
        assert connection.read_body(answer).text == "answer" and connection.at_end()
