"""Prints from a thread of its own that no request owns."""

import sys
import threading


def application(environ, start_response):
    thread = threading.Thread(target=lambda: print("from the background", file=sys.stderr, flush=True))
    thread.start()
    thread.join()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"logged"]
