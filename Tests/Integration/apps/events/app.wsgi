"""Server-sent events: each tells when it was made, on the clock of the machine."""

import time


def application(environ, start_response):
    count = int(environ["QUERY_STRING"] or 20)
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")])
    for _ in range(count):
        yield b"data: %.6f\n\n" % time.monotonic()
        time.sleep(0.02)
