"""Raises what `kind` names at `place`, both in the query string; its iterable writes down that it is closed."""

import os
import sys
from urllib.parse import parse_qs


class Own(BaseException):
    pass


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("it has no text")


def fail(kind):
    match kind:
        case "exit":
            sys.exit("left on purpose")
        case "interrupt":
            raise KeyboardInterrupt("on purpose")
        case "recursion":
            fail_deeper()
        case "memory":
            bytearray(sys.maxsize)
        case "cause":
            try:
                {}["cause"]
            except KeyError as error:
                raise ValueError("effect") from error
        case "context":
            try:
                {}["context"]
            except KeyError:
                raise ValueError("effect")
        case "hidden":
            try:
                {}["hidden"]
            except KeyError:
                raise ValueError("effect") from None
        case "group":
            raise ExceptionGroup("several", [ValueError("first"), TypeError("second")])
        case "unprintable":
            raise Unprintable
        case "own":
            raise Own("on purpose")
        case "generator":
            raise GeneratorExit("on purpose")


def fail_deeper():
    fail_deeper()


class Blocks:
    def __init__(self, place, kind, scratch):
        self.place, self.kind, self.scratch = place, kind, scratch
        self.left = [b"first block\n", b"second block\n"]

    def __iter__(self):
        if self.place == "iter":
            fail(self.kind)
        return self

    def __next__(self):
        if self.place == "next" or self.place == "later" and len(self.left) == 1:
            fail(self.kind)
        if not self.left:
            raise StopIteration
        return self.left.pop(0)

    def close(self):
        with open(os.path.join(self.scratch, "closed"), "a") as file:
            file.write("closed\n")
        if self.place == "close":
            fail(self.kind)


def application(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    place, kind = query["place"], query["kind"]
    if place == "call":
        fail(kind)
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if place == "start":
        fail(kind)
    if place == "write":
        write(b"first block\n")
        fail(kind)
    return Blocks(place, kind, environ["TEST_SCRATCH"])
