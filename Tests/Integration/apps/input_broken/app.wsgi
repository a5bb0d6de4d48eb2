"""Reads the body to its end; notes how that ended, for a client that goes away meanwhile."""

import os


def note(environ, name, text):
    path = os.path.join(environ["TEST_SCRATCH"], name)
    with open(path + ".tmp", "w") as file:
        file.write(text)
    os.rename(path + ".tmp", path)


def application(environ, start_response):
    note(environ, "reading", "")
    try:
        length = len(environ["wsgi.input"].read())
        note(environ, "ended", f"read {length}")
    except Exception as error:
        note(environ, "ended", type(error).__name__)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
