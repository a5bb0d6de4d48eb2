"""wsgi-metrics: what the supervisor knows of processes."""

import os
import signal

import pytest

from monitoring.status_pages import APPS, PAGES, samples, total, until_value, value
from polling import until
from shared_server import hosting


@pytest.fixture
def site(launch):
    server = launch(hosting("daemon", "processes=2 threads=3", runs_as=False) + APPS + PAGES + "WSGIApplicationGroup %{GLOBAL}\n")
    until_value(server, 2, "wsgi_processes", group="main", state="serving")
    return server


def test_processes(site):
    found = samples(site)
    assert total(found, "wsgi_supervisor_up") == 1
    assert total(found, "wsgi_threads_idle", group="main") == 6
    assert total(found, "wsgi_process_starts_total", group="main", reason="start") == 2
    assert total(found, "wsgi_process_crashes_total", group="main") == 0
    for slot in ("0", "1"):
        labels = {"group": "main", "slot": slot}
        assert 1 << 20 < total(found, "wsgi_process_resident_memory_bytes", **labels) < 1 << 30
        assert total(found, "wsgi_process_open_files", **labels) > 7
        assert total(found, "wsgi_process_connections", **labels) >= 2


def test_cpu_time_counts_also_that_of_former_processes(site):
    assert site.get("/stuck/loop?0.5").status == 200
    before = value(site, "wsgi_cpu_seconds_total", group="main")
    assert before >= 0.2
    site.graceful()
    until(lambda: value(site, "wsgi_process_starts_total", group="main", reason="graceful_restart") == 2, "new processes")
    until_value(site, 0, "wsgi_processes", group="main", state="draining")
    assert value(site, "wsgi_cpu_seconds_total", group="main") >= before


def test_crashes(site):
    site.log.expect("WSGI1011")
    site.log.allow_stacks()
    pid = int(site.get("/stuck/sleep?0").text)
    site.kill(pid, signal.SIGSEGV)
    until_value(site, 1, "wsgi_process_crashes_total", group="main", kind="signal")
    until_value(site, 1, "wsgi_process_starts_total", group="main", reason="ended")
    assert value(site, "wsgi_log_messages_total", id="WSGI1011") == 1


def test_failed_deploys(site):
    site.log.expect("WSGI1013", "WSGI0109")
    script = site.apps / "hello" / "app.wsgi"
    good = script.read_text()
    for _ in range(4):
        site.get("/hello")
    assert value(site, "wsgi_stale_code_seconds", group="main") == 0
    modified = value(site, "wsgi_code_modified_timestamp_seconds", group="main", script=str(script))
    assert modified == pytest.approx(script.stat().st_mtime, abs=0.001)
    site.log.expect_traceback("RuntimeError: broken deploy", "WSGI0028")
    script.write_text("raise RuntimeError('broken deploy')\n")
    until(lambda: site.get("/hello").status == 200 and value(site, "wsgi_failed_deploys_total", group="main"),
          "the deploy to fail")
    assert 0 < value(site, "wsgi_stale_code_seconds", group="main") < 60
    assert value(site, "wsgi_code_modified_timestamp_seconds", group="main", script=str(script)) == modified
    script.write_text(good + "\n")
    until(lambda: site.get("/hello").status == 200 and value(site, "wsgi_stale_code_seconds", group="main") == 0,
          "the new code to serve")


def test_a_supervisor_that_is_stopped(site):
    site.log.allow("WSGI1010")
    supervisor = site.supervisors()[0].pid
    os.kill(supervisor, signal.SIGSTOP)
    try:
        found = samples(site)
        assert total(found, "wsgi_requests_total") is not None
    finally:
        os.kill(supervisor, signal.SIGCONT)
    until_value(site, 1, "wsgi_supervisor_up")


def test_a_new_supervisor_answers(site):
    site.log.allow("WSGI1010", "WSGI1011", "WSGI1012")
    supervisor = site.supervisors()[0].pid
    site.kill(supervisor)
    until(lambda: value(site, "wsgi_process_starts_total", group="main", reason="start"), "the new supervisor to answer")


def test_without_groups_there_is_no_supervisor(launch):
    server = launch(hosting("embedded") + APPS + PAGES)
    assert value(server, "wsgi_supervisor_up") is None
    assert value(server, "wsgi_requests_total", group="%{GLOBAL}") == 0
