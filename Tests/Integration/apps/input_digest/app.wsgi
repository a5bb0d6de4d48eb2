"""Reads the body in blocks of the size given in the query string and answers its length and SHA-256."""

import hashlib


def application(environ, start_response):
    size = int(environ["QUERY_STRING"] or 65536)
    digest, length = hashlib.sha256(), 0
    while block := environ["wsgi.input"].read(size):
        digest.update(block)
        length += len(block)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{length} {digest.hexdigest()}".encode()]
