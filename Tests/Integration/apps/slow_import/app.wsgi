"""An application whose import does not end."""

import time

time.sleep(20)


def application(environ, start_response):
    start_response("200 OK", [])
    return []
