"""wsgi-metrics: the counters of requests."""

import concurrent.futures
import time

import pytest

from monitoring.status_pages import APPS, PAGES, samples, total, until_value, value
from polling import until
from shared_server import hosting


@pytest.fixture(scope="session")
def group(mode):
    return "%{GLOBAL}" if mode == "embedded" else "main"


@pytest.fixture
def site(launch, mode):
    return launch(hosting(mode, "threads=2") + APPS + PAGES)


def host(server):
    # The main server has no port unless ServerName has one.
    return "localhost"


def test_requests_are_counted_by_status_and_time(site, group):
    site.log.expect_traceback("ValueError: effect")
    before = samples(site)
    assert total(before, "wsgi_requests_total", group=group, vhost=host(site)) == 0
    for _ in range(5):
        assert site.get("/hello").status == 200
    assert site.get("/raising?place=call&kind=hidden").status == 500
    after = samples(site)
    assert total(after, "wsgi_requests_total", group=group, vhost=host(site), status="2xx") == 5
    assert total(after, "wsgi_requests_total", group=group, vhost=host(site), status="5xx") == 1
    assert total(after, "wsgi_request_application_seconds_count", group=group) == 6
    assert total(after, "wsgi_request_write_seconds_count", group=group) >= 5


def test_times_are_those_of_the_request(site, group):
    assert site.get("/stuck/sleep?0.3").status == 200
    after = samples(site)
    assert 0.3 <= total(after, "wsgi_request_application_seconds_sum", group=group) < 5
    assert total(after, "wsgi_request_write_seconds_sum", group=group) < 0.3
    assert total(after, "wsgi_request_application_seconds_bucket", group=group, le="0.25") == 0
    assert total(after, "wsgi_request_application_seconds_bucket", group=group, le="+Inf") == 1


def test_a_slow_body_is_time_for_reading(site, group):
    # The first request loads the script.
    assert site.get("/digest").status == 200
    before = samples(site)
    with site.connect() as connection:
        connection.send(b"POST /digest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(1)
        connection.send(b"cd")
        assert connection.read_response().status == 200
    after = samples(site)
    read, application = (total(after, name, group=group) - total(before, name, group=group) for name in (
        "wsgi_request_read_seconds_sum", "wsgi_request_application_seconds_sum"))
    assert read >= 0.5 > application


def test_rejections_are_counted_by_reason(site, mode):
    site.log.allow("WSGI0135")
    site.reconfigure(hosting(mode) + APPS + PAGES + "WSGIScriptAlias /absent @APPS@/absent.wsgi\n")
    site.graceful()
    until(lambda: site.get("/absent").status == 404 and value(site, "wsgi_rejections_total", reason="script"),
          "a rejection to be counted")
    assert value(site, "wsgi_log_messages_total", id="WSGI0135") >= 1


def test_messages_of_applications_are_counted_by_their_ids(site):
    site.log.expect_traceback("ValueError: effect")
    site.get("/raising?place=call&kind=hidden")
    assert value(site, "wsgi_log_messages_total", id="WSGI0174") == 1


def test_busy_threads_in_embedded_mode(launch):
    site = launch(hosting("embedded") + APPS + PAGES)
    assert value(site, "wsgi_threads_busy", group="%{GLOBAL}") == 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        requests = [pool.submit(site.get, f"/wait?{number}") for number in range(2)]
        until_value(site, 2, "wsgi_threads_busy", group="%{GLOBAL}")
        site.tell("go")
        assert all(request.result().status == 200 for request in requests)
    until_value(site, 0, "wsgi_threads_busy", group="%{GLOBAL}")


def test_messages_of_processes_outside_requests_are_counted(launch):
    site = launch(hosting("daemon", "locale=xx_XX", runs_as=False) + APPS + PAGES)
    site.log.expect("WSGI0079")
    assert site.get("/hello").status == 200
    assert value(site, "wsgi_log_messages_total", id="WSGI0079") == 1
    site.graceful()
    # One process has ended, and its successor has written the same.
    until_value(site, 2, "wsgi_log_messages_total", id="WSGI0079")
    until_value(site, 0, "wsgi_processes", group="main", state="draining")
    assert value(site, "wsgi_log_messages_total", id="WSGI0079") == 2


def test_counters_survive_a_graceful_restart(site, group):
    for _ in range(3):
        site.get("/hello")
    site.graceful()
    assert site.get("/hello").status == 200
    assert value(site, "wsgi_requests_total", group=group, status="2xx") == 4


def test_busy_threads_and_waiting_requests(launch):
    site = launch(hosting("daemon", "threads=2 queue-timeout=30") + APPS + PAGES)
    assert site.get("/hello").status == 200
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        requests = [pool.submit(site.get, f"/wait?{number}") for number in range(3)]
        until_value(site, 1, "wsgi_queue_requests", group="main")
        found = samples(site)
        assert total(found, "wsgi_threads_busy", group="main") == 2
        assert total(found, "wsgi_threads_idle", group="main") == 0
        site.tell("go")
        assert all(request.result().status == 200 for request in requests)
    found = samples(site)
    assert total(found, "wsgi_threads_busy", group="main") == 0
    assert total(found, "wsgi_queue_requests", group="main") == 0
    assert total(found, "wsgi_request_queue_seconds_count", group="main") == 4
    assert total(found, "wsgi_request_queue_seconds_sum", group="main") > 0


def test_virtual_hosts_are_counted_apart(launch, mode, group):
    site = launch(hosting(mode) + APPS + PAGES + """
        <VirtualHost *:@PORT@>
            ServerName one.test
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName two.test
        </VirtualHost>""")
    site.get("/hello", [("Host", "two.test")])
    found = samples(site)
    assert total(found, "wsgi_requests_total", group=group, vhost=f"two.test:{site.port}") == 1
    assert total(found, "wsgi_requests_total", group=group, vhost=f"one.test:{site.port}") == 0
