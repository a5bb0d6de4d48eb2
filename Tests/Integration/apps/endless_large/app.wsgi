"""A large answer that ends only with the client; then it says so."""

import os


class Body:
    def __init__(self, scratch):
        self.scratch = scratch

    def __iter__(self):
        while True:
            yield b"x" * 65536

    def close(self):
        with open(os.path.join(self.scratch, "ended"), "w") as file:
            file.write("yes")


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return Body(environ["TEST_SCRATCH"])
