"""Inspects the process of an application: it runs Python statements and returns a value."""

import textwrap

from shared_server import hosting

#: The mount points of the application that evaluates. /one and /two have their own interpreters.
MOUNT = """
WSGIScriptAlias /main @APPS@/evaluate/app.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /one @APPS@/evaluate/app.wsgi application-group=one
WSGIScriptAlias /two @APPS@/evaluate/app.wsgi application-group=two
"""


def configuration(mode: str = "daemon", options: str = "", directives: str = "") -> str:
    """The application in `mode`, with `options` of the daemon process group "main"."""
    return hosting(mode, options, runs_as=False) + directives + "\n" + MOUNT


def ask(server, source: str, path: str = "/main", **options):
    """Runs `source` in the application and returns the value of its last line."""
    answer = server.request("POST", path, body=textwrap.dedent(source).encode(), **options)
    assert answer.status == 200, answer.text
    return answer.json
