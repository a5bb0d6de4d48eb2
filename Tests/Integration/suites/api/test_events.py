"""Events of requests as applications see them in a real httpd, and the reasons why processes end."""

import concurrent.futures
import json
import signal
import time

import pytest

from polling import until
from shared_server import hosting

pytestmark = pytest.mark.pythons

#: Notes every event as a line of JSON in the scratch directory, with the group that it was passed to.
APP = """
import json, mod_wsgi, os, threading
PATH = "@SCRATCH@/events"

def plain(value):
    if isinstance(value, (int, float, str, type(None))):
        return value
    return repr(value)

@mod_wsgi.subscribe_events
def note(name, **payload):
    line = json.dumps([mod_wsgi.application_group, os.getpid(), name, {key: plain(value) for key, value in payload.items()}])
    with open(PATH, "a") as file:
        file.write(line + "\\n")

@mod_wsgi.subscribe_signals
def signalled(name, **payload):
    note("signal", **payload)

stopped = threading.Event()

@mod_wsgi.subscribe_shutdown
def stopping(name, **payload):
    note("shutdown", **payload)
    stopped.set()

def application(environ, start_response):
    query = environ["QUERY_STRING"]
    if query == "raise":
        raise ValueError("raised on purpose")
    if query == "wait":
        open("@SCRATCH@/began", "w").close()
        stopped.wait(20)
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-Id", environ["mod_wsgi.request_id"]), ("X-Pid", str(os.getpid()))])
    yield b"<" + body + b">"
    yield b"!"
"""

MOUNT = """
WSGIScriptAlias /main @APPS@/app.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /other @APPS@/app.wsgi application-group=other
"""


def begin(launch, mode="daemon", options="", more="", config=None, **how):
    server = launch((config or hosting(mode, options, runs_as=False)) + MOUNT + more, start=False)
    save(server)
    return server.start(**how)


def save(server, source=APP):
    new = server.apps / "new"
    new.write_text(source.replace("@SCRATCH@", str(server.scratch)))
    new.chmod(0o644)
    new.replace(server.apps / "app.wsgi")


def events(server, name=None, pid=None):
    """The events so far as (group, name, payload)."""
    path = server.scratch / "events"
    found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [(group, kind, payload) for group, process, kind, payload in found
            if name in (None, kind) and pid in (None, process)]


def pid(server, path="/main"):
    return int(dict(server.get(path).headers)["X-Pid"])


def test_a_request(launch, mode):
    server = begin(launch, mode)
    before = time.time()
    answer = server.request("POST", "/other", body=b"12345")
    assert answer.body == b"<12345>!"
    until(lambda: events(server, "request_finished"), "the end of the request")
    (_, _, started), (_, _, response), (group, _, finished) = events(server)
    assert [name for _, name, _ in events(server)] == ["request_started", "response_started", "request_finished"]
    assert group == "other"
    ids = {payload["request_id"] for payload in (started, response, finished)}
    assert ids == {dict(answer.headers)["X-Id"]}
    parent = server.pid
    assert started["server_pid"] == finished["server_pid"] != parent
    assert any(one.pid == started["server_pid"] for one in server.processes())
    times = [started[key] for key in ("request_start", "queue_start", "daemon_start", "application_start")]
    times.append(finished["application_finish"])
    if mode == "embedded":
        assert times[1:3] == [0, 0] and (started["daemon_connects"], started["daemon_restarts"]) == (0, 0)
        assert started["server_pid"] == int(dict(answer.headers)["X-Pid"])
        del times[1:3]
    else:
        assert (started["daemon_connects"], started["daemon_restarts"]) == (1, 0)
    assert times == sorted(times) and before <= times[0] and times[-1] <= time.time()
    assert (response["response_status"], finished["status"]) == ("200 OK", 200)
    assert (finished["input_length"], finished["output_length"], finished["output_writes"]) == (5, 8, 2)
    assert started["thread_id"] == finished["thread_id"]


def test_an_exception(launch, mode):
    server = begin(launch, mode)
    server.log.expect_traceback("ValueError: raised on purpose")
    assert server.get("/main?raise").status == 500
    until(lambda: events(server, "request_finished"), "the end of the request")
    assert [name for _, name, _ in events(server)] == ["request_started", "request_exception", "request_finished"]
    assert "ValueError('raised on purpose')" in events(server, "request_exception")[0][2]["exception_info"]
    assert events(server, "request_finished")[0][2]["status"] == 500


def test_a_script_that_has_changed_counts_as_a_restart(launch):
    server = begin(launch)
    pid(server)
    save(server, APP + "\n# changed\n")
    pid(server)
    found = [payload["daemon_restarts"] for _, _, payload in events(server, "request_started")]
    assert found == [0, 1]


@pytest.mark.parametrize("group", ["main", "other"])
def test_the_end_of_httpd(launch, mode, group):
    server = begin(launch, mode)
    first = pid(server, "/" + group)
    server.stop()
    reason = "" if mode == "embedded" else "shutdown_signal"
    name = "" if group == "main" else group
    assert [entry for entry in events(server, pid=first) if entry[1] in ("process_stopping", "shutdown")] == [
        (name, "process_stopping", {"shutdown_reason": reason}), (name, "shutdown", {"shutdown_reason": reason})]


def test_interpreters_that_are_not_destroyed_learn_of_the_end(launch, mode):
    server = begin(launch, mode, more="WSGIDestroyInterpreter Off\n")
    pid(server)
    server.stop()
    assert len(events(server, "shutdown")) == 1


def test_requests_end_when_httpd_stops(launch):
    server = begin(launch, options="shutdown-timeout=20")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.get, "/main?wait")
        until((server.scratch / "began").exists, "the request")
        start = time.monotonic()
        server.stop()
        assert time.monotonic() - start < 10
        waiting.exception()
    names = [name for _, name, _ in events(server)]
    assert names.index("shutdown") < names.index("request_finished")


def replaced(server, first):
    """Waits for the end of the process and returns the reason that it was given."""
    found = until(lambda: events(server, "shutdown", first), "the end of the process")
    (_, _, payload), = found
    return payload["shutdown_reason"]


def test_reason_of_a_changed_script(launch):
    server = begin(launch)
    first = pid(server)
    save(server, APP + "\n# changed\n")
    assert pid(server) != first
    assert replaced(server, first) == "script_reload"


@pytest.mark.parametrize("name, options, reason", [
    ("SIGUSR1", "", "graceful_signal"), ("SIGUSR1", "eviction-timeout=5", "eviction_signal"),
    ("SIGTERM", "", "shutdown_signal"), ("SIGXCPU", "cpu-time-limit=1000", "cpu_time_limit")])
def test_reason_of_a_signal(launch, name, options, reason):
    server = begin(launch, options=options)
    first = pid(server)
    server.kill(first, getattr(signal, name))
    assert replaced(server, first) == reason
    until(lambda: pid(server) != first, "another process")


@pytest.mark.parametrize("options, reason", [
    ("maximum-requests=1", "maximum_requests"), ("restart-interval=1", "restart_interval"),
    ("inactivity-timeout=1", "inactivity_timeout"), ("maximum-memory=1M", "maximum_memory")])
def test_reason_of_a_limit(launch, options, reason):
    server = begin(launch, options=options)
    server.log.allow("WSGI1054")
    assert replaced(server, pid(server)) == reason


def test_reason_of_a_restart_of_httpd(launch):
    server = begin(launch)
    first = pid(server)
    server.graceful()
    assert replaced(server, first) == "shutdown_signal"


def test_signals(launch):
    server = begin(launch)
    first = pid(server)
    for name in ("SIGHUP", "SIGUSR2"):
        server.kill(first, getattr(signal, name))
        payload = {"signame": name, "signum": int(getattr(signal, name))}
        until(lambda: ("", "signal", payload) in events(server), name)
        assert ("", "process_signal", payload) in events(server)
    assert pid(server) == first
    assert "has no meaning here" not in server.log.text()


def test_signals_are_for_daemon_processes_only(launch):
    server = begin(launch, "embedded", more="LogLevel wsgi:info\n")
    pid(server)
    server.log.wait_for(r"\[wsgi:info\].*Ignoring the callback of mod_wsgi.subscribe_signals\(\)")


def test_service_processes_learn_of_their_end(launch):
    server = launch("""
WSGIDaemonProcess work python-home=@VENV@ threads=0
WSGIImportScript @APPS@/service.py process-group=work application-group=%{GLOBAL}
""", start=False)
    (server.apps / "service.py").write_text("""
import mod_wsgi, time
@mod_wsgi.subscribe_shutdown
def stopping(name, shutdown_reason):
    with open("@SCRATCH@/end", "w") as file:
        file.write(shutdown_reason)
open("@SCRATCH@/began", "w").close()
while True:
    time.sleep(1)
""".replace("@SCRATCH@", str(server.scratch)))
    server.start()
    until((server.scratch / "began").exists, "the service")
    server.stop()
    assert (server.scratch / "end").read_text() == "shutdown_signal"
