"""Reasons for which a process is replaced: no request is lost, and nothing that works is given up for what does not."""

import concurrent.futures
import os
import re
import signal
import socket
import time

import pytest

from polling import until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ @OPTIONS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /app @APPS@/app.wsgi
"""

APP = """
import os, time
@CODE@
def application(environ, start_response):
    how = environ["QUERY_STRING"]
    if how == "hang":
        time.sleep(8)
    elif how == "burn":
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
    elif how == "grow":
        held = globals().setdefault("held", [])
        if len(held) < 12:
            held.append(b"x" * (8 << 20))
    elif how == "lock":
        import ctypes
        ctypes.PyDLL(None).usleep(4000000)
    start_response("200 OK", [])
    return [b"@VERSION@ %d" % os.getpid()]
"""


#: How often a client asks again at once, after each replacement: 200 with WSGI_REPLACEMENTS=200.
TIMES = int(os.environ.get("WSGI_REPLACEMENTS", "8"))


def save(server, version="v1", code="", name="app.wsgi"):
    new = server.apps / "new"
    new.write_text(APP.replace("@VERSION@", version).replace("@CODE@", code))
    new.chmod(0o644)
    new.replace(server.apps / name)


def begin(launch, options="", code="", config=CONFIG, **values):
    server = launch(config, OPTIONS=options, start=False, **values)
    save(server, code=code)
    server.start()
    return server


def asked(server, query=""):
    answer = server.get("/app" + (f"?{query}" if query else ""))
    return answer.status, answer.text


def pid(server):
    status, text = asked(server)
    assert status == 200, text
    return int(text.split()[1])


def redefine(server, options, config=CONFIG, **values):
    """A graceful restart with another definition, and when it has arrived."""
    server.reconfigure(config, OPTIONS=options, **values)
    server.graceful()


# No request is lost

#: Options, what a client asks to have the process replaced, what it may be answered, and records that are expected.
REASONS = {
    "maximum_requests": ("maximum-requests=3 threads=3", "", {200}, ()),
    "run_once": ("maximum-requests=1 threads=1", "", {200}, ()),
    "restart_interval": ("restart-interval=1", "", {200}, ()),
    "inactivity_timeout": ("inactivity-timeout=1", "pause", {200}, ()),
    "cpu_time_limit": ("cpu-time-limit=1 threads=3", "burn", {200}, ()),
    "maximum_memory": ("maximum-memory=60M threads=3", "grow", {200}, ("WSGI1054",)),
    "request_timeout": ("request-timeout=1 request-timeout-rule=exact threads=3", "hang", {200, 504}, ("WSGI1051", "WSGI1016", "WSGI1012")),
    "interrupt_timeout": ("request-timeout=1 request-timeout-rule=exact interrupt-timeout=1 threads=3", "hang", {200, 504}, ("WSGI1050", "WSGI1051", "WSGI1016", "WSGI1012")),
    "deadlock_timeout": ("deadlock-timeout=1 threads=3", "lock", {200, 504}, ("WSGI1052", "WSGI1016", "WSGI1012")),
    "SIGTERM": ("threads=3", "", {200}, ()),
    "SIGUSR1": ("threads=3", "", {200}, ()),
    "SIGUSR1-eviction": ("threads=3 eviction-timeout=3", "", {200}, ()),
    "script_reload": ("threads=3", "", {200}, ()),
    "graceful": ("threads=3", "", {200}, ()),
    "stop-first": ("threads=3 replacement=stop-first", "", {200}, ()),
    "stop-first-maximum-requests": ("threads=3 replacement=stop-first maximum-requests=5", "", {200}, ()),
}


def provoke(server, reason, process):
    """Has the process replaced where no request does."""
    if reason.startswith("SIG"):
        try:
            server.kill(process, getattr(signal, reason.split("-")[0]))
        except ProcessLookupError:
            pass
    elif reason == "script_reload":
        save(server)
    elif reason in ("graceful", "stop-first"):
        server.graceful()


@pytest.mark.parametrize("reason", REASONS)
def test_a_client_that_asks_again_at_once_loses_no_request(launch, reason):
    options, query, allowed, records = REASONS[reason]
    server = begin(launch, options)
    server.log.allow(*records)
    if records:
        server.log.allow_stacks()
    process = pid(server)
    for number in range(TIMES):
        provoke(server, reason, process)
        end = time.monotonic() + 60
        while True:
            if query == "pause":
                time.sleep(1.2)
            status, text = asked(server, query)
            assert status in allowed, (number, status, text)
            if status == 504:
                # At once: the process that gave up is still there.
                status, text = asked(server)
                assert status == 200, (number, status, text)
            if int(text.split()[1]) != process:
                break
            assert time.monotonic() < end, "not replaced"
        process = int(text.split()[1])


def test_no_request_is_lost_by_a_startup_timeout(launch):
    server = begin(
        launch, "threads=3 startup-timeout=2", "import importlib\nimportlib.import_module('stuck')\n"
        "def application(environ, start_response): pass\n")
    (server.apps / "stuck.py").write_text("import time\ntime.sleep(60)\n")
    server.log.allow(r"WSGI1053|WSGI0109|WSGI0105|Traceback|  File|Thread 0x|ModuleNotFound|WSGI1012|\[wsgi:error\]")
    save(server, code="import time\ntime.sleep(60)")
    answers = []
    for _ in range(max(TIMES, 4) if TIMES <= 8 else TIMES):
        answers.append(asked(server)[0])
    assert set(answers) == {504}, answers


def test_many_clients_lose_nothing_while_processes_serve_one_request_each(launch):
    server = begin(launch, "maximum-requests=1 threads=1 processes=2")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: asked(server), range(40)))
    assert {status for status, _ in answers} == {200}
    pids = [text.split()[1] for _, text in answers]
    assert len(set(pids)) == len(pids), "wsgi.run_once: one request for each process"


@pytest.mark.parametrize("clients", [1, 8])
def test_maximum_requests_is_exceeded_by_as_many_at_most(launch, clients):
    server = begin(launch, "maximum-requests=10 threads=4", "time.sleep(0.5)")
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda _: asked(server), range(120)))
    assert {status for status, _ in answers} == {200}
    pids = [text for _, text in answers]
    assert max(pids.count(one) for one in pids) <= 20


def test_a_process_without_a_successor_goes_on_beyond_its_maximum(launch):
    server = begin(launch, "maximum-requests=1 threads=1", config=CONFIG + "WSGIScriptReloading Off\n")
    process = pid(server)
    until(lambda: pid(server) != process, "a successor")
    server.log.allow(r"WSGI0028|WSGI1013|WSGI0109|Traceback|  File|nosuch|WSGI0105")
    save(server, code="import nosuch")
    until(lambda: asked(server) == asked(server), "the last one that works")
    assert [asked(server)[0] for _ in range(5)] == [200] * 5


# What works goes on

BROKEN = r"\^\^\^|WSGI0117|    raise|listener.bind|WSGI0028|WSGI1013|WSGI0109|WSGI1014|Traceback|  File|nosuch|WSGI0105|WSGI1003|WSGI1005|WSGI1006|WSGI1040|WSGI0154"


def goes_on(server, process, times=1):
    server.log.wait_for("WSGI1013")
    until(lambda: len(re.findall("WSGI1013", server.log.text())) >= times, f"{times} records")
    assert {asked(server) for _ in range(5)} == {(200, f"v1 {process}")}


def test_a_changed_group_whose_script_is_broken_goes_on(launch):
    server = begin(launch, "threads=3")
    server.log.expect("WSGI1013")
    server.log.allow(BROKEN)
    process = pid(server)
    save(server, "v2", "import nosuch")
    redefine(server, "threads=4")
    goes_on(server, process)
    server.graceful()
    goes_on(server, process, 2)
    save(server, "v3")
    until(lambda: asked(server)[1].startswith("v3"), "the repaired script")


@pytest.mark.parametrize("option", [
    "home=/nowhere", "user=siet", "group=siet", "socket-user=siet", "script-user=siet", "supplementary-groups=siet",
    "env-file=/nowhere", "python=/nowhere/bin/python",
])
def test_a_definition_that_names_what_does_not_exist_leaves_the_processes_alone(launch, option):
    if option.split("=")[0] in ("user", "group", "socket-user", "supplementary-groups") and os.geteuid() != 0:
        pytest.skip("needs root")
    config = CONFIG.replace("python-home=@VENV@ ", "python=@VENV@/bin/python " if not option.startswith("python=") else "")
    server = begin(launch, "threads=3", config=CONFIG.replace("python-home=@VENV@", "python=@VENV@/bin/python"))
    server.log.expect("WSGI1013")
    server.log.allow(BROKEN)
    process = pid(server)
    for count in 1, 2:
        redefine(server, f"threads=3 {option}", config=config)
        goes_on(server, process, count)
    redefine(server, "threads=3", config=CONFIG)
    until(lambda: pid(server) != process, "a successor by the corrected definition")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("broken", ["", "home=/nowhere"])
def test_a_group_with_another_user_does_not_go_on(launch, broken):
    server = begin(launch, "threads=3 user=daemon")
    server.log.allow(BROKEN)
    process = pid(server)
    redefine(server, f"threads=3 user=nobody {broken or 'home=/'}")
    until(lambda: asked(server) not in [(200, f"v1 {process}")], "another process, or none")
    assert (asked(server)[0] == 200) == (not broken)


def test_an_alias_that_leads_elsewhere_leaves_the_former_script_behind(launch):
    server = begin(launch, "threads=3", config=CONFIG.replace("app.wsgi", "@NAME@"), NAME="app.wsgi")
    process = pid(server)
    save(server, "v2", name="next.wsgi")
    save(server, "old", "import nosuch")
    redefine(server, "threads=4", config=CONFIG.replace("app.wsgi", "@NAME@"), NAME="next.wsgi")
    until(lambda: asked(server)[1].startswith("v2"), "the new script")
    until(lambda: pid(server) != process, "the new definition")


# The former process ends first

def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


PORT = """
import socket
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", %d))
listener.listen()
"""


def test_an_application_that_holds_a_port_is_never_reloaded_but_told_how(launch):
    server = begin(launch, "threads=3", code=PORT % port())
    server.log.expect("WSGI1013.*replacement=stop-first")
    server.log.allow(BROKEN + "|Address already in use")
    process = pid(server)
    server.graceful()
    goes_on(server, process)


def test_stop_first_reloads_it(launch):
    code = PORT % port()
    server = begin(launch, "threads=3 replacement=stop-first", code=code)
    assert asked(server)[1].startswith("v1")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for version in "v2", "v3", "v4":
            save(server, version, code)
            answers = list(pool.map(lambda _: asked(server), range(8)))
            assert {text.split()[0] for _, text in answers} == {version}, answers
    process = pid(server)
    server.graceful()
    until(lambda: pid(server) != process, "a successor")


def test_stop_first_answers_503_while_the_script_is_broken(launch):
    server = begin(launch, "threads=3 replacement=stop-first")
    assert asked(server)[0] == 200
    server.log.expect("WSGI0028", "WSGI1014.*app.wsgi.*nosuch")
    server.log.allow(BROKEN)
    save(server, "v2", "import nosuch")
    start = time.monotonic()
    assert asked(server)[0] == 503
    assert time.monotonic() - start < 10
    assert asked(server)[0] == 503
    save(server, "v3")
    until(lambda: asked(server)[1].startswith("v3"), "the repaired script")


def test_stop_first_goes_back_to_the_former_definition(launch):
    server = begin(
        launch, "threads=3 replacement=stop-first", "if 'BREAK' in os.environ: import nosuch\n" + PORT % port())
    server.log.expect("WSGI1013.*former definition")
    server.log.allow(BROKEN)
    process = pid(server)
    redefine(server, "threads=3 replacement=stop-first env=BREAK=1")
    until(lambda: pid(server) != process, "another process by the former definition")
    server.log.wait_for("WSGI1013.*nosuch.*former definition")


# Names

def test_processes_are_named_after_their_group(launch):
    server = begin(launch)
    with open(f"/proc/{pid(server)}/cmdline", "rb") as file:
        assert file.read().split(b"\0")[0] == b"(wsgi:main)"
