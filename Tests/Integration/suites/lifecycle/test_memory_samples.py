"""maximum-memory judges three samples in a row, a second apart."""

import time

from polling import until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ threads=4 maximum-memory=150M
WSGIProcessGroup main
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /app @APPS@/app.wsgi
"""

APP = """
import os, time
held = []

def application(environ, start_response):
    seconds = float(environ["QUERY_STRING"])
    if seconds:
        held.append(bytearray(b"x") * 200_000_000)
        time.sleep(seconds)
        if seconds < 5:
            held.clear()
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""


def begin(launch):
    server = launch(CONFIG, start=False)
    (server.apps / "app.wsgi").write_text(APP)
    return server.start()


def pid(server, seconds=0):
    return int(server.get(f"/app?{seconds}").text)


def test_peaks_replace_no_process(launch):
    server = begin(launch)
    first = pid(server)
    for _ in range(4):
        assert pid(server, 1.5) == first
        time.sleep(1.1)
    assert pid(server) == first and "WSGI1054" not in server.log.text()


def test_process_that_stays_above_it_is_replaced(launch):
    server = begin(launch)
    first = pid(server)
    server.log.allow("WSGI1016", "WSGI1012")
    start = time.monotonic()
    assert pid(server, 5) == first, "the request goes on"
    server.log.expect("WSGI1054: The process is replaced: it uses .* more than maximum-memory")
    until(lambda: pid(server) != first, "another process")
    assert time.monotonic() - start > 2
