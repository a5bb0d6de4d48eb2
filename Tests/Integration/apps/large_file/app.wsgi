"""Answers a file of the scratch directory through wsgi.file_wrapper."""

import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    file = open(os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "scratch", "large"), "rb")
    return environ["wsgi.file_wrapper"](file)
