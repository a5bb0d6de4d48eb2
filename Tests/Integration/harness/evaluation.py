"""Asking an application what its process is like: Python statements out, a value back."""

import textwrap

from shared_server import hosting

#: Where the application that evaluates is mounted; /one and /two are interpreters of their own.
MOUNT = """
WSGIScriptAlias /main @APPS@/evaluate/app.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /one @APPS@/evaluate/app.wsgi application-group=one
WSGIScriptAlias /two @APPS@/evaluate/app.wsgi application-group=two
"""


def configuration(mode: str = "daemon", options: str = "", directives: str = "") -> str:
    """The application in `mode`; `options` are those of the daemon process group "main"."""
    return hosting(mode, options, runs_as=False) + directives + "\n" + MOUNT


def ask(server, source: str, path: str = "/main", **options):
    """The value of the last line of `source`, which runs in the application."""
    answer = server.request("POST", path, body=textwrap.dedent(source).encode(), **options)
    assert answer.status == 200, answer.text
    return answer.json
