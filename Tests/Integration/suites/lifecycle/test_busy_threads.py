"""A thread whose request has been answered for it is not free before the application returns."""

import concurrent.futures
import textwrap
import time

from polling import until

CONFIG = """
WSGIDaemonProcess main processes=2 threads=1 socket-timeout=1 python-home=@VENV@
WSGIScriptAlias /app @APPS@/app.wsgi process-group=main application-group=%{GLOBAL}
"""
APPLICATION = """
import os, time
def application(environ, start_response):
    how, _, seconds = environ["QUERY_STRING"].partition("=")
    start_response("200 OK", [("Content-Type", "text/plain")])
    if how == "stream":
        yield b"x" * 4_000_000
    if how == "read":
        environ["wsgi.input"].read()
    time.sleep(float(seconds or 0))
    yield str(os.getpid()).encode()
"""


def begin(launch):
    server = launch(CONFIG, start=False)
    (server.apps / "app.wsgi").write_text(textwrap.dedent(APPLICATION))
    server.start()
    until(lambda: len(pids(server)) == 2, "both processes")
    return server


def pids(server) -> set[bytes]:
    """The processes that answer two requests at a time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: server.get("/app?sleep=0.3"), range(2)))
    return {one.body for one in answers if one.status == 200}


def require_idle_one(server) -> None:
    """Requests go to the process that has a thread."""
    for _ in range(6):
        begun = time.monotonic()
        assert server.get("/app").status == 200
        assert time.monotonic() - begun < 0.7


def test_a_request_that_takes_too_long(launch):
    server = begin(launch)
    server.log.allow("WSGI0145: ")
    assert server.get("/app?sleep=5").status == 504
    require_idle_one(server)
    until(lambda: len(pids(server)) == 2, "the thread to be free again", timeout=10)


def test_a_client_that_leaves_in_the_middle_of_the_answer(launch):
    server = begin(launch)
    with server.connect() as connection:
        connection.send_request("GET", "/app?stream=5")
        connection.read_head()
        connection.reset()
    time.sleep(0.3)
    require_idle_one(server)
    until(lambda: len(pids(server)) == 2, "the thread to be free again", timeout=10)


def test_a_client_that_leaves_when_the_worker_is_done(launch):
    server = begin(launch)
    for _ in range(8):
        with server.connect() as connection:
            connection.send_request("GET", "/app?stream=0")
            connection.read_head()
            connection.reset()
    until(lambda: len(pids(server)) == 2, "both processes to serve", timeout=5)
