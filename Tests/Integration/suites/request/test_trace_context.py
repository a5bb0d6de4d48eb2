"""WSGITraceContext: traceparent for each request, and its trace id in the logs."""

import re

import pytest

from polling import until
from shared_server import hosting

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
VALID = f"00-{ID}-00f067aa0ba902b7-01"
LATER = f"cc-{ID}-00f067aa0ba902b7-01-what-comes"
NEW = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-01")

CONFIG = """
WSGIScriptAlias /app @APPS@/environ/app.wsgi
WSGIScriptAlias /raising @APPS@/raising/app.wsgi
LogFormat "%U|%L|%{mod_wsgi.trace_id}e" traced
CustomLog logs/traced.log traced
ErrorLogFormat "[%t] [%m:%l] [pid %P] [%L] [trace %{mod_wsgi.trace_id}e] %M"
"""
ON = "WSGITraceContext On\n"


@pytest.fixture
def traced(launch, mode):
    return launch(hosting(mode) + CONFIG + ON)


def seen(server, headers=()):
    told = server.get("/app", headers).json["environ"]
    return tuple(told.get(key, {}).get("value") for key in ("HTTP_TRACEPARENT", "HTTP_TRACESTATE"))


def logged(server, path):
    """Request id and trace id of the last record of a path; it is written when the client has its answer already."""
    def find():
        lines = (server.root / "logs" / "traced.log").read_text().splitlines()
        return next((line for line in reversed(lines) if line.startswith(path + "|")), None)

    return until(find, f"a record of {path}").split("|")[1:]


@pytest.mark.parametrize("header", [VALID, LATER, VALID[:-2] + "00"])
def test_valid_context_is_passed_on(traced, header):
    assert seen(traced, {"traceparent": header, "tracestate": "a=1,b=2"}) == (header, "a=1,b=2")
    assert logged(traced, "/app")[1] == ID


@pytest.mark.parametrize("headers", [
    [], [("tracestate", "a=1")], [("traceparent", VALID + "-")], [("traceparent", VALID.upper())],
    [("traceparent", f"00-{'0' * 32}-00f067aa0ba902b7-01"), ("tracestate", "a=1")],
    [("traceparent", f"00-{ID}-{'0' * 16}-01")], [("traceparent", f"ff{VALID[2:]}")],
    [("traceparent", VALID), ("traceparent", VALID)], [("traceparent", ""), ("tracestate", "a=1")]])
def test_new_context(traced, headers):
    parent, state = seen(traced, headers)
    found = NEW.fullmatch(parent)
    assert found and state is None and found[1] not in (ID, "0" * 32)
    assert logged(traced, "/app")[1] == found[1]
    assert seen(traced, headers)[0] != parent


def test_ids_join_the_logs(traced):
    traced.log.expect_traceback("RuntimeError|Error")
    traced.get("/raising", {"traceparent": VALID})
    request, trace = logged(traced, "/raising")
    assert trace == ID and request != "-"
    traced.log.wait_for(rf"\[{re.escape(request)}\] \[trace {ID}\] .*WSGI0174")


def test_nothing_is_made_without_the_directive(launch, mode):
    server = launch(hosting(mode) + CONFIG)
    assert seen(server) == (None, None)
    assert seen(server, {"traceparent": "nonsense", "tracestate": "a=1"}) == ("nonsense", "a=1")
    assert logged(server, "/app")[1] == "-"


def test_directory_decides(launch, mode):
    server = launch(hosting(mode) + CONFIG + ON + "<Location /app/off>\nWSGITraceContext Off\n</Location>\n")
    told = {path: server.get(path).json["environ"] for path in ("/app", "/app/off")}
    assert "HTTP_TRACEPARENT" in told["/app"] and "HTTP_TRACEPARENT" not in told["/app/off"]
    assert "mod_wsgi.trace_id" not in told["/app"]


def test_static_files_have_none(traced):
    traced.get("/ready.txt", {"traceparent": VALID})
    assert logged(traced, "/ready.txt")[1] == "-"
