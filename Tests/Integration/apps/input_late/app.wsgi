"""Writes 1 MiB before it reads the body, then answers the body's length."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(16):
        yield b"." * 65536
    length = 0
    while block := environ["wsgi.input"].read(65536):
        length += len(block)
    yield b"\n%d" % length
