"""Answers as the JSON in the query string says: status, headers, blocks (latin-1 text), file (a path), iterate."""

import json
from urllib.parse import unquote


def application(environ, start_response):
    wanted = json.loads(unquote(environ["QUERY_STRING"]))
    environ["wsgi.input"].read()
    start_response(wanted.get("status", "200 OK"), [tuple(pair) for pair in wanted.get("headers", [])])
    if "file" in wanted:
        return environ["wsgi.file_wrapper"](open(wanted["file"], "rb"))
    blocks = [block.encode("latin-1") for block in wanted.get("blocks", [])]
    return iter(blocks) if wanted.get("iterate") else blocks
