"""Reads the body and answers how long it is."""


def application(environ, start_response):
    length = 0
    while block := environ["wsgi.input"].read(65536):
        length += len(block)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(length).encode()]
