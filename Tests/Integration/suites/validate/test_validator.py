"""wsgiref.validate between the server and the small applications: neither side breaks PEP 3333."""

import hashlib

import pytest

pytestmark = pytest.mark.pythons


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/hello", None), ("GET", "/write_callable", None), ("GET", "/blocks?5,70000", None),
    ("POST", "/input_digest?1000", b"x" * 100_000), ("POST", "/input_unread", b"x"), ("GET", "/replace_start", None),
    ("GET", "/hello/path%20info?query=1", None), ("DELETE", "/hello", None),
])
def test_server_passes_the_validator(server, method, path, body):
    plain = server.request(method, path, {"Content-Type": "text/plain"} if body else {}, body)
    validated = server.request(method, "/validated" + path, {"Content-Type": "text/plain"} if body else {}, body)
    assert validated.status == plain.status and validated.body == plain.body


def test_validator_sees_what_it_should(server):
    """The wrong type of a status is found, so the validator is indeed in between."""
    server.log.expect_traceback("AssertionError")
    assert server.get("/validated/violate?status_bytes").status == 500


def test_upload_through_the_validator(server):
    body = b"0123456789" * 100_000
    answer = server.request("POST", "/validated/input_digest?4096", {"Content-Type": "text/plain"}, body)
    assert answer.text == f"{len(body)} {hashlib.sha256(body).hexdigest()}"
