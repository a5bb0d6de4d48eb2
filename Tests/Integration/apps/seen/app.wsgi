"""Writes down each request that it is called for, reads its body, and answers with what it has seen, as JSON."""

import json
import os


def application(environ, start_response):
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    try:
        told["body"] = environ["wsgi.input"].read().decode("latin-1")
    except OSError as error:
        told["error"] = str(error)
    with open(os.path.join(environ["TEST_SCRATCH"], "seen"), "a") as file:
        file.write(json.dumps(told) + "\n")
    if "error" in told:
        start_response("400 Bad Request", [("Content-Type", "text/plain")])
        return [b"the body is broken"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"seen"]
