"""Answers COUNT blocks of SIZE bytes, the query string being COUNT,SIZE or COUNT,SIZE,length."""


def application(environ, start_response):
    count, size, *more = environ["QUERY_STRING"].split(",")
    headers = [("Content-Type", "application/octet-stream")]
    if more:
        headers.append(("Content-Length", str(int(count) * int(size))))
    start_response("200 OK", headers)
    for number in range(int(count)):
        yield bytes([number % 251]) * int(size)
