"""Its iterable notes the call of close(); the query string says how iteration goes."""

import os


class Blocks:
    def __init__(self, environ):
        self.how = environ["QUERY_STRING"]
        self.path = os.path.join(environ["TEST_SCRATCH"], "closed")
        self.left = 1_000_000 if self.how == "endless" else 3

    def __iter__(self):
        return self

    def __next__(self):
        if self.how == "raise_first":
            raise ValueError("raised on purpose")
        if self.how == "raise_later" and self.left == 1:
            raise ValueError("raised on purpose")
        if self.left == 0 or self.how == "empty":
            raise StopIteration
        self.left -= 1
        return b"x" * (65536 if self.how == "endless" else 5)

    def close(self):
        with open(self.path, "a") as file:
            file.write("closed\n")
        if self.how == "close_raises":
            raise ValueError("raised on purpose")


def application(environ, start_response):
    if environ["QUERY_STRING"] != "no_start":
        start_response("200 OK", [("Content-Type", "text/plain")])
    return Blocks(environ)
