"""The section in mod_status's own page."""

import pytest

from monitoring.status_pages import APPS, PAGES
from shared_server import hosting


@pytest.fixture
def site(launch):
    server = launch(hosting("daemon", "threads=2", runs_as=False) + APPS + PAGES)
    assert server.get("/hello").status == 200
    return server


def test_page(site):
    page = site.get("/server-status").text
    assert "<h2>mod_wsgi" in page
    assert "<td>main</td><td>serving</td><td>0 of 2</td><td>0</td><td>1</td>" in page


def test_lines(site):
    lines = dict(line.split(": ", 1) for line in site.get("/server-status?auto").text.splitlines() if ": " in line)
    assert "Total Accesses" in lines
    assert lines["WSGIRequests"] == "1"
    assert lines["WSGIGroup[main]State"] == "serving"
