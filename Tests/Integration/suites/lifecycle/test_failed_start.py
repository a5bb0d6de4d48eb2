"""Processes that end because a script of their predecessor cannot be imported."""

import pytest

from shared_server import hosting

SCRIPT = "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'old']\n"


@pytest.mark.pythons
def test_interpreters_end_before_the_main_one(launch):
    """Python 3.13 aborts otherwise."""
    server = launch(hosting("daemon", "processes=1") + "WSGIScriptAlias /app @APPS@/app.wsgi application-group=one\n",
                    start=False)

    def save(text):
        new = server.apps / "new"
        new.write_text(text)
        new.chmod(0o644)
        new.replace(server.apps / "app.wsgi")

    save(SCRIPT)
    server.start()
    assert server.get("/app").body == b"old"
    server.log.expect_traceback("LookupError: new", tag="WSGI1013")
    server.log.allow("WSGI0028", "WSGI0109")
    save(SCRIPT + "raise LookupError('new')\n")
    assert server.get("/app").body == b"old"
