"""The supervisor itself: what becomes of it when it cannot be started."""

import pytest

from polling import until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@
WSGIProcessGroup main
WSGIScriptAlias /hello @APPS@/hello/app.wsgi
"""


def supervisors(server) -> list[int]:
    return [one.pid for one in server.supervisors()]


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
    server.log.allow("WSGI0117|WSGI0146|WSGI1002")
    until(lambda: server.get("/hello").status == 503, "nobody to answer")
    program.chmod(0o755)
    until(lambda: supervisors(server), "the supervisor to be started again")
    server.wait_ready("/hello")


def test_it_ends_when_httpd_is_restarted_without_the_module(launch):
    """And is started again when the module comes back: the library has stayed in httpd's memory."""
    server = launch(CONFIG)
    server.wait_ready("/hello")
    with_module = server.config_file.read_text()
    without = "".join(line for line in with_module.splitlines(keepends=True)
                      if not line.lstrip().startswith("WSGI") and "wsgi_module" not in line and "wsgi:" not in line)
    server.config_file.write_text(without)
    server.graceful()
    server.log.allow("no child process|No child processes|AH00")
    until(lambda: server.get("/hello").status == 404, "httpd without the module")
    assert supervisors(server), "a restart may take its time"
    until(lambda: not [one for one in server.processes() if "wsgi" in one.name], "its processes to end", timeout=45)
    server.config_file.write_text(with_module)
    server.graceful()
    server.wait_ready("/hello")
