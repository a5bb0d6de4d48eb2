"""A chunked answer that ends only with the process or the client."""

import os
import time


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])
    while True:
        yield b"more\n"
        time.sleep(0.02)
