"""A handler script: tells of the resource it was asked for, and wants to be loaded again when a file says so."""

import json
import os

LOADED = os.urandom(8).hex()
asked = []


def reload_required(resource):
    asked.append(resource)
    try:
        with open(os.path.join(os.path.dirname(__file__), "..", "..", "scratch", "reload")) as file:
            word = file.read()
    except OSError:
        return False
    if word == "raise":
        raise RuntimeError("reload_required failed")
    return word == "always"


def handle_request(environ, start_response):
    body = json.dumps({
        "loaded": LOADED, "asked": asked[-3:], "pid": os.getpid(), "name": __name__,
        **{key: value for key, value in environ.items() if isinstance(value, str)}}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"application"]
