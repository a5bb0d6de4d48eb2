"""Empty blocks before, between and after the others."""


def application(environ, start_response):
    def blocks():
        yield b""
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b""
        yield b"one"
        yield b""
        yield b"two"
        yield b""
    return blocks()
