"""Sends a first block and then fails as the query string says."""

import sys


def application(environ, start_response):
    how = environ["QUERY_STRING"]
    headers = [("Content-Type", "text/plain")]
    if how.startswith("length_"):
        headers.append(("Content-Length", "100000"))
    start_response("200 OK", headers)
    yield b"first block\n"
    if how.endswith("raise"):
        raise ValueError("raised on purpose")
    if how.endswith("str"):
        yield "no bytes"
    if how.endswith("restart"):
        start_response("500 Again", headers)
    if how.endswith("exc_info"):
        try:
            raise KeyError("reraised on purpose")
        except KeyError:
            start_response("500 Again", headers, sys.exc_info())
    if how.endswith("exit"):
        sys.exit(3)
