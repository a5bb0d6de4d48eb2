"""Notes who enters and who leaves, so that a test knows which requests were inside, and that none was run twice.

The query string is KIND&ID[&NUMBER]: `short`; `hold` for NUMBER ms; `stream` of blocks; `body`, answered with its digest;
`file`, sent by its descriptor. Every answer can be told apart from every other one.
"""

import hashlib
import os
import time

_BLOCK = 8192
_notes = None


def note(environ, what, name):
    """One line, written at once: it is there even if the process is killed in the next moment."""
    global _notes
    if _notes is None:
        _notes = os.open(os.path.join(environ["TEST_SCRATCH"], "notes"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(_notes, b"%s %s %d %.6f\n" % (what, name.encode(), os.getpid(), time.monotonic()))


class Body:
    """The blocks of an answer; leaving is noted when the server is done with them."""

    def __init__(self, environ, name, blocks):
        self._environ, self._name, self._blocks = environ, name, blocks

    def __iter__(self):
        return self._blocks

    def close(self):
        note(self._environ, b"L", self._name)


def application(environ, start_response):
    kind, name, number = (environ["QUERY_STRING"].split("&") + ["0"])[:3]
    note(environ, b"E", name)
    headers = [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))]
    if kind == "file":
        start_response("200 OK", headers)
        return environ["wsgi.file_wrapper"](open(os.path.join(environ["TEST_SCRATCH"], "large"), "rb"))
    if kind == "stream":
        start_response("200 OK", headers)
        return Body(environ, name, stream(name, int(number)))
    if kind == "hold":
        time.sleep(int(number) / 1000)
    answer = digest(environ["wsgi.input"]) if kind == "body" else f"{kind} {name}"
    start_response("200 OK", [*headers, ("Content-Length", str(len(answer)))])
    return Body(environ, name, iter([answer.encode()]))


def stream(name, milliseconds):
    for number in range(6):
        time.sleep(milliseconds / 6000)
        yield (f"{name} {number} " * _BLOCK)[:_BLOCK].encode()


def digest(body):
    found = hashlib.sha256()
    while block := body.read(65536):
        found.update(block)
    return found.hexdigest()
