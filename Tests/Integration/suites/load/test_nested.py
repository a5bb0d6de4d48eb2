"""Requests that a filter makes while a response of the same process group passes through it."""

import concurrent.futures
import time

import pytest

import httpd_config

CONFIG = """
@INCLUDE@
WSGIDaemonProcess main python-home=@VENV@ processes=1 threads=@THREADS@ @OPTIONS@
WSGIDaemonProcess other python-home=@VENV@ processes=1 threads=1
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /page @APPS@/nested/page.wsgi
WSGIScriptAlias /part @APPS@/nested/part.wsgi
WSGIScriptAlias /other-page @APPS@/nested/page.wsgi process-group=other application-group=%{GLOBAL}
WSGIScriptAlias /other-part @APPS@/nested/part.wsgi process-group=other application-group=%{GLOBAL}
<LocationMatch "page">
    Options +Includes
    SetOutputFilter INCLUDES
</LocationMatch>
"""

PAGE = '''
import time


def application(environ, start_response):
    """The query string: bytes after the include, seconds before the last block, what is included."""
    size, seconds, part = environ["QUERY_STRING"].split(",")
    start_response("200 OK", [("Content-Type", "text/html")])
    yield b'<!--#include virtual="/%s/" -->;' % part.encode()
    for _ in range(int(size) // 65536):
        yield b"x" * 65536
    time.sleep(float(seconds))
    yield b"end"
'''

PART = '''
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"part"]
'''


@pytest.fixture
def begin(launch):
    include = httpd_config.load("include")
    if not include:
        pytest.skip("this httpd has no mod_include")

    def create(threads=1, options=""):
        server = launch(CONFIG, INCLUDE=include, THREADS=threads, OPTIONS=options, start=False)
        folder = server.apps / "nested"
        folder.mkdir()
        (folder / "page.wsgi").write_text(PAGE)
        (folder / "part.wsgi").write_text(PART)
        server.start()
        server.wait_ready("/part")
        return server

    return create


def page(server, size=0, seconds=0, part="part", path="/page"):
    return server.get(f"{path}?{size},{seconds},{part}")


def whole(size: int) -> str:
    return "part;" + "x" * (size // 65536 * 65536) + "end"


@pytest.mark.mpms
@pytest.mark.parametrize("size", [0, 128 << 10, 3 << 20])
def test_included_part_gets_a_thread_though_its_page_has_the_only_one(begin, size):
    server = begin()
    start = time.monotonic()
    assert page(server, size).text == whole(size)
    assert time.monotonic() - start < 5
    assert page(server, size, seconds=0.5).text == whole(size)


def test_pages_that_hold_all_threads_get_their_parts(begin):
    server = begin(threads=3)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(page, server, 1 << 20, 0.1) for _ in range(24)]
        assert {one.result().text for one in answers} == {whole(1 << 20)}


def test_groups_that_include_each_other_do_not_wait_for_each_other(begin):
    server = begin()
    server.wait_ready("/other-part")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(page, server, 1 << 20, 0.05, part, path)
                   for part, path in [("other-part", "/page"), ("part", "/other-page")] * 8]
        assert {one.result().text for one in answers} == {whole(1 << 20)}


def test_part_of_a_page_that_does_not_fit_is_refused_at_once(begin):
    server = begin(options="response-buffer-size=1048576")
    start = time.monotonic()
    text = page(server, 32 << 20).text
    assert time.monotonic() - start < 10
    assert "an error occurred" in text and text.endswith("xend")
    server.log.expect("WSGI1061: Process group 'main': all threads are busy, and this request is part of the response",
                      "unable to include")
    assert page(server).text == whole(0)
