"""What a daemon process is: its user, place, name and threads."""

import concurrent.futures
import os

import pytest

import env
from polling import until
from shared_server import group_of

pytestmark = pytest.mark.pythons

MOUNT = "SetEnv TEST_SCRATCH @SCRATCH@\nWSGIScriptAlias /x @APPS@/process/app.wsgi\nWSGIProcessGroup main\n"


def told(launch, options=""):
    return launch(f"WSGIDaemonProcess main python-home=@VENV@ {options}\n" + MOUNT).get("/x").json


def test_runs_as_its_user_and_group(launch):
    if not env.is_root():
        pytest.skip("not started by root")
    other = env.other_user()
    answer = told(launch, f"user={other} group={group_of(other)}")
    assert (answer["user"], answer["real user"], answer["group"]) == (other, other, group_of(other))
    assert 0 not in answer["groups"]


def test_runs_as_httpds_user_by_default(launch):
    assert told(launch)["user"] == env.httpd_user()


def test_umask(launch):
    assert told(launch, "umask=0037")["umask"] == "0o37"


def test_home_is_the_directory_and_first_on_the_path(launch):
    answer = told(launch, "home=@SCRATCH@")
    assert answer["cwd"] == answer["path"][0] and answer["cwd"].endswith("/scratch")


def test_python_path(launch):
    assert "/var/empty-one" not in told(launch)["path"]
    answer = told(launch, "python-path=@SCRATCH@:@ROOT@/htdocs")
    assert [entry.rsplit("/", 1)[1] for entry in answer["path"][:2]] == ["scratch", "htdocs"]


def test_lang_and_locale(launch):
    answer = told(launch, "lang=C.UTF-8 locale=C.UTF-8")
    assert answer["LANG"] == "C.UTF-8" and "C.UTF-8" in answer["locale"]


def test_python_is_that_of_the_virtual_environment(launch, platform):
    answer = told(launch)
    assert answer["prefix"] == str(platform.python.venv()) and answer["base_prefix"] != answer["prefix"]
    assert answer["version"] == platform.python.short
    assert answer["executable"].startswith(str(platform.python.venv()))


def test_python_may_be_named_as_an_executable(launch, platform):
    server = launch("""
WSGIDaemonProcess one python=@VENV@/bin/python
WSGIScriptAlias /one @APPS@/process/app.wsgi process-group=one application-group=%{GLOBAL}
""")
    answer = server.get("/one").json
    assert answer["executable"].endswith("/bin/python") and answer["prefix"] != answer["base_prefix"]
    assert answer["version"] == platform.python.short


def test_home_variable_is_the_users(launch):
    assert told(launch)["HOME"] == os.path.expanduser(f"~{env.httpd_user()}")


@pytest.mark.parametrize("option, expected", [("%{GROUP}", "(wsgi:main)"), ("my-name", "my-name")])
def test_display_name(launch, option, expected):
    server = launch(f"WSGIDaemonProcess main python-home=@VENV@ display-name={option}\n" + MOUNT)
    pid = server.get("/x").json["pid"]
    (worker,) = [one for one in server.processes() if one.pid == pid]
    until(lambda: worker.command_line.strip() == expected, f"the name {expected}, not {worker.command_line!r}")


WAITING = """
WSGIDaemonProcess main python-home=@VENV@ processes=@PROCESSES@ threads=@THREADS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIScriptAlias /wait @APPS@/wait/app.wsgi
WSGIScriptAlias /pid @APPS@/pid/app.wsgi
"""


@pytest.mark.parametrize("processes, threads", [(1, 4), (2, 2), (4, 1)])
def test_as_many_requests_run_as_there_are_threads(launch, processes, threads):
    server = launch(WAITING, PROCESSES=processes, THREADS=threads)
    total = processes * threads
    with concurrent.futures.ThreadPoolExecutor(total + 1) as pool:
        answers = [pool.submit(server.get, f"/wait?{number}") for number in range(total)]
        pids = {server.note(f"began-{number}") for number in range(total)}
        waiting = pool.submit(server.get, "/wait?extra")
        assert not (server.scratch / "began-extra").exists()
        server.tell("go")
        assert {answer.result().status for answer in answers} == {200}
        assert waiting.result().status == 200
    assert len(pids) == processes


def test_a_request_never_waits_behind_a_busy_process_while_another_is_idle(launch):
    server = launch(WAITING, PROCESSES=3, THREADS=1)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(server.get, f"/wait?{number}") for number in range(2)]
        busy = {server.note(f"began-{number}") for number in range(2)}
        quick = {server.get("/pid").text for _ in range(30)}
        server.tell("go")
        assert [one.result().status for one in slow] == [200, 200]
    assert len(busy) == 2 and len(quick) == 1 and not quick & busy


def test_two_groups_have_processes_of_their_own(launch):
    server = launch("""
        WSGIDaemonProcess one python-home=@VENV@
        WSGIDaemonProcess two python-home=@VENV@
        WSGIScriptAlias /one @APPS@/process/app.wsgi process-group=one
        WSGIScriptAlias /two @APPS@/process/app.wsgi process-group=two""")
    one, two = server.get("/one").json, server.get("/two").json
    assert one["pid"] != two["pid"] and (one["process_group"], two["process_group"]) == ("one", "two")
