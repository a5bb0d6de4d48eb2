"""Limits of time and memory: each fires in time, says why, and costs nobody else a request."""

import concurrent.futures
import os
import re
import signal
import struct
import time

import pytest

import client
import env
from polling import LATE, until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ @OPTIONS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIApplicationGroup @GROUP@
WSGIScriptAlias /stuck @APPS@/stuck/app.wsgi
WSGIScriptAlias /slow @APPS@/slow_import/app.wsgi
<Location /stuck/unnoticed>
  WSGIIgnoreActivity On
</Location>
"""

GROUPS = pytest.mark.parametrize("group", ["%{GLOBAL}", "site"])


def begin(launch, options, group="%{GLOBAL}", **values):
    server = launch(CONFIG, OPTIONS=options, GROUP=group, **values)
    server.log.allow_stacks()
    return server


def pid(server) -> int:
    return int(server.get("/stuck/pid").text)


def timed(server, path):
    """Status and duration of a request; a status of 0: the answer broke off."""
    start = time.monotonic()
    try:
        status = server.get(path).status
    except client.Cut as cut:
        status = 0 if cut.partial else -1
    return status, time.monotonic() - start


def fires(server, path, seconds, status=504):
    """A request that runs into a limit; others of its process are not disturbed meanwhile."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        late = pool.submit(timed, server, path)
        while not late.done():
            assert timed(server, "/stuck/sleep?0.2")[0] == 200
        got, took = late.result()
    assert got == status
    assert seconds <= took < seconds + LATE, took


def record(server, tag):
    """The process that has written the record with this tag, and its text with the stacks that follow it."""
    server.log.wait_for(tag)
    text = server.log.text()
    found = re.search(rf"^\[.*\[pid (\d+)[^\]]*\] {tag}: (.*)", text, re.M)
    assert found, text
    lines = [found[2]]
    for line in text[found.end() + 1:].splitlines():
        one = re.match(rf"\[\w{{3}} \w{{3}} .*\[wsgi:(?:error|warn)\] \[pid {found[1]}\] (?!WSGI)(.*)", line)
        if not one:
            break
        lines.append(one[1])
    return int(found[1]), "\n".join(lines)


# request-timeout, interrupt-timeout

@GROUPS
def test_late_request_is_answered_for_and_its_process_replaced(launch, group):
    server = begin(launch, "threads=4 request-timeout=1 request-timeout-rule=exact", group)
    server.log.allow("WSGI1016")
    first = pid(server)
    fires(server, "/stuck/sleep?15&secret=1", 1)
    worker, text = record(server, "WSGI1051")
    assert worker == first
    assert re.match(r"\[[\w@+/.-]+\] GET /stuck/sleep\? ran for 1\.\d s, longer than request-timeout=; the client "
                    r"received 504, .*request_timeout", text), text
    assert re.search(r'stuck/app\.wsgi", line \d+, in sleep\n', text), text
    assert "secret" not in text
    until(lambda: pid(server) != first, "another process")


def test_limit_grows_with_the_threads(launch):
    server = begin(launch, "threads=4 request-timeout=1")
    server.log.allow("WSGI1051", "WSGI1016")
    fires(server, "/stuck/sleep?15", 2.38)


def test_limit_of_a_single_thread_is_not_scaled_and_needs_no_other_limit(launch):
    server = begin(launch, "threads=1 request-timeout=1 deadlock-timeout=0 inactivity-timeout=0")
    server.log.allow("WSGI1051", "WSGI1016")
    first = pid(server)
    status, took = timed(server, "/stuck/sleep?15")
    assert status == 504 and 1 <= took < 1 + LATE
    # Nobody waits behind the thread that is stuck.
    status, took = timed(server, "/stuck/sleep?0")
    assert status == 200 and took < 3
    assert pid(server) != first


def test_response_that_has_begun_is_cut(launch):
    server = begin(launch, "threads=4 request-timeout=1 request-timeout-rule=exact")
    server.log.allow("WSGI1051", "WSGI1016", "WSGI0119")
    fires(server, "/stuck/stream?15", 1, status=0)


@GROUPS
def test_late_request_is_interrupted_and_its_process_stays(launch, group):
    server = begin(
        launch, "threads=4 request-timeout=1 request-timeout-rule=exact interrupt-timeout=5", group)
    first = pid(server)
    fires(server, "/stuck/loop?15", 1)
    _, text = record(server, "WSGI1050")
    assert re.search(r'stuck/app\.wsgi", line \d+, in loop\n', text), text
    assert (server.scratch / "cleaned").read_text() == str(first)
    assert pid(server) == first


def test_interruption_does_not_reach_the_next_request(launch):
    server = begin(launch, "threads=1 request-timeout=1 interrupt-timeout=5")
    server.log.allow("WSGI1050")
    for _ in range(3):
        assert timed(server, "/stuck/sleep?1.02")[0] in (200, 504)
        for _ in range(20):
            assert server.get("/stuck/loop?0").status == 200


def test_request_that_cannot_be_interrupted_is_cut_after_interrupt_timeout(launch):
    server = begin(launch, "threads=4 request-timeout=1 request-timeout-rule=exact interrupt-timeout=1")
    server.log.allow("WSGI1050", "WSGI1016")
    first = pid(server)
    fires(server, "/stuck/sleep?15", 2)
    assert record(server, "WSGI1051")[0] == first
    until(lambda: pid(server) != first, "another process")


# deadlock-timeout, startup-timeout

@GROUPS
def test_process_whose_lock_is_held_is_replaced(launch, group):
    server = begin(launch, "threads=4 deadlock-timeout=2", group)
    server.log.allow("WSGI1011", "WSGI1012", "WSGI1016")
    first = pid(server)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(timed, server, "/stuck/lock?20") for _ in range(1)]
        time.sleep(0.2)
        answers.append(pool.submit(timed, server, "/stuck/sleep?0"))
        for answer in answers:
            status, took = answer.result()
            assert status == 504 and 1.8 <= took < 2 + LATE, (status, took)
    worker, text = record(server, "WSGI1052")
    assert worker == first and "deadlock_timeout" in text
    assert re.search(r"GET /stuck/lock\?, for 2\.\d s|GET /stuck/lock\?, for 3\.\d s", text), text
    assert re.search(r'stuck/app\.wsgi", line \d+ in application', text), text
    assert pid(server) != first


@pytest.mark.pythons
def test_lock_of_one_interpreter_is_enough(launch, platform):
    """An interpreter with a lock of its own hangs while the main one does not."""
    server = launch(CONFIG.replace("WSGIApplicationGroup", "WSGIPerInterpreterGIL On\nWSGIApplicationGroup"),
                    OPTIONS="threads=4 deadlock-timeout=2", GROUP="site")
    server.log.allow("WSGI0198", "WSGI1011", "WSGI1012", "WSGI1016")
    server.log.allow_stacks()
    first = pid(server)
    status, took = timed(server, "/stuck/match")
    assert status == 504 and 1.8 <= took < 2 + LATE, (status, took)
    worker, text = record(server, "WSGI1052")
    assert worker == first and "deadlock_timeout" in text and "GET /stuck/match, for" in text, text
    assert re.search(r'stuck/app\.wsgi", line \d+ in application', text), text
    assert pid(server) != first


def test_process_that_loads_no_script_in_time_is_replaced(launch):
    server = begin(launch, "threads=4 startup-timeout=1")
    server.log.allow("WSGI1011", "WSGI1012", "WSGI1016")
    status, took = timed(server, "/slow")
    assert status == 504 and 1 <= took < 1 + LATE
    _, text = record(server, "WSGI1053")
    assert "startup_timeout" in text and "GET /slow, for 1." in text and 'app.wsgi", line 5' in text, text
    assert timed(server, "/stuck/sleep?0")[0] == 200


def test_process_that_is_not_ready_in_time_is_killed(launch):
    server = launch(
        CONFIG + "WSGIImportScript @APPS@/slow_import/app.wsgi process-group=main application-group=%{GLOBAL}\n",
        OPTIONS="threads=4 startup-timeout=1", GROUP="%{GLOBAL}", start=False)
    server.log.allow("WSGI0117", "WSGI1011", "WSGI1014")
    start = time.monotonic()
    server.start(wait=False)
    _, text = record(server, "WSGI1012")
    assert 1 <= time.monotonic() - start < 1 + LATE
    assert "was killed: it was not ready in time" in text
    (server.apps / "slow_import" / "app.wsgi").write_text("def application(environ, start_response): pass\n")
    until(lambda: timed(server, "/stuck/sleep?0")[0] == 200, "a process that is ready")


# inactivity-timeout, restart-interval, maximum-requests, maximum-memory

def test_idle_process_is_replaced_by_one_that_has_loaded_nothing(launch):
    server = begin(launch, "threads=4 inactivity-timeout=1")
    first = pid(server)
    start = time.monotonic()
    server.log.wait_for(r"was started: it was idle for 1 s \(inactivity_timeout\)")
    assert time.monotonic() - start < 1 + LATE
    server.log.wait_for(rf"Process {first} .* has ended")
    second = pid(server)
    assert second != first
    # Requests that do not count leave the time as it is.
    end = time.monotonic() + 10
    while server.get("/stuck/unnoticed").text == str(second):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_process_that_was_not_used_is_not_replaced(launch):
    server = begin(launch, "threads=4 inactivity-timeout=1")
    time.sleep(2.5)
    assert "inactivity" not in server.log.text()


def test_old_process_is_replaced_without_losing_a_request(launch):
    server = begin(launch, "threads=4 restart-interval=1")
    seen, end = set(), time.monotonic() + 3.5
    while time.monotonic() < end:
        seen.add(pid(server))
    assert 3 <= len(seen) <= 4
    server.log.wait_for(r"was started: it has served for 1 s \(restart_interval\)")


def test_maximum_requests_with_jitter(launch):
    server = begin(launch, "threads=1 processes=1 maximum-requests=5 maximum-requests-jitter=20")
    runs, seen = [], []
    for _ in range(120):
        seen.append(pid(server))
        time.sleep(0.01)
    runs = [seen.count(one) for one in dict.fromkeys(seen)][1:-1]
    assert len(set(runs)) > 1, f"each process ended after the same number of requests: {runs}"
    server.log.wait_for(r"maximum of \d+ requests \(maximum_requests\)")


def test_process_with_too_much_memory_is_replaced(launch):
    server = begin(launch, "threads=4 maximum-memory=150M")
    first = int(server.get("/stuck/grow?200000000").text)
    start = time.monotonic()
    worker, text = record(server, "WSGI1054")
    assert time.monotonic() - start < 3 + LATE
    assert worker == first and re.search(r"it uses \d{3} MiB of memory, more than maximum-memory \(150 MiB\)", text)
    until(lambda: pid(server) != first, "another process")
    server.log.wait_for(r"\(maximum_memory\)")


# graceful-timeout, eviction-timeout, shutdown-timeout

@pytest.mark.parametrize("limit, reason", [("graceful-timeout=1", "graceful"),
                                           ("eviction-timeout=1 graceful-timeout=30", "eviction")])
def test_request_that_outlives_its_process_is_cut(launch, limit, reason):
    server = begin(launch, f"threads=4 shutdown-timeout=1 {limit}")
    server.log.allow("WSGI0146", "WSGI1011", "WSGI1012")
    first = pid(server)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        late = pool.submit(timed, server, "/stuck/sleep?15")
        time.sleep(0.3)
        start = time.monotonic()
        os.kill(first, signal.SIGUSR1)
        status, _ = late.result()
        took = time.monotonic() - start
    assert status == 502 and 1 <= took < 1 + LATE, (status, took)
    server.log.wait_for(rf"was started: a signal asked for it \(SIGUSR1\) \({reason}_signal\)")
    worker, text = record(server, "WSGI1016")
    assert worker == first and "GET /stuck/sleep?, for 1." in text
    assert re.search(r'stuck/app\.wsgi", line \d+, in sleep', text), text


def test_what_is_cut_in_a_draining_process_is_told(launch):
    """Its last request ends with the cut, and so does the process."""
    server = begin(launch, "threads=2 request-timeout=1 request-timeout-rule=exact graceful-timeout=30 maximum-requests=1")
    for _ in range(5):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            late = pool.submit(timed, server, "/stuck/sleep?600")
            time.sleep(0.3)
            pid(server)
            assert late.result()[0] == 504
    until(lambda: server.log.text().count("WSGI1051: ") == 5, "a record for each of them")
    server.log.allow("WSGI1051", "WSGI1012")


def test_eviction_timeout_holds_for_the_signal(launch):
    server = begin(launch, "threads=4 graceful-timeout=1 eviction-timeout=10")
    first = pid(server)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        late = pool.submit(timed, server, "/stuck/sleep?3")
        time.sleep(0.3)
        os.kill(first, signal.SIGUSR1)
        assert late.result()[0] == 200
    server.log.wait_for(r"\(eviction_signal\)")
    assert pid(server) != first


# What is known of requests

@GROUPS
def test_crash_is_one_record_with_requests_signal_and_stacks(launch, group):
    server = begin(launch, "threads=4", group)
    server.log.allow("WSGI0146")
    server.log.allow_stacks()
    first = pid(server)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        other = pool.submit(timed, server, "/stuck/sleep?5")
        time.sleep(0.3)
        assert timed(server, "/stuck/crash?0&secret")[0] == 502
        assert other.result()[0] == 502
    _, text = record(server, "WSGI1011")
    assert text.startswith(f"Process {first} of group 'main' ") and "was ended by SIGSEGV" in text
    requests = re.findall(r"\[([\w@+/.-]+)\] GET (\S+), for \d+\.\d s", text)
    assert sorted(path for _, path in requests) == ["/stuck/crash?", "/stuck/sleep?"], text
    assert "in string_at" in text and re.search(r'stuck/app\.wsgi", line \d+ in sleep', text), text
    # The record of the child names the same request.
    for identity, _ in requests:
        assert re.search(rf"WSGI0146: .*\[{re.escape(identity)}\]", server.log.text())


def test_what_threads_do_can_be_read(launch):
    if not env.is_root():
        pytest.skip("not started by root")
    server = begin(launch, "threads=3")
    worker = pid(server)

    def board():
        with open(f"/proc/{worker}/fd/5", "rb") as file:
            data = file.read()
        magic, version, threads = struct.unpack_from("=III", data)
        assert (magic, version, threads) == (0x57534742, 2, 3)
        for thread in range(threads):
            at = 64 + 256 * thread
            _, state, _, id_length, line_length, started, count = struct.unpack_from("=IIIHHQQ", data, at)
            yield state, data[at + 32:at + 32 + id_length], data[at + 72:at + 72 + line_length], started, count

    # A thread is idle again a moment after its client has the response.
    until(lambda: all(row[0] == 0 for row in board()), "all threads idle")
    assert sum(row[4] for row in board()) >= 1
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        late = pool.submit(timed, server, "/stuck/sleep?1&password")
        row = until(lambda: next((row for row in board() if row[0] == 1), None), "a busy thread")
        assert row[2] == b"127.0.0.1 GET /stuck/sleep?" and row[1] and row[3] <= time.monotonic_ns()
        assert late.result()[0] == 200
    until(lambda: all(row[0] == 0 for row in board()), "all threads idle")
