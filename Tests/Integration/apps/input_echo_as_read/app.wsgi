"""Answers each line of the body as soon as it was read."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for line in environ["wsgi.input"]:
        yield line.upper()
