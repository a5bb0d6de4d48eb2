"""Answers a number that grows with each call, and may be kept by caches for a minute."""

import itertools

calls = itertools.count(1)


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60")])
    return [str(next(calls)).encode()]
