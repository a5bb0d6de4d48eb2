"""Answers a file through wsgi.file_wrapper: the query string is the file's name, and how."""

import io
import os
from urllib.parse import parse_qs


def application(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    headers = [("Content-Type", "application/octet-stream")]
    if "length" in query:
        headers.append(("Content-Length", query["length"]))
    file = open(os.path.join(environ["TEST_SCRATCH"], query["name"]), "rb")
    if "seek" in query:
        file.seek(int(query["seek"]))
    if "memory" in query:
        file = io.BytesIO(file.read())
    start_response("200 OK", headers)
    return environ["wsgi.file_wrapper"](file, int(query.get("block", 8192)))
