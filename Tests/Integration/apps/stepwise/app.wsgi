"""Each block after the first waits for the test: what arrives was not held back. `write` in the query uses write()."""

import os
import time


def wait_for(environ, name):
    path = os.path.join(environ["TEST_SCRATCH"], name)
    deadline = time.monotonic() + 60
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise TimeoutError(name)
        time.sleep(0.005)


def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["QUERY_STRING"] == "write":
        write(b"block 1\n")
        wait_for(environ, "go2")
        write(b"block 2\n")
        return []
    return generate(environ)


def generate(environ):
    yield b"block 1\n"
    for number in (2, 3):
        wait_for(environ, f"go{number}")
        yield b"block %d\n" % number
