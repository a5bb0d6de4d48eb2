"""Changed scripts in process groups: who answers meanwhile, what a broken change costs, whose turn it is."""

import concurrent.futures
import os
import re
import signal
import time

import pytest

from polling import until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ processes=@PROCESSES@ threads=@THREADS@ @OPTIONS@
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
WSGIScriptReloading @RELOADING@
WSGIScriptAlias /app @APPS@/app.wsgi
"""

APP = """
import os, time
@CODE@
def application(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [])
    return [b"@VERSION@ %d" % os.getpid()]
"""

BROKEN = r"\[wsgi:error\] \[pid \d+\]     |WSGI0028|WSGI0107|WSGI0109|WSGI1013|WSGI1011|WSGI1014|Traceback|  File|    raise|ValueError: broken"


def save(server, version, code="", name="app.wsgi"):
    """Writes the script as one step."""
    new = server.apps / "new"
    new.write_text(APP.replace("@VERSION@", version).replace("@CODE@", code))
    new.chmod(0o644)
    new.replace(server.apps / name)


def begin(launch, processes=1, threads=4, reloading="On", options="", code="", path="/app", config=CONFIG):
    server = launch(config, PROCESSES=processes, THREADS=threads, RELOADING=reloading, OPTIONS=options, start=False)
    save(server, "old", code)
    server.start()
    if path:
        server.wait_ready(path)
    return server


def version(server, path="/app"):
    return server.get(path).text.split()[0]


def know(server, processes):
    """Has every process load the script."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        def seen():
            found.update(answer.text for answer in pool.map(lambda _: server.get("/app"), range(16)))
            return len(found) == processes
        found = set()
        until(seen, f"{processes} processes to answer")


def starts(server, name="main"):
    """(slot, what) of each start and each success, in order."""
    text = server.log.text()
    pattern = rf"Process \d+ of group '{name}' \(slot (\d+), generation \d+\) (was started|is ready)"
    return [(int(slot), what.split()[1]) for slot, what in re.findall(pattern, text)]


# Who answers

@pytest.mark.parametrize("processes", [1, 3])
def test_after_a_change_only_the_changed_code_answers(launch, processes):
    server = begin(launch, processes)
    know(server, processes)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for number in range(3):
            name = f"new{number}"
            save(server, name, "time.sleep(0.2)")
            answers = {answer.text.split()[0] for answer in pool.map(lambda _: server.get("/app"), range(30))}
            assert answers == {name}


def test_requests_wait_for_one_import_whichever_process_they_meet(launch):
    server = begin(launch, 3, threads=2)
    know(server, 3)
    server.log.start_test()
    save(server, "new", "time.sleep(3)")
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: server.get("/app").text.split()[0], range(6)))
    assert set(answers) == {"new"} and time.monotonic() - began < 5.8, "not one import after the other"


def test_requests_that_waited_for_the_changed_code_find_no_full_line(launch):
    server = begin(launch, options="listen-backlog=1")
    save(server, "new", "time.sleep(2)")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = []
        for _ in range(12):
            answers.append(pool.submit(server.get, "/app?0.2"))
            time.sleep(0.1)
        assert {answer.result().text.split()[0] for answer in answers} == {"new"}


def test_rolling_makes_no_request_wait(launch):
    server = begin(launch, 2, reloading="Rolling")
    know(server, 2)
    save(server, "new", "time.sleep(0.7)")
    answers, longest = [], 0
    while not (answers and answers[-1] == "new"):
        began = time.monotonic()
        answers.append(version(server))
        longest = max(longest, time.monotonic() - began)
    assert answers[0] == "old" and longest < 0.6, longest
    until(lambda: {version(server) for _ in range(10)} == {"new"}, "both processes to be new")


def test_rolling_without_further_requests(launch):
    """The one request that noticed the change is enough."""
    server = begin(launch, reloading="Rolling")
    save(server, "new")
    assert version(server) == "old"
    server.log.wait_for("generation 2.* is ready")
    until(lambda: version(server) == "new", "the new code")


def test_off(launch):
    server = begin(launch, reloading="Off")
    save(server, "new")
    assert {version(server) for _ in range(5)} == {"old"}
    server.graceful()
    until(lambda: version(server) == "new", "the new code")


@pytest.mark.parametrize("reloading, expected", [("On", "new"), ("Rolling", "new"), ("Off", "old")])
def test_embedded_applications_are_loaded_again_in_place(launch, reloading, expected):
    server = launch("WSGIPythonHome @VENV@\nWSGIScriptAlias /app @APPS@/app.wsgi\n"
                    f"WSGIScriptReloading {reloading}\n", start=False)
    save(server, "old")
    server.log.allow("WSGI1004")
    server.start()
    first = server.get("/app").text
    save(server, "new")
    answer = server.get("/app").text
    assert answer == first.replace("old", expected)


def test_rolling_handler_script(launch):
    server = begin(launch, reloading="Rolling", path=None, config=CONFIG + """
        WSGIHandlerScript mine @APPS@/app.wsgi
        <Location /files>
            SetHandler mine
        </Location>""")
    code = "def reload_required(name): return os.path.exists('@/again')\n" \
           "def handle_request(environ, start_response): return application(environ, start_response)\n"
    save(server, "one", code.replace("@", str(server.scratch)))
    first = server.get("/files").text
    assert server.get("/files").text == first
    server.tell("again")
    assert server.get("/files").text == first, "the request that asks does not wait"
    until(lambda: server.get("/files").text != first, "another process")
    server.forget("again")


# Broken changes

def test_change_without_the_application_is_explained(launch):
    server = begin(launch, path="/app", config=CONFIG.replace(
        "/app.wsgi\n", "/app.wsgi process-group=main application-group=%{GLOBAL} callable-object=application\n"))
    server.log.allow(BROKEN, "WSGI0089")
    server.get("/app")
    (server.apps / "app.wsgi").write_text("def app(environ, start_response): pass\n")
    os.utime(server.apps / "app.wsgi")
    until(lambda: version(server) == "old" and "WSGI1013" in server.log.text(), "the failed replacement")
    server.log.expect(
        r"WSGI1013: .*It defines: app\. Rename it to 'application', or set callable-object=app\)\. .*"
        r"Another attempt follows when the script changes \(touch '.*'\), or at a graceful restart of httpd\.")


def test_end_of_a_failure_is_logged_whatever_the_level(launch):
    server = begin(launch, config=CONFIG + "LogLevel wsgi:warn\n")
    server.log.allow(BROKEN)
    server.get("/app")
    save(server, "bad", "raise ValueError('broken deploy')")
    assert version(server) == "old"
    server.log.wait_for("WSGI1013")
    save(server, "new")
    assert version(server) == "new"
    server.log.expect(r"wsgi:notice.*Process \d+ of group 'main' \(slot 0, generation 3\) is ready after \d+ ms; "
                      r"the start before it had failed\.")
    save(server, "newer")
    assert version(server) == "newer"
    assert server.log.text().count(" is ready after ") == 1, "a replacement without a failure is logged as info"


def test_broken_change_costs_one_attempt(launch):
    server = begin(launch)
    server.log.allow(BROKEN)
    old = server.get("/app").text
    save(server, "bad", "raise ValueError('broken deploy')")
    assert {server.get("/app").text for _ in range(300)} == {old}
    text = server.log.text()
    assert len(starts(server)) == 3 and text.count("Traceback") == 1, text
    assert len(re.findall(r"WSGI1013.*app\.wsgi: ValueError: broken deploy\)", text)) == 1
    assert "WSGI1011" not in text
    # Another trigger tries again: one line, with the count, and no traceback.
    for attempt in (2, 3):
        server.graceful()
        server.log.wait_for(rf"WSGI1013.*ValueError: broken deploy; attempt {attempt} with this code")
    assert server.get("/app").text == old
    assert server.log.text().count("Traceback") == 1
    # A change that is broken, too, is tried once more, and one that is not replaces the process.
    save(server, "bad", "raise ValueError('broken again')")
    assert {server.get("/app").text for _ in range(50)} == {old}
    assert server.log.text().count("Traceback") == 2
    save(server, "new")
    assert version(server) == "new"


def test_broken_change_with_several_processes(launch):
    server = begin(launch, 3)
    know(server, 3)
    server.log.allow(BROKEN)
    save(server, "bad", "raise ValueError('broken deploy')")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: server.get("/app"), range(200)))
    assert {answer.text.split()[0] for answer in answers} == {"old"}
    text = server.log.text()
    assert len(starts(server)) == 7 and text.count("Traceback") == 1, "one attempt for all of them"
    save(server, "new")
    assert version(server) == "new"


@pytest.mark.parametrize("code", ["def broken(:", "import sys; sys.exit(1)", "os._exit(9)", "del application\n"])
def test_every_kind_of_failure_leaves_the_old_code(launch, code):
    server = begin(launch)
    server.log.allow(BROKEN, "SyntaxError", "SystemExit", "WSGI0089", r"\^")
    old = server.get("/app").text
    save(server, "bad", code if "del" not in code else "application_ = None")
    if "del" in code:
        script = server.apps / "app.wsgi"
        script.write_text(script.read_text().replace("def application(", "def another("))
    assert {server.get("/app").text for _ in range(100)} == {old}
    assert len(starts(server)) <= 5, "three attempts: two versions, and one was suspected"
    save(server, "new")
    assert version(server) == "new"


def test_change_during_a_failing_attempt_is_waited_for(launch):
    """As an editor saves: for a moment the file is something else, and a request notices just that."""
    server = begin(launch)
    server.log.allow(BROKEN)
    save(server, "bad", "time.sleep(0.6)\nraise ValueError('broken deploy')")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        first = pool.submit(server.get, "/app")
        server.log.wait_for("generation 2.*was started")
        time.sleep(0.2)
        save(server, "new")
        later = [pool.submit(server.get, "/app") for _ in range(2)]
        assert {one.result().text.split()[0] for one in later} == {"new"}
        assert first.result().status == 200


def test_script_that_never_worked_does_not_hold_up_others(launch):
    server = begin(launch, config=CONFIG +
                   "WSGIImportScript @APPS@/absent.wsgi process-group=main application-group=%{GLOBAL}\n")
    server.log.allow(BROKEN, "WSGI0105", "FileNotFoundError", "absent.wsgi")
    save(server, "new")
    assert version(server) == "new"
    server.graceful()
    server.log.wait_for("generation 3.* is ready")
    save(server, "newer")
    assert version(server) == "newer"


@pytest.mark.parametrize("source", ["raise ValueError('broken deploy')", "import sys; sys.exit(1)", "", None])
def test_process_that_has_yet_to_load_the_script_leaves_requests_to_one_that_has(launch, source):
    """The other process is asked for the first time while the file is broken, empty, or already whole again."""
    server = begin(launch, 2, threads=1, path=None)
    server.log.allow(BROKEN, "SystemExit", "WSGI0089", r"sys\.exit|\^\^")
    until(lambda: [what for _, what in starts(server)].count("ready") == 2, "both processes")
    old = server.get("/app").text
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.get, "/app?1.5")
        time.sleep(0.5)
        if source is None:
            save(server, "new")
            assert version(server) == "new"
        else:
            (server.apps / "app.wsgi").write_text(source)
            assert [server.get("/app").text for _ in range(5)] == [old] * 5
        assert slow.result().text == old
    save(server, "newer")
    assert version(server) == "newer"


def test_process_that_replaces_a_killed_one_leaves_broken_code_to_the_other(launch):
    server = begin(launch, 2, threads=1)
    know(server, 2)
    server.log.allow(BROKEN, "WSGI0117|WSGI0146")
    save(server, "bad", "raise ValueError('broken deploy')")
    server.log.start_test()
    server.log.allow(BROKEN, "WSGI0117|WSGI0146")
    survivor, killed = [one.pid for one in server.processes() if "_wsgi_engine" in one.maps]
    os.kill(killed, signal.SIGKILL)
    server.log.wait_for("generation 2.* is ready")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert {answer.text for answer in pool.map(lambda _: server.get("/app?0.02"), range(60))} == {f"old {survivor}"}
    assert len(starts(server)) <= 5, "the killed one's successor, and an attempt for each of the two"
    save(server, "new")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert {answer.text.split()[0] for answer in pool.map(lambda _: server.get("/app"), range(30))} == {"new"}


@pytest.mark.parametrize("code", ["raise ValueError('broken')", "del_ = 1"])
def test_script_that_works_nowhere_replaces_no_process(launch, code):
    """It is loaded when the processes start, so that each of them knows that it does not work."""
    server = begin(launch, 2, path=None, code=code, config=CONFIG.replace(
        "/app.wsgi\n", "/app.wsgi process-group=main application-group=%{GLOBAL} callable-object=absent\n"))
    server.log.allow(BROKEN, "WSGI0089")
    until(lambda: [what for _, what in starts(server)].count("ready") == 2, "both processes")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert {answer.status for answer in pool.map(lambda _: server.get("/app"), range(20))} <= {404, 500}
    assert len(starts(server)) == 4, starts(server)


def test_broken_script_of_one_application_leaves_the_other(launch):
    server = begin(launch, config=CONFIG + "WSGIScriptAlias /other @APPS@/hello/app.wsgi\n", path=None)
    server.log.allow(BROKEN)
    save(server, "fine", name="hello/app.wsgi")
    pids = {server.get("/app").text.split()[1], server.get("/other").text.split()[1]}
    save(server, "bad", "raise ValueError('broken deploy')")
    assert {version(server) for _ in range(20)} == {"old"}
    save(server, "changed", name="hello/app.wsgi")
    answers = {server.get(path).text for path in ("/app", "/other") for _ in range(20)}
    assert answers == {f"{name} {pid}" for name, pid in zip(("old", "fine"), 2 * list(pids))}, "both go on"
    save(server, "new")
    assert (version(server), version(server, "/other")) == ("new", "changed")


# Turns

def test_slots_are_replaced_one_after_the_other(launch):
    server = begin(launch, 3, code="time.sleep(0.2)")
    know(server, 3)
    before = len(starts(server))
    server.graceful()
    until(lambda: len(starts(server)) == before + 6, "three replacements")
    assert starts(server)[before:] == [(slot, what) for slot in range(3) for what in ("started", "ready")]


# Crash loops

def test_import_that_ends_the_process_backs_off_until_the_file_is_repaired(launch):
    server = begin(launch, path=None, code="os._exit(7)", config=CONFIG.replace(
        "/app.wsgi\n", "/app.wsgi process-group=main application-group=%{GLOBAL}\n"))
    server.log.allow(BROKEN)
    server.log.wait_for("WSGI1011.*ended with exit code 7 before it was ready")
    server.log.wait_for("WSGI1014.*the next one is in 4 s")
    assert server.get("/app").status == 503
    server.log.allow("WSGI0117")
    save(server, "new")
    until(lambda: server.get("/app").status == 200, "the repaired script to be served", timeout=2)
    lines = [line for line in server.log.lines() if "WSGI1011" in line]
    assert len(lines) < 6, lines


def test_request_that_ends_the_process_by_its_import(launch):
    server = begin(launch, path=None, code="os._exit(7)")
    server.log.allow(BROKEN, r"WSGI0117|WSGI0146")
    statuses = {server.get("/app").status for _ in range(40)}
    assert statuses <= {502, 503} and server.log.text().count("WSGI1011") < 10
    save(server, "new")
    until(lambda: server.get("/app").status == 200, "the repaired script to be served", timeout=2)


def test_first_import_that_raises_is_tried_again_by_each_request(launch):
    server = begin(launch, path=None, code="raise ValueError('broken')")
    server.log.allow(BROKEN)
    assert [server.get("/app").status for _ in range(3)] == [500] * 3
    save(server, "new")
    assert version(server) == "new"
    os.utime(server.apps / "app.wsgi")
    assert version(server) == "new"
