"""Sends two interim answers, waits for the test, and answers."""

import os
import time


def application(environ, start_response):
    hint = environ["wsgi.early_hints"]
    hint([("Link", "</style.css>; rel=preload"), ("X-Hint", "one")])
    hint([("Link", "</script.js>; rel=preload")])
    go = os.path.join(environ["TEST_SCRATCH"], "go")
    deadline = time.monotonic() + 60
    while not os.path.exists(go) and time.monotonic() < deadline:
        time.sleep(0.005)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Own", "a")])
    return [b"answer"]
