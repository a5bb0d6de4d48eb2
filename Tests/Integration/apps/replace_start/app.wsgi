"""Replaces the response before any output: with exc_info as PEP 3333 has it."""

import sys


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-First", "1")])
    try:
        raise ValueError
    except ValueError:
        start_response("503 Later", [("Content-Type", "text/plain"), ("X-Second", "2")], sys.exc_info())
    return [b"replaced"]
