"""The page of wsgi-status in a browser.

WSGI_SCREENSHOTS=DIRECTORY writes the pictures of docs/guide/monitoring.md, after 15 minutes of requests.
"""

import concurrent.futures
import math
import os
import pathlib
import random
import time

import pytest

import chromium
from monitoring.status_pages import PAGES
from polling import until

pytestmark = pytest.mark.skipif(not chromium.PROGRAM, reason="there is no Chromium on this machine")

PICTURES = os.environ.get("WSGI_SCREENSHOTS")
SECONDS = int(os.environ.get("WSGI_SCREENSHOTS_AFTER", 900)) if PICTURES else 1

SIZES = {"narrow": (400, 800), "medium": (768, 1024), "wide": (1280, 900)}


@pytest.fixture(scope="module")
def browser():
    with chromium.browser() as one:
        yield one


#: Serves requests whose query is the number of seconds that they take, or "wait".
APPLICATION = """
import os
import time


def application(environ, start_response):
    query = environ["QUERY_STRING"]
    end = time.monotonic() + (60 if query == "wait" else float(query or 0))
    while time.monotonic() < end and not (query == "wait" and os.path.exists(environ["TEST_SCRATCH"] + "/go")):
        time.sleep(0.005)
    found = not environ["PATH_INFO"].startswith("/old")
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/plain")])
    return [b"done"]
"""

SITE = """
WSGIDaemonProcess shop processes=3 threads=4 python-home=@VENV@
WSGIDaemonProcess intranet processes=2 threads=3 python-home=@VENV@
WSGIDaemonProcess reports threads=2 python-home=@VENV@ queue-timeout=60
WSGIPythonHome @VENV@
WSGIApplicationGroup %{GLOBAL}
SetEnv TEST_SCRATCH @SCRATCH@
<VirtualHost *:@PORT@>
    ServerName localhost
    WSGIScriptAlias /health @APPS@/health/wsgi.py process-group=%{GLOBAL}
""" + PAGES + """
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName shop.example.com
    WSGIScriptAlias / @APPS@/shop/wsgi.py process-group=shop
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName intranet.example.com
    WSGIScriptAlias /reports @APPS@/reports/wsgi.py process-group=reports
    WSGIScriptAlias / @APPS@/intranet/wsgi.py process-group=intranet
</VirtualHost>
"""

SHOP, INTRANET = [("Host", "shop.example.com")], [("Host", "intranet.example.com")]


def work(server, seconds: int) -> None:
    """Requests of many clients, which come and go."""
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < end:
            if number > 5 + 5 * math.sin(time.monotonic() / 40):
                time.sleep(1)
            path = chance.choice(["", "products/lamp", "products/chair", "cart", "search", "old/page"])
            server.get(f"/{path}?{chance.expovariate(10):.3f}", SHOP)
            if number % 3 == 0:
                server.get(f"/people?{chance.expovariate(20):.3f}", INTRANET)
            if number % 5 == 0:
                server.get(f"/reports/daily?{chance.expovariate(4):.3f}", INTRANET)

    with concurrent.futures.ThreadPoolExecutor(11) as pool:
        list(pool.map(client, range(11)))


@pytest.fixture
def site(launch):
    """A server whose page has something in every part."""
    server = launch(SITE, start=False)
    for name in ("health", "shop", "intranet", "reports"):
        (server.apps / name).mkdir()
        (server.apps / name / "wsgi.py").write_text(APPLICATION)
    server.start()
    server.log.allow("WSGI1013", "WSGI0109", "WSGI0028")
    server.log.expect_traceback("ModuleNotFoundError", "WSGI0028")
    work(server, SECONDS)
    for seconds, path, host in ((0.7, "/checkout", SHOP), (0.5, "/search", SHOP), (0.4, "/reports/monthly", INTRANET)):
        server.get(f"{path}?{seconds}", host)
    server.get("/people", INTRANET)
    (server.apps / "intranet" / "wsgi.py").write_text("import payroll\n" + APPLICATION)
    until(lambda: server.get("/people", INTRANET).status == 200 and "older code serves" in server.get("/wsgi-status").text,
          "the deploy to fail")
    waiting = [("/reports/yearly", INTRANET)] * 4 + [("/checkout", SHOP)] * 2 + [("/search", SHOP), ("/health", [])]
    with concurrent.futures.ThreadPoolExecutor(len(waiting)) as pool:
        requests = [pool.submit(server.get, f"{path}?wait", host) for path, host in waiting]
        until(lambda: server.get("/wsgi-status").text.count("/reports/yearly?") == 2
              and server.get("/wsgi-status").text.count("?</td>") == 6, "the requests to run")
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
            if PICTURES:
                pathlib.Path(PICTURES, f"status-{name}-{'dark' if dark else 'light'}.png").write_bytes(picture)


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
