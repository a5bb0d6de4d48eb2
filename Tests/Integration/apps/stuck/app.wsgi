"""Requests that do not end: PATH_INFO says how, the query string for how many seconds (up to an `&`)."""

import os
import re
import time

held = []


def sleep(seconds):
    time.sleep(seconds)


def loop(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def application(environ, start_response):
    how, seconds = environ["PATH_INFO"], float(environ["QUERY_STRING"].split("&")[0] or 0)
    body = str(os.getpid()).encode()
    if how == "/sleep":
        sleep(seconds)
    elif how == "/loop":
        try:
            loop(seconds)
        finally:
            with open(os.path.join(environ["TEST_SCRATCH"], "cleaned"), "w") as file:
                file.write(str(os.getpid()))
    elif how == "/lock":
        import ctypes
        ctypes.PyDLL(None).usleep(int(seconds * 1e6))
    elif how == "/match":
        # For years; the lock of the interpreter is held meanwhile, without ctypes, which not every interpreter may have.
        re.match(r"(a+)+$", "a" * 64 + "b")
    elif how == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])(b"begun\n")
        sleep(seconds)
        return [b"done\n"]
    elif how == "/grow":
        held.append(b"x" * int(seconds))
    elif how == "/crash":
        import ctypes
        ctypes.string_at(0)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
