"""Answers as the query says (status, and perhaps a Location) and leaves the body of the request unread."""

from urllib.parse import parse_qs


def application(environ, start_response):
    wanted = parse_qs(environ["QUERY_STRING"])
    headers = [("Content-Type", "text/plain")] + [("Location", value) for value in wanted.get("location", [])]
    start_response(wanted.get("status", ["422 Unprocessable"])[0], headers)
    return [b"unread"]
