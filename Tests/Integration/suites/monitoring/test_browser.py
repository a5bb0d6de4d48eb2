"""The page of wsgi-status in a browser. WSGI_SCREENSHOTS=DIRECTORY writes the pictures of docs/guide/monitoring.md."""

import concurrent.futures
import os
import pathlib

import pytest

import chromium
from monitoring.status_pages import APPS, PAGES
from polling import until
from shared_server import hosting

pytestmark = pytest.mark.skipif(not chromium.PROGRAM, reason="there is no Chromium on this machine")

SIZES = {"narrow": (400, 800), "medium": (768, 1024), "wide": (1280, 900)}


@pytest.fixture(scope="module")
def browser():
    with chromium.browser() as one:
        yield one


@pytest.fixture
def site(launch):
    """A server whose page has something in every part."""
    server = launch(hosting("daemon", "processes=2 threads=3", runs_as=False) + """
        WSGIApplicationGroup %{GLOBAL}
        WSGIDaemonProcess reports threads=2
        WSGIScriptAlias /reports @APPS@/hello/app.wsgi process-group=reports
        """ + APPS + PAGES)
    server.log.allow("WSGI1013", "WSGI0109", "WSGI0028", "WSGI0135")
    server.log.expect_traceback("ModuleNotFoundError", "WSGI0028")
    for _ in range(30):
        server.get("/hello")
        server.get("/reports")
    server.get("/stuck/sleep?0.4")
    (server.apps / "hello" / "app.wsgi").write_text("import library_that_is_not_installed_here\n")
    until(lambda: server.get("/hello").status == 200 and "older code serves" in server.get("/wsgi-status").text,
          "the deploy to fail")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        requests = [pool.submit(server.get, f"/wait?{number}") for number in range(2)]
        for number in range(2):
            server.note(f"began-{number}")
        yield server
        server.tell("go")
        assert all(request.result().status == 200 for request in requests)


def test_page(site, browser):
    url = f"http://127.0.0.1:{site.port}/wsgi-status"
    for name, (width, height) in SIZES.items():
        for dark in (False, True):
            browser.open(url, width, height, dark)
            assert browser.evaluate("document.documentElement.scrollWidth") <= width
            background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (background == "rgb(20, 23, 27)") == dark
            assert browser.evaluate("document.querySelectorAll('section').length") >= 4
            assert browser.evaluate("document.querySelectorAll('script, button, form, img, link').length") == 0
            # A picture for the tab is the browser's own wish.
            assert [one for one in browser.requested if not one.endswith("favicon.ico")] == [url]
            assert [one for one in browser.complaints if "favicon" not in one and "404" not in one] == []
            picture = browser.screenshot()
            assert picture.startswith(b"\x89PNG")
            if folder := os.environ.get("WSGI_SCREENSHOTS"):
                pathlib.Path(folder, f"status-{name}-{'dark' if dark else 'light'}.png").write_bytes(picture)


def test_text_is_readable(site, browser):
    """The contrast of the text (WCAG 2.2, 1.4.3)."""
    contrast = """(() => {
        const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).map(one => one / 255)
            .map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
            .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
        const back = element => { for (; element; element = element.parentElement) {
            const colour = getComputedStyle(element).backgroundColor;
            if (colour !== 'rgba(0, 0, 0, 0)') return colour } return 'rgb(255, 255, 255)' };
        return [...document.querySelectorAll('h1, h2, p, dt, dd, td, th, caption, a, .badge, .note, code, figcaption')]
            .map(element => [light(getComputedStyle(element).color), light(back(element))].sort((a, b) => b - a))
            .map(([one, other]) => (one + 0.05) / (other + 0.05)).reduce((least, one) => Math.min(least, one), 99);
    })()"""
    for dark in (False, True):
        browser.open(f"http://127.0.0.1:{site.port}/wsgi-status", 1280, 900, dark)
        assert browser.evaluate(contrast) >= 4.5
