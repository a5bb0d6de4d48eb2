"""The numbers that mod_wsgi gives to applications."""

import concurrent.futures
import time

import pytest

from evaluation import ask, configuration

pytestmark = pytest.mark.pythons

DIRECTIVES = "SetEnv TEST_SCRATCH @SCRATCH@\nWSGIScriptAlias /wait @APPS@/wait/app.wsgi application-group=%{GLOBAL}\n"


def begin(launch, mode):
    # One process that serves all requests.
    more = "StartServers 1\nServerLimit 1\nMaxRequestWorkers 16\n" if mode == "embedded" else ""
    server = launch(configuration(mode, "threads=3", DIRECTIVES + more))
    assert ask(server, "import mod_wsgi\nmod_wsgi.request_metrics(), mod_wsgi.server_metrics()") == [None, None]
    ask(server, "import mod_wsgi\nmod_wsgi.start_recording_metrics()")
    return server


def test_request_metrics(launch, mode):
    server = begin(launch, mode)
    ask(server, "import mod_wsgi\nmod_wsgi.request_metrics() and None")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.get, "/wait?one")
        server.note("began-one")
        start = time.monotonic()
        time.sleep(0.2)
        running = ask(server, "import mod_wsgi\nmod_wsgi.request_metrics()")
        server.tell("go")
        waiting.result()
        duration = time.monotonic() - start
    ended = ask(server, "import mod_wsgi\nmod_wsgi.request_metrics()")
    assert (running["request_count"], ended["request_count"]) == (1, 2)
    assert max(running["request_threads_current_elapsed"]) >= 0.2
    assert running["capacity_utilization"] > 0 and running["request_threads_active"] >= 2 or mode == "embedded"
    assert 0.2 <= ended["application_time_max_us"] / 1e6 <= duration + 1
    assert ended["request_threads_maximum"] == (16 if mode == "embedded" else 3)
    assert (ended["queue_time"], ended["daemon_time"]) == (None, None) if mode == "embedded" else (
        ended["queue_time"] >= 0 and ended["daemon_time"] >= 0)
    assert ended["status_2xx"] == 2 and sum(ended["request_time_buckets"]) == 2
    assert 1 << 20 < ended["memory_rss"] <= ended["memory_max_rss"]


def test_process_metrics(launch, mode):
    server = begin(launch, mode)
    first = ask(server, "import mod_wsgi, os\n[mod_wsgi.process_metrics(), os.getpid()]")
    second = ask(server, "import mod_wsgi, os\n[mod_wsgi.process_metrics(), os.getpid()]")
    assert first[1] == second[1] == first[0]["pid"]
    assert second[0]["request_count"] - first[0]["request_count"] == 1
    assert first[0]["active_requests"] == 1
    assert 0 <= first[0]["running_time"] < 60
    assert first[0]["cpu_time"] > 0
