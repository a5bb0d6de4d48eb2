"""What wsgi.errors is, seen from Python."""

import json


def application(environ, start_response):
    stream = environ["wsgi.errors"]
    told = {"encoding": stream.encoding, "errors": stream.errors, "isatty": stream.isatty(), "closed": stream.closed,
            "writable": stream.writable(), "readable": stream.readable()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
