"""Answers the environ as JSON: each key with the type and the repr of its value, and str values as they are."""

import json


def application(environ, start_response):
    told = {key: {"type": type(value).__name__, "repr": repr(value)} for key, value in environ.items()}
    for key, value in environ.items():
        if isinstance(value, (str, int, float, bool)):
            told[key]["value"] = value
    body = json.dumps({"environ": told, "dict": type(environ) is dict}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
