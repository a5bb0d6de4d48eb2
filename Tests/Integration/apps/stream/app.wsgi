"""Bodies that are made bit by bit: endless, or of three blocks, by an iterable or by write()."""

import time


def application(environ, start_response):
    how = environ["QUERY_STRING"]
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if how == "endless":
        return endless()
    if how == "write":
        for number in range(3):
            write(b"block %d\n" % number)
            time.sleep(0.05)
        return []
    return [b"whole\n"]


def endless():
    while True:
        yield b"block\n"
        time.sleep(0.1)
