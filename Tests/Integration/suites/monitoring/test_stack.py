"""?stack=: the Python stack of a running request."""

import concurrent.futures
import time
import urllib.parse

import pytest

from monitoring.status_pages import APPS, PAGES
from polling import until
from shared_server import hosting


@pytest.fixture
def site(launch):
    return launch(hosting("daemon", "threads=3", runs_as=False) + APPS + PAGES)


def running(server) -> list[dict]:
    return server.get("/wsgi-status?json").json["groups"][0]["slots"][0]["processes"][0]["running"]


def stack(server, identifier: str):
    return server.get(f"/wsgi-status?json&stack={urllib.parse.quote(identifier, safe='')}").json["stack"]


@pytest.mark.pythons
def test_stack_of_a_request(site):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        request = pool.submit(site.get, "/stuck/sleep?2")
        identifier = until(lambda: running(site), "the request to run")[0]["id"]
        # It may still be loading its script.
        until(lambda: "in sleep" in stack(site, identifier), "the request to sleep")
        assert "in application" in stack(site, identifier)
        page = site.get("/wsgi-status?stack=" + urllib.parse.quote(identifier, safe="")).text
        assert "in sleep" in page and "<pre>" in page
        assert site.get("/wsgi-status?auto&stack=" + urllib.parse.quote(identifier, safe="")).text.count("\n") > 2
        assert request.result().status == 200
    assert stack(site, identifier) == ""


def test_other_requests_do_not_wait(site):
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        request = pool.submit(site.get, "/stuck/sleep?3")
        identifier = until(lambda: running(site), "the request to run")[0]["id"]
        asked = [pool.submit(stack, site, identifier) for _ in range(8)]
        longest = 0
        while not all(one.done() for one in asked):
            begun = time.monotonic()
            assert site.get("/hello").status == 200
            longest = max(longest, time.monotonic() - begun)
        assert longest < 1
        assert sum("in sleep" in (one.result() or "") for one in asked) >= 1
        assert request.result().status == 200


def test_interpreter_lock_is_held(site):
    """faulthandler needs no lock."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        request = pool.submit(site.get, "/stuck/lock?4")
        identifier = until(lambda: running(site), "the request to run")[0]["id"]
        found = stack(site, identifier)
        assert "The GIL cannot be acquired" in found and "in application" in found, found
        assert request.result().status == 200


@pytest.mark.parametrize("identifier", ["unknown", "", "%00", "x" * 4000, "<script>"])
def test_ids_of_no_request(site, identifier):
    answer = site.get("/wsgi-status?stack=" + identifier)
    assert answer.status == 200
    assert "<script>" not in answer.text
