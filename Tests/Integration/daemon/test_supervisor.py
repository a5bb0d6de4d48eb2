"""The supervisor itself: what becomes of it when it cannot be started."""

import pytest

from polling import until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@
WSGIProcessGroup main
WSGIScriptAlias /hello @APPS@/hello/app.wsgi
"""


def supervisors(server) -> list[int]:
    return [one.pid for one in server.processes() if "wsgi-super" in one.name]


@pytest.fixture
def program(platform):
    """The supervisor's program; it can be started again after the test."""
    path = platform.module.with_suffix("") / "wsgi-supervisor"
    yield path
    path.chmod(0o755)


def test_one_that_cannot_be_started_is_tried_again(launch, program):
    server = launch(CONFIG)
    server.wait_ready("/hello")
    program.chmod(0o644)
    server.log.allow("WSGI1010: The supervisor of daemon processes has died")
    server.kill(*supervisors(server))
    server.log.wait_for(f"WSGI1010: .*'{program}' cannot be started .*Permission denied.*install the module again")
    server.log.allow("WSGI1017|WSGI0117|WSGI0146|WSGI1002")
    until(lambda: server.get("/hello").status == 503, "nobody to answer")
    program.chmod(0o755)
    until(lambda: supervisors(server), "the supervisor to be started again")
    server.wait_ready("/hello")
