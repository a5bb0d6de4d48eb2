"""Writes to wsgi.errors, sys.stderr and sys.stdout what the query string says."""

import sys
from urllib.parse import unquote


def application(environ, start_response):
    text = unquote(environ["QUERY_STRING"])
    environ["wsgi.errors"].write(f"errors: {text}\n")
    print(f"stderr: {text}", file=sys.stderr)
    print(f"stdout: {text}")
    environ["wsgi.errors"].writelines(["partial ", "line"])
    environ["wsgi.errors"].flush()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"logged"]
