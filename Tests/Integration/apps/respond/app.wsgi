"""Starts the response as the JSON in the body of the request says: status, headers, blocks (latin-1 text)."""

import json


def application(environ, start_response):
    wanted = json.loads(environ["wsgi.input"].read())
    start_response(wanted.get("status", "200 OK"), [tuple(pair) for pair in wanted.get("headers", [])])
    return [block.encode("latin-1") for block in wanted.get("blocks", ["body"])]
