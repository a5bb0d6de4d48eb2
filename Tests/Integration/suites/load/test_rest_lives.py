"""A group that does not move takes neither httpd's last threads nor the room in which other groups start."""

import time

import pytest

import client
from load.test_waiting import CONFIG as WAITING
from polling import LATE

#: Threads of httpd in these tests.
THREADS = 40

ONE_CHILD = f"""
<IfModule mpm_event_module>
    ServerLimit 1
    ThreadLimit {THREADS}
    ThreadsPerChild {THREADS}
    MaxRequestWorkers {THREADS}
    MinSpareThreads 1
    MaxSpareThreads {THREADS}
</IfModule>
"""


@pytest.fixture
def crowd():
    """Clients that ask and do not read."""
    connections: list[client.Connection] = []

    def ask(server, count, path):
        for _ in range(count):
            connections.append(server.connect())
            connections[-1].send_request("GET", path, close=True)
        return connections

    yield ask
    for connection in connections:
        connection.close()


def answered_after(server, path, timeout) -> float:
    """How long a new client waits for an answer, in seconds."""
    begun = time.monotonic()
    assert server.get(path, timeout=timeout).status == 200
    return time.monotonic() - begun


def test_stuck_group_leaves_a_tenth_of_httpds_threads(launch, crowd):
    """Its only thread is stuck for the whole test, and would hold all others of httpd for socket-timeout."""
    server = launch(WAITING.replace("StartServers 3", "StartServers 1"), PROCESSES=1,
                    OPTIONS="connect-timeout=2", MORE=ONE_CHILD)
    server.wait_ready("/pid")
    server.log.expect("WSGI0116: Process group 'main': all threads are busy")
    server.log.allow("AH00484")
    waiting = crowd(server, THREADS + 10, "/stuck/sleep?50")
    assert answered_after(server, "/ready.txt", 30) < 12
    assert answered_after(server, "/ready.txt", 30) < 1
    silent = [one for one in waiting if one.is_silent(0)]
    assert THREADS - 10 < len(silent) < THREADS, "those that httpd has room for wait on"
    worker = next(one for one in server.processes() if "_wsgi_engine" in one.maps)
    server.log.allow("WSGI1011: .*SIGKILL", "WSGI0146", "WSGI1060")
    for one in waiting:
        one.close()
    server.kill(worker.pid)
    server.wait_ready("/pid")


CHANGED = """
WSGIDaemonProcess main python-home=@VENV@ processes=1 threads=60
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /app @APPS@/app.wsgi
"""

APP = """
import time
@CODE@
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"@VERSION@"]
"""


def save(server, version, code=""):
    new = server.apps / "new"
    new.write_text(APP.replace("@VERSION@", version).replace("@CODE@", code))
    new.chmod(0o644)
    new.replace(server.apps / "app.wsgi")


def test_changed_code_that_does_not_come_up_leaves_a_tenth_of_httpds_threads(launch, crowd):
    """Requests wait for it for socket-timeout, but not all that httpd can serve."""
    server = launch(CHANGED + ONE_CHILD, start=False)
    server.log.allow("AH00484")
    save(server, "old")
    server.start()
    server.wait_ready("/app")
    save(server, "new", "time.sleep(30)")
    waiting = crowd(server, THREADS, "/app")
    assert answered_after(server, "/ready.txt", 40) < 15
    answers = [one.read_response() for one in waiting]
    assert {one.status for one in answers} == {200}
    texts = [one.text for one in answers]
    assert texts.count("old") >= THREADS // 10 and texts.count("new") >= THREADS // 2, texts


HANGING = """
WSGIStartLimit 1
WSGIDaemonProcess hanging python-home=@VENV@ processes=4 startup-timeout=0
WSGIDaemonProcess other python-home=@VENV@ processes=1
WSGIImportScript @APPS@/app.wsgi process-group=hanging application-group=%{GLOBAL}
WSGIScriptAlias /hanging @APPS@/app.wsgi process-group=hanging application-group=%{GLOBAL}
WSGIScriptAlias /hello @APPS@/hello/app.wsgi process-group=other application-group=%{GLOBAL}
"""


def test_starts_that_hang_delay_no_other_group(launch):
    """They would hold the only place for a start for ten seconds, one after the other."""
    server = launch(HANGING, start=False)
    save(server, "never", "time.sleep(60)")
    server.log.allow("WSGI10")
    server.start()
    begun = time.monotonic()
    assert server.get("/hello", timeout=40).status == 200
    assert time.monotonic() - begun < 3 + LATE
