"""Scripts that take long to load: in a sub-interpreter that is logged, with the stack and the line to add."""

import concurrent.futures

import pytest

from polling import until
from shared_server import hosting

pytestmark = pytest.mark.pythons

SCRIPT = """
import time

def answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"loaded"]

def create_app():
    @FACTORY@
    return answer

@LOAD@
application = answer
"""

SLEEP = "time.sleep(11.5)"
#: Holds the GIL, as an extension module does that waits for it in a sub-interpreter.
HOLD = "__import__('ctypes').PyDLL(None).usleep(12500000)"


#: The lines of the stack.
STACK = r"\]  +\S|\] Thread 0x|\] Current thread|The GIL cannot be acquired"


def save(server, name, load="pass", factory="pass"):
    path = server.apps / name
    path.write_text(SCRIPT.replace("@LOAD@", load).replace("@FACTORY@", factory))
    path.chmod(0o644)


def begin(launch, mode, aliases):
    return launch(hosting(mode, "startup-timeout=60 processes=1") + aliases, start=False)


def reports(server, name):
    return [line for line in server.log.lines() if "WSGI1055: " in line and f"{name}'" in line]


def test_load_that_takes_long_is_logged_once_with_its_stack(launch, mode):
    server = begin(launch, mode, """
        WSGIScriptAlias /slow @APPS@/slow.wsgi application-group=slow
        WSGIScriptAlias /made @APPS@/made.wsgi application-group=made callable-object=create_app()
        WSGIScriptAlias /main @APPS@/main.wsgi application-group=%{GLOBAL}
        WSGIScriptAlias /quick @APPS@/quick.wsgi application-group=quick""")
    save(server, "slow.wsgi", SLEEP)
    save(server, "made.wsgi", factory=SLEEP)
    save(server, "main.wsgi", SLEEP)
    save(server, "quick.wsgi")
    server.start()
    server.log.allow("WSGI1055", STACK)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(server.get, ("/slow", "/slow", "/made", "/main", "/quick")))
    assert [answer.text for answer in answers] == ["loaded"] * 5
    for name, line in ("slow.wsgi", "line 12, in <module>"), ("made.wsgi", "line 9, in create_app"):
        report, = reports(server, name)
        assert "has been loading for 10 s" in report and "add 'WSGIApplicationGroup %{GLOBAL}'" in report
        assert f'/{name}", {line}' in server.log.text()
    assert not reports(server, "main.wsgi") and not reports(server, "quick.wsgi")


def test_load_that_holds_the_lock_is_logged(launch, mode):
    server = begin(launch, mode, "WSGIScriptAlias /slow @APPS@/slow.wsgi application-group=slow\n")
    save(server, "slow.wsgi", HOLD)
    server.start()
    server.log.allow("WSGI1055", STACK)
    assert server.get("/slow").text == "loaded"
    until(lambda: len(reports(server, "slow.wsgi")) == 1, "the report")
    if mode == "daemon":
        server.log.wait_for("Output of faulthandler")
        server.log.wait_for('slow.wsgi", line 12 in <module>')
    else:
        server.log.wait_for(r"The GIL cannot be acquired, so there is no Python stack\.")


def test_import_before_the_first_request(launch, mode):
    group = "main" if mode == "daemon" else "%{GLOBAL}"
    server = begin(launch, mode, f"WSGIScriptAlias /slow @APPS@/slow.wsgi application-group=slow process-group={group}\n")
    save(server, "slow.wsgi", SLEEP)
    server.start(wait=False)
    server.log.allow("WSGI1055", STACK)
    server.log.wait_for("WSGI1055")
    server.log.wait_for('slow.wsgi", line 12, in <module>')
    assert server.get("/slow").text == "loaded"
