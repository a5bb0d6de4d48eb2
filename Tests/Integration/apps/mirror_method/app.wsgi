"""Tells the method in a header; the body is always the same."""


def application(environ, start_response):
    body = b"0123456789" * 200
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body))),
                              ("X-Method", environ["REQUEST_METHOD"])])
    return [body]
