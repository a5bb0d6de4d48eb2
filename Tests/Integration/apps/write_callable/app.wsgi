"""Uses write() before, and blocks after."""


def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    for number in range(3):
        write(b"written %d\n" % number)
    write(b"")
    return [b"returned\n"]
