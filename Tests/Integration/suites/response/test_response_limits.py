"""header-buffer-size, response-socket-timeout, and the options that are accepted without effect."""

import json
import time

import pytest

APP = """
WSGIDaemonProcess site python-home=@VENV@ {}
WSGIProcessGroup site
WSGIScriptAlias /app @APPS@/respond/app.wsgi
SetEnv TEST_SCRATCH @SCRATCH@
WSGIScriptAlias /endless @APPS@/endless_large/app.wsgi
"""


def ask(server, size):
    wanted = {"headers": [["Content-Type", "text/plain"], ["X-Large", "v" * (size - len("X-Large: "))]]}
    return server.request("POST", "/app", body=json.dumps(wanted).encode())


@pytest.mark.parametrize("options, limit", [("", 32768), ("header-buffer-size=8192", 8192), ("header-buffer-size=64K", 65536)])
def test_a_header_may_be_so_long(launch, options, limit):
    server = launch(APP.format(options))
    answer = ask(server, limit)
    assert answer.status == 200 and len(answer.header("X-Large")) == limit - len("X-Large: ")
    server.log.expect(f"WSGI0144: .*{limit + 1} bytes.*header-buffer-size is {limit}")
    assert ask(server, limit + 1).status == 500
    assert ask(server, limit).status == 200


def test_embedded_has_no_such_limit(launch):
    server = launch("WSGIPythonHome @VENV@\nWSGIScriptAlias /app @APPS@/respond/app.wsgi")
    assert ask(server, 100_000).status == 200


def test_other_options_are_accepted(launch):
    server = launch(APP.format("response-buffer-size=65536 response-flush-delay=0 response-socket-timeout=30"))
    assert ask(server, 100).status == 200


@pytest.mark.mpms
@pytest.mark.parametrize("options", ["response-socket-timeout=1", "socket-timeout=1"])
def test_a_client_that_does_not_read_is_given_up(launch, options):
    server = launch(APP.format(options) + "Timeout 300\n")
    with server.connect(receive_buffer=4096) as connection:
        connection.send_request("GET", "/endless")
        begun = time.monotonic()
        server.note("ended")
        assert time.monotonic() - begun < 12


def test_the_timeout_is_httpds_again_afterwards(launch):
    server = launch(APP.format("response-socket-timeout=1"))
    with server.connect() as connection:
        assert connection.request("POST", "/app", body=b"{}").status == 200
        time.sleep(2)
        # A slow sender is httpd's business, whose Timeout is longer.
        connection.send(b"POST /app HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{")
        time.sleep(2)
        connection.send(b"}")
        assert connection.read_response("POST").status == 200
