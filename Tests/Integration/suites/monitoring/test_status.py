"""wsgi-status: the page, its JSON and its lines."""

import concurrent.futures
import json
import pathlib

import pytest

import env
from monitoring.status_pages import APPS, PAGES
from polling import until
from shared_server import hosting

SCHEMA = json.loads((pathlib.Path(__file__).parents[4] / "docs/reference/wsgi-status.schema.json").read_text())


def problems(value, schema, at="$"):
    """Where `value` differs from a JSON schema of type, properties, items, enum and additionalProperties."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
             "null": type(None)}
    schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    if "anyOf" in schema:
        found = [list(problems(value, one, at)) for one in schema["anyOf"]]
        if all(found):
            yield from found[0]
        return
    if not isinstance(value, kinds[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        yield f"{at}: {value!r} is no {schema['type']}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r}"
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from problems(one, schema["items"], f"{at}[{index}]")
    elif isinstance(value, dict):
        for name in set(schema.get("required", [])) - set(value):
            yield f"{at}.{name} is missing"
        for name, one in value.items():
            known = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            yield from problems(one, known, f"{at}.{name}") if known else [f"{at}.{name} is not in the schema"]


def status(server):
    answer = server.get("/wsgi-status?json")
    assert answer.status == 200 and answer.header("Content-Type") == "application/json"
    found = answer.json
    assert list(problems(found, SCHEMA)) == []
    return found


@pytest.fixture
def site(launch, mode):
    return launch(hosting(mode, "threads=2", runs_as=False) + APPS + PAGES)


def test_page(site, mode):
    assert site.get("/hello?secret=1").status == 200
    answer = site.get("/wsgi-status")
    assert answer.status == 200
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.header("Cache-Control") == "no-store"
    assert "default-src 'none'" in answer.header("Content-Security-Policy")
    assert "secret" not in answer.text
    assert ("<h2>main" in answer.text) == (mode == "daemon")


def test_json(site, mode):
    site.get("/hello")
    # The thread of a process notes the end of a request after it has sent the response.
    if mode == "daemon":
        until(lambda: status(site)["groups"][0]["slots"][0]["processes"][0]["requests"] == 1, "the request to be counted")
    found = status(site)
    assert len(found["groups"]) == (mode == "daemon")
    assert any(row["status"]["2xx"] == 1 for row in found["requests"])
    for group in found["groups"]:
        assert group["state"] == "serving" and group["threads"] == 2
        process = group["slots"][0]["processes"][0]
        assert process["state"] == "serving" and process["requests"] == 1 and process["memory"] > 1 << 20
        assert [one["path"] for one in group["slots"][0]["code"]] == [str(site.apps / "hello" / "app.wsgi")]


def test_lines(site, mode):
    site.get("/hello")
    lines = dict(line.split(": ") for line in site.get("/wsgi-status?auto").text.splitlines())
    assert int(lines["WSGIRequests"]) == 1
    if mode == "daemon":
        assert lines["WSGIGroup[main]State"] == "serving"


def running(site, mode):
    found = status(site)
    return found["embedded"] if mode == "embedded" else found["groups"][0]["slots"][0]["processes"][0]["running"]


def test_running_requests(site, mode):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        request = pool.submit(site.get, "/wait?private")
        site.note("began-private")
        one, = running(site, mode)
        assert one["request"] == "GET /wait?" and one["id"] and one["client"] == "127.0.0.1" and 0 <= one["duration"] < 60
        page = site.get("/wsgi-status").text
        assert "GET /wait?" in page and ">127.0.0.1</td>" in page and "private" not in page
        site.tell("go")
        assert request.result().status == 200
    until(lambda: running(site, mode) == [], "the request to end")


def test_clients_are_not_shown_without_extended_status(launch, mode):
    site = launch(hosting(mode, "threads=2", runs_as=False) + APPS + PAGES + "ExtendedStatus Off\n")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        request = pool.submit(site.get, "/wait?1")
        site.note("began-1")
        assert [one["client"] for one in running(site, mode)] == [None]
        assert "127.0.0.1</td>" not in site.get("/wsgi-status").text
        site.tell("go")
        assert request.result().status == 200


@pytest.mark.mpms
def test_requests_of_a_killed_child_are_not_shown(launch):
    """Only httpd's parent can remove them."""
    site = launch(hosting("embedded", runs_as=False) + APPS + PAGES)
    site.log.allow("AH00051", "AH00052")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        request = pool.submit(lambda: site.get("/wait?1"))
        site.note("began-1")
        one, = running(site, "embedded")
        site.kill(one["pid"])
        assert request.exception()
    until(lambda: running(site, "embedded") == [], "the request to disappear")


def test_slowest_requests(site):
    site.get("/stuck/sleep?0.3")
    site.get("/stuck/sleep?0.6")
    site.get("/hello")
    found = [one for one in status(site)["slowest"] if one["request"] == "GET /stuck/sleep"]
    assert found[0]["duration"] >= 0.6 > found[1]["duration"] >= 0.3
    assert found[0]["status"] == 200


def test_code_that_fails(launch):
    site = launch(hosting("daemon", "threads=2", runs_as=False) + APPS + PAGES + "WSGIApplicationGroup %{GLOBAL}\n")
    site.get("/hello")
    site.log.expect("WSGI1013", "WSGI0109")
    site.log.expect_traceback("RuntimeError: <broken> deploy", "WSGI0028")
    script = site.apps / "hello" / "app.wsgi"
    script.write_text("raise RuntimeError('<broken> deploy')\n")

    def failed():
        site.get("/hello")
        return status(site)["groups"][0]["slots"][0]["failed_code"]
    found = until(failed, "the deploy to fail")
    assert found["path"] == str(script)
    assert found["reason"].endswith("RuntimeError: <broken> deploy")
    page = site.get("/wsgi-status").text
    assert "<code>RuntimeError: &lt;broken&gt; deploy</code>" in page and "older code serves" in page


def test_refresh(site):
    assert site.get("/wsgi-status?refresh=7").header("Refresh") == "7"


@pytest.mark.skipif(not env.is_root(), reason="changes the rights of a group")
def test_every_request_is_of_its_own_group(launch):
    site = launch("""
        WSGIDaemonProcess one threads=1
        WSGIDaemonProcess two threads=1
        WSGIScriptAlias /one @APPS@/hello/app.wsgi process-group=one
        WSGIScriptAlias /two @APPS@/hello/app.wsgi process-group=two
    """ + PAGES)
    for _ in range(3):
        site.get("/two")
    found = {row["group"]: row["status"]["2xx"] for row in status(site)["requests"]}
    assert found["one"] == 0 and found["two"] == 3
