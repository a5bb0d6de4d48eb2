"""Notes its turn: the query string becomes a line of the file `turns`, which the answer repeats."""

import os


def application(environ, start_response):
    path = os.path.join(environ["TEST_SCRATCH"], "turns")
    with open(path, "a+") as file:
        file.write(environ["QUERY_STRING"] + "\n")
        file.flush()
        file.seek(0)
        turns = file.read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [turns.encode()]
