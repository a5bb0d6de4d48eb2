"""Declares Content-Length 10 and sends as many bytes as the query string says."""


def application(environ, start_response):
    count = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "10")])
    return [b"x" * count] if count else []
