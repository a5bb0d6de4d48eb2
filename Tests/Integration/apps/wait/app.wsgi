"""Notes that it began under the name in the query string, then waits for the test to say go."""

import os
import time


def application(environ, start_response):
    name, scratch = environ["QUERY_STRING"], environ["TEST_SCRATCH"]
    with open(os.path.join(scratch, f"began-{name}"), "w") as file:
        file.write(str(os.getpid()))
    deadline = time.monotonic() + 60
    while not os.path.exists(os.path.join(scratch, "go")) and time.monotonic() < deadline:
        time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
