"""Kills, reloads, restarts and stops: what is replaced, what survives, what is left behind."""

import concurrent.futures
import os
import signal
import subprocess

import pytest

import client
from polling import STOP, until

pytestmark = pytest.mark.mpms

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ processes=@PROCESSES@ threads=4 @OPTIONS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIScriptAlias /pid @APPS@/pid/app.wsgi
WSGIScriptAlias /wait @APPS@/wait/app.wsgi
WSGIScriptAlias /endless @APPS@/endless/app.wsgi
WSGIScriptAlias /hello @APPS@/hello/app.wsgi
"""


def begin(launch, processes=1, options="", **how):
    server = launch(CONFIG, PROCESSES=processes, OPTIONS=options, start=False)
    server.start(**how)
    server.wait_ready("/hello")
    return server


def pid(server) -> int:
    return int(server.get("/pid").text)


def workers(server) -> set[int]:
    return {one.pid for one in server.processes() if "python" in one.name or "_wsgi_engine" in one.maps}


def test_killed_process_is_replaced(launch):
    server = begin(launch)
    server.log.allow(r"wsgi:(warn|error)|WSGI\d{4}")
    first = pid(server)
    server.kill(first)
    second = pid(server)
    assert second != first
    until(lambda: workers(server) == {second}, "exactly one process")


def test_each_killed_process_is_replaced(launch):
    server = begin(launch, processes=3)
    server.log.allow(r"wsgi:(warn|error)|WSGI\d{4}")
    until(lambda: len(workers(server)) == 3, "three processes")
    for one in workers(server):
        server.kill(one)
        until(lambda: len(workers(server)) == 3 and one not in workers(server), "three processes again")
    assert server.get("/hello").status == 200


def test_answer_of_a_killed_process_is_cut_visibly(launch):
    server = begin(launch)
    server.log.allow(r"wsgi:(warn|error)|WSGI\d{4}")
    with server.connect() as connection:
        connection.send_request("GET", "/endless")
        response = connection.read_head()
        blocks = connection.blocks(response)
        assert next(blocks) == b"more\n"
        server.kill(int(response.header("X-Pid")))
        with pytest.raises(client.Cut):
            for _ in blocks:
                pass


def test_curl_notices_that_the_process_was_killed(launch):
    server = begin(launch)
    server.log.allow(r"wsgi:(warn|error)|WSGI\d{4}")
    url = "http://127.0.0.1:%d/endless" % server.port
    with subprocess.Popen(["curl", "-sN", "--max-time", "30", url], stdout=subprocess.PIPE) as curl:
        assert curl.stdout.read(5) == b"more\n"
        for one in workers(server):
            server.kill(one)
        curl.stdout.read()
    assert curl.returncode == 18, "curl: transfer closed with outstanding data"


def test_sigusr1_replaces_the_process_after_its_request(launch):
    server = begin(launch)
    first = pid(server)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.get, "/wait?one")
        assert server.note("began-one") == str(first)
        server.kill(first, signal.SIGUSR1)
        server.tell("go")
        answer = slow.result()
    assert answer.status == 200 and answer.text == str(first)
    until(lambda: pid(server) != first, "another process")
    until(lambda: first not in workers(server), "the old process to end")


def test_touched_script_is_loaded_anew(launch):
    server = begin(launch)
    script = server.apps / "pid" / "app.wsgi"
    first = pid(server)
    script.write_text(script.read_text().replace("str(os.getpid())", '("new %d" % os.getpid())'))
    answers = [server.get("/pid").text for _ in range(20)]
    assert all(answer.startswith("new ") for answer in answers), answers
    assert f"new {first}" not in answers


def test_maximum_requests_replaces_the_process(launch):
    server = begin(launch, options="maximum-requests=20")
    pids = set()

    def seen():
        pids.add(pid(server))
        return len(pids) >= 4

    # The successor starts while the former process goes on serving, so how many requests it gets is a matter of time.
    until(seen, "four processes")


@pytest.mark.parametrize("daemonise", [False, True], ids=["foreground", "daemonised"])
def test_graceful_restart_replaces_processes_and_finishes_requests(launch, daemonise):
    server = begin(launch, processes=2, daemonise=daemonise)
    before = workers(server)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.get, "/wait?one")
        served_by = int(server.note("began-one"))
        server.graceful()
        until(lambda: workers(server) - before, "new processes")
        server.tell("go")
        answer = slow.result()
    assert answer.status == 200 and int(answer.text) == served_by
    until(lambda: not before & workers(server), "the old processes to end")
    assert len(workers(server)) == 2
    assert server.get("/hello").status == 200


def test_restart_replaces_processes(launch):
    server = begin(launch, processes=2)
    server.log.allow("AH00052|mod_mpm_event")
    before = workers(server)
    server.restart()
    until(lambda: not before & workers(server) and len(workers(server)) == 2, "two new processes")
    server.wait_ready("/hello")


def test_graceful_restart_with_a_changed_configuration(launch):
    server = begin(launch)
    server.reconfigure(CONFIG.replace("/hello/app", "/named/app"), PROCESSES=3, OPTIONS="display-name=%{GROUP}")
    server.graceful()
    until(lambda: len(workers(server)) == 3, "three processes")
    until(lambda: server.get("/hello").body == b"application", "the new configuration")


def test_removed_group_goes_away(launch):
    server = begin(launch)
    server.reconfigure("")
    server.graceful()
    until(lambda: not workers(server), "no process of the group")
    assert server.get("/ready.txt").status == 200


def test_stop_finishes_and_leaves_nothing(launch):
    server = begin(launch, processes=2, daemonise=True)
    server.stop()


def test_stop_while_an_answer_is_under_way(launch):
    server = begin(launch)
    server.log.allow(r"WSGI\d{4}|AH00045")
    with server.connect() as connection:
        connection.send_request("GET", "/endless")
        connection.read_head()
        server.stop()


def test_killed_httpd_leaves_nothing(launch):
    server = begin(launch, processes=2)
    server.log.allow(".*")
    mine = {one.pid for one in server.processes()}
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not mine & {one.pid for one in server.processes()}, "all processes to end", timeout=STOP)
    assert not list((server.root / "run").glob("*.sock"))


def test_sockets_of_httpd_and_supervisor_killed_together_are_removed_by_the_next_start(launch):
    server = begin(launch, processes=2)
    server.log.allow(".*")
    run = server.root / "run"
    server.kill(server.supervisors()[0].pid)
    server.crash()
    until(lambda: not server.processes(), "all processes to end", timeout=STOP)
    left = set(run.glob("*.sock"))
    assert len(left) == 2
    other = run / f"wsgi.{os.getpid()}.0.0.sock"
    other.touch()
    server.start()
    server.wait_ready("/hello")
    assert not left & set(run.glob("*.sock"))
    assert other.exists()


def test_socket_that_was_removed_is_made_again_by_a_graceful_restart(launch):
    server = begin(launch)
    server.log.allow(r"WSGI\d{4}")
    socket, = (server.root / "run").glob("*.sock")
    socket.unlink()
    server.graceful()
    until(lambda: server.get("/hello").status == 200 and socket.exists(), "an answer")


def test_killed_supervisor_is_replaced(launch):
    server = begin(launch)
    server.log.allow(r"wsgi:(warn|error|crit|alert)|WSGI\d{4}")
    found = [one.pid for one in server.supervisors()]
    assert len(found) == 1
    server.kill(found[0])
    until(lambda: [one for one in server.supervisors() if one.pid not in found], "another supervisor")
    server.wait_ready("/hello")


def test_broken_group_does_not_fill_the_log(launch):
    """A process that dies while it starts is retried with growing pauses."""
    server = launch("WSGIDaemonProcess main python-home=@ROOT@/absent\n"
                    "WSGIScriptAlias /x @APPS@/hello/app.wsgi process-group=main\n")
    server.log.allow(".*")
    assert server.get("/x").status == 503
    lines = [line for line in server.log.lines() if "wsgi:" in line]
    assert len(lines) < 40, lines
