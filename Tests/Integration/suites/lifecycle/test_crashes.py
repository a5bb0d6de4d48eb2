"""A daemon process that an application ends in the middle of its requests: only those of this process fail, with 502."""

import concurrent.futures
import re

import pytest

import client
from polling import until
from shared_server import serving

CONFIG = """
SetEnv TEST_SCRATCH @SCRATCH@
WSGIDaemonProcess several python-home=@VENV@ processes=2 threads=2
WSGIDaemonProcess single python-home=@VENV@ threads=1
WSGIDaemonProcess other python-home=@VENV@ threads=1
"""
for _group in ("several", "single", "other"):
    for _app in ("wrong", "wait", "pid"):
        CONFIG += (f"WSGIScriptAlias /{_group}/{_app} @APPS@/{_app}/app.wsgi process-group={_group} "
                   "application-group=%{GLOBAL}\n")

#: How a process ends: what the application does, how its end is logged, and whether the stacks of its threads are.
ENDS = {
    "exit": ("import os\nos._exit(3)", r"ended with exit code 3", False),
    "fault": ("import ctypes\nctypes.string_at(0)", r"was ended by SIGSEGV", True),
    "abort": ("import os\nos.abort()", r"was ended by SIGABRT", True),
}


@pytest.fixture(scope="module")
def hosted(platform):
    with serving(platform, CONFIG, "/several/pid", "/single/pid", "/other/pid") as server:
        yield server


@pytest.fixture
def server(server):
    count = len(server.processes())
    # Each of these processes is short-lived, so that the next start may be delayed.
    server.log.allow("WSGI1014: .* starts have failed in a row")
    yield server
    until(lambda: len(server.processes()) == count, "the successors")


def end(server, path, how, before="", **more):
    """Lets the process that serves the request end; what it is asked for writes down that it has begun."""
    source = ('import os\nwith open(os.path.join(environ["TEST_SCRATCH"], "entered"), "a") as file:\n'
              f'    file.write("%d\\n" % os.getpid())\n{before}{ENDS[how][0]}\n')
    return server.request("POST", path, body=source.encode(), **more)


def entered(server) -> list[int]:
    """The processes that have begun to serve such a request."""
    return [int(line) for line in server.note("entered").split()]


def expect_record(server, how, requests=1):
    """The records of the end: the process's, and one for each of its requests."""
    _, said, has_stack = ENDS[how]
    server.log.expect(rf"WSGI1011: Process \d+ of group '\w+' .*{said}")
    server.log.allow("WSGI0146: .*the connection was closed .*the request is not repeated")
    if has_stack:
        server.log.expect("Fatal Python error: (Segmentation fault|Aborted)", r"File .*/apps/wrong/app\.wsgi.*, line \d+ in application")
        server.log.allow_stacks()


def refused(server) -> int:
    return sum("WSGI0146: " in line for line in server.log.lines())


@pytest.mark.parametrize("how", ENDS)
def test_the_request_is_a_502_and_the_next_is_served(server, how):
    expect_record(server, how)
    before = server.get("/single/pid").text
    answer = end(server, "/single/wrong", how)
    assert answer.status == 502
    assert entered(server) == [int(before)]
    after = server.get("/single/pid")
    assert after.status == 200 and after.text != before
    record = server.log.wait_for("WSGI1011: Process (\\d+) of group 'single'")
    assert record[1] == before
    until(lambda: refused(server) == 1, "the record of the request")


@pytest.mark.parametrize("how", ENDS)
def test_an_upload_that_was_not_read_to_its_end(server, how):
    expect_record(server, how)
    source = 'environ["wsgi.input"].close()\n' + ENDS[how][0]
    body = source.encode() + b"\n#" + b"x" * 3_000_000
    try:
        assert server.request("POST", "/single/wrong", body=body).status == 502
    except client.Cut:
        pass  # the client was still sending
    assert server.get("/single/pid").status == 200


@pytest.mark.parametrize("how", ENDS)
def test_a_response_that_has_begun_is_cut(server, how):
    expect_record(server, how)
    server.log.expect("WSGI0119: .*the response is incomplete")
    with pytest.raises(client.Cut) as cut:
        end(server, "/single/wrong", how, 'start_response("200 OK", [("Content-Type", "text/plain")])(b"begun")\n')
    assert (cut.value.partial.status, cut.value.partial.body) == (200, b"begun")
    assert server.get("/single/pid").status == 200


@pytest.mark.parametrize("how", ENDS)
def test_requests_in_other_processes_go_on(server, how):
    """Those of the process that ends fail; those of another one of the group, and of another group, do not notice."""
    expect_record(server, how)
    # It may be the first request of the process that ends it.
    server.log.allow("WSGI1014")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = {name: pool.submit(server.get, f"/several/wait?{name}") for name in ("a", "b", "c")}
        waiting["other"] = pool.submit(server.get, "/other/wait?other")
        pids = {name: int(server.note(f"began-{name}")) for name in waiting}
        # Both threads of one process are taken, so it is the other one that ends.
        assert end(server, "/several/wrong", how).status == 502
        ended, = entered(server)
        server.tell("go")
        for name, answer in waiting.items():
            assert answer.result().status == (502 if pids[name] == ended else 200)
            assert pids[name] == ended or int(answer.result().text) == pids[name]
    assert sorted(pids[name] == ended for name in ("a", "b", "c")) == [False, False, True] and pids["other"] != ended
    until(lambda: refused(server) == 2, "a record for each of the two requests")
    assert {server.get("/several/pid").status for _ in range(4)} == {200}


@pytest.mark.parametrize("how", ENDS)
def test_requests_that_wait_for_a_thread_are_served_by_the_successor(server, how):
    expect_record(server, how)
    before = server.get("/single/pid").text
    wait = ('import time\nwhile not os.path.exists(os.path.join(environ["TEST_SCRATCH"], "go")):\n    time.sleep(0.01)\n')
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ending = pool.submit(end, server, "/single/wrong", how, wait)
        assert entered(server) == [int(before)]
        waiting = [pool.submit(server.get, "/single/pid") for _ in range(6)]
        assert not concurrent.futures.wait(waiting, timeout=0.2).done
        server.tell("go")
        assert ending.result().status == 502
        answers = [one.result() for one in waiting]
    assert {answer.status for answer in answers} == {200}
    after = {answer.text for answer in answers}
    assert len(after) == 1 and before not in after
    assert len(entered(server)) == 1


def test_what_was_running_is_in_the_record(server):
    expect_record(server, "exit")
    end(server, "/single/wrong?some=query", "exit")
    text = server.log.wait_for("WSGI1011: .*").string
    assert re.search("it was running .*POST /single/wrong", text) and "some=query" not in text


def test_requests_wait_while_another_request_crashes_each_new_process(launch):
    """One URL that ends its process costs the others time, and no response: the next process starts within a second."""
    server = launch("""
        WSGIDaemonProcess main python-home=@VENV@ threads=2
        WSGIScriptAlias /wrong @APPS@/wrong/app.wsgi process-group=main application-group=%{GLOBAL}
        WSGIScriptAlias /pid @APPS@/pid/app.wsgi process-group=main application-group=%{GLOBAL}""")
    server.wait_ready("/pid")
    server.log.allow("WSGI1011: .*exit code 3", "WSGI1014: .*the next one is in 1 s", "WSGI0146: ")
    crash = {"body": ENDS["exit"][0].encode()}
    assert [server.request("POST", "/wrong", **crash).status for _ in range(9)] == [502] * 9
    assert server.get("/pid").status == 200
