"""Writes one line of 64 KiB: numbers of seven digits, with an é behind each."""


def application(environ, start_response):
    environ["wsgi.errors"].write("".join(f"{number:07d}é" for number in range(7282)) + "\n")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"logged"]
