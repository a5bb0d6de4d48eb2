"""warmup=: what a new process does before it takes requests."""

import json

import pytest

from polling import until

CONFIG = """
WSGIDaemonProcess main python-home=@VENV@ warmup=/health?full=1
WSGIScriptAlias /shop @APPS@/app.wsgi @GROUPS@
"""

APP = """
import json, os
seen = []
def application(environ, start_response):
    if environ["PATH_INFO"] == "/health":
        seen.append({key: value for key, value in environ.items() if isinstance(value, str)})
        @ANSWER@
    start_response("200 OK", [])
    return [json.dumps([os.getpid(), "@VERSION@", seen]).encode()]
"""

PRELOADED = "process-group=main application-group=%{GLOBAL}"


def save(server, version, answer="pass"):
    new = server.apps / "new"
    new.write_text(APP.replace("@VERSION@", version).replace("@ANSWER@", answer))
    new.chmod(0o644)
    new.replace(server.apps / "app.wsgi")


def begin(launch, groups=PRELOADED, answer="pass"):
    server = launch(CONFIG, GROUPS=groups, start=False)
    save(server, "old", answer)
    return server.start()


def ask(server):
    return json.loads(server.get("/shop/x").body)


def test_preloaded_application_is_asked_once(launch):
    server = begin(launch)
    _, _, seen = ask(server)
    assert len(seen) == 1
    expected = {"SCRIPT_NAME": "/shop", "PATH_INFO": "/health", "QUERY_STRING": "full=1", "REQUEST_METHOD": "GET",
                "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1", "REQUEST_URI": "/shop/health?full=1"}
    assert expected.items() <= seen[0].items()


def test_application_that_a_request_has_loaded_is_asked_in_the_successor(launch):
    server = begin(launch, "process-group=main")
    first, _, seen = ask(server)
    assert not seen
    save(server, "new")
    second, version, seen = ask(server)
    assert second != first and version == "new"
    assert [one["SCRIPT_NAME"] + one["PATH_INFO"] for one in seen] == ["/shop/health"]


@pytest.mark.parametrize("answer, said", [
    ("raise ValueError('not warm')", "ValueError: not warm"),
    ("start_response('503 Down', []); return [b'']", "responded with 503"),
])
def test_failed_warmup(launch, answer, said):
    server = begin(launch)
    server.log.allow("WSGI0028", "WSGI0174", "WSGI1013", "WSGI1072", "Traceback", "  File", "  raise", "    ",
                     "ValueError: not warm")
    old = ask(server)[0]
    save(server, "bad", answer)
    assert {(ask(server)[0], ask(server)[1]) for _ in range(50)} == {(old, "old")}
    server.log.wait_for("WSGI1013.*" + said)
    assert server.log.text().count("was started") == 3 and server.log.text().count("WSGI1013") == 1
    # Nobody serves: then it does.
    server.kill(old)
    server.log.allow("WSGI1011")
    until(lambda: server.get("/shop/x").status == 200 and ask(server)[1] == "bad", "the new code")
    server.log.wait_for("WSGI1072")
    save(server, "new")
    assert ask(server)[1] == "new"


def test_answer_below_500_is_fine(launch):
    server = begin(launch, answer="start_response('404 Not Found', []); return [b'']")
    assert len(ask(server)[2]) == 1


@pytest.mark.parametrize("value", ["health", "http://x/", "/a#b"])
def test_mistakes_are_refused(launch, value):
    done = launch(f"WSGIDaemonProcess main warmup={value}\n", start=False).test_config()
    assert done.returncode and "warmup" in done.stdout
