"""WSGIDispatchScript: a script chooses process group, application group and callable."""

import pytest

from hook_scripts import seen, told, values
from shared_server import serving

pytestmark = pytest.mark.pythons

PLACES = """
WSGIPythonHome @VENV@
WSGIDaemonProcess main python-home=@VENV@
WSGIDaemonProcess other python-home=@VENV@
SetEnv SET_BY_DIRECTIVE other
SetEnv CALLABLE app
UseCanonicalName On
WSGIProcessGroup main
WSGIScriptAlias /app @APPS@/environ/app.wsgi
WSGIScriptAlias /named @APPS@/named/app.wsgi
WSGIScriptAlias /options @APPS@/environ/app.wsgi process-group=main application-group=fixed
<LocationMatch ^/(app|named|options)>
    WSGIDispatchScript @APPS@/hooks/dispatch.py
</LocationMatch>
<Location /app/absent>
    WSGIDispatchScript @APPS@/hooks/absent.py
</Location>
<Location /app/broken>
    WSGIDispatchScript @APPS@/hooks/broken.py
</Location>
<Location /app/empty>
    WSGIDispatchScript @APPS@/hooks/empty.py
</Location>
<Location /app/group>
    WSGIDispatchScript @APPS@/hooks/dispatch.py application-group=named
</Location>
<Location /app/passes>
    WSGIPassAuthorization On
</Location>
<Location /app/capsule>
    WSGIPassApacheRequest On
</Location>
<Location /named/one>
    WSGIDispatchScript @APPS@/hooks/callable.py
</Location>
"""


@pytest.fixture(scope="session")
def hosted(platform):
    with serving(platform, PLACES, "/app") as server:
        yield server


def groups(server, path, **options):
    environ = seen(server.get(path, **options))
    return environ["mod_wsgi.process_group"], environ["mod_wsgi.application_group"].replace(f":{server.port}", "")


@pytest.mark.parametrize("query, expected", [
    ("", ("main", "localhost|/app")), ("?process_group=none", ("main", "localhost|/app")),
    ("?process_group=other", ("other", "localhost|/app")), ("?process_group=bytes", ("main", "localhost|/app")),
    ("?process_group=%25{GLOBAL}", ("", "localhost|/app")),
    ("?process_group=%25{ENV:SET_BY_DIRECTIVE}", ("other", "localhost|/app")),
    ("?application_group=site", ("main", "site")), ("?application_group=%25{GLOBAL}", ("main", "")),
    ("?application_group=%25{SERVER}", ("main", "localhost")),
    ("?process_group=other&application_group=site", ("other", "site")),
])
def test_groups(server, query, expected):
    assert groups(server, "/app" + query) == expected


def test_options_of_an_alias_are_overridden(server):
    assert groups(server, "/options") == ("main", "fixed")
    assert groups(server, "/options?process_group=other&application_group=site") == ("other", "site")


@pytest.mark.parametrize("path, body", [
    ("/named", b"application"), ("/named?callable_object=app", b"app"), ("/named/one", b"app"),
    ("/named?callable_object=%25{ENV:CALLABLE}", b"app"), ("/named?callable_object=%25{ENV:NONE}", b"application"),
])
def test_callable(server, path, body):
    assert server.get(path).body == body


def test_script_without_functions_changes_nothing(server):
    assert groups(server, "/app/empty") == ("main", "localhost|/app")


def test_functions_share_an_environ(server):
    assert seen(server.get("/app"))["CALLS"] == "process_group application_group"


def test_environ(server):
    server.log.allow("WSGI1020")
    found = told(server.get("/app/path?query", {"X-Header": "value", "Authorization": "x"}))
    environ, types = values(found["environ"]), {key: one["type"] for key, one in found["environ"].items()}
    expected = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/app", "PATH_INFO": "/path", "QUERY_STRING": "query",
        "HTTP_X_HEADER": "value", "SET_BY_DIRECTIVE": "other", "mod_wsgi.process_group": "",
        "mod_wsgi.application_group": "", "mod_wsgi.request_handler": "wsgi-script", "mod_wsgi.script_name": "/app",
    }
    assert {key: environ[key] for key in expected} == expected
    assert types["wsgi.errors"] == "TextIOWrapper" and "mod_wsgi.request_id" in environ
    for absent in ("HTTP_AUTHORIZATION", "wsgi.input", "mod_wsgi.callable_object", "mod_ssl.is_https", "REMOTE_HOST",
                   "apache.request_rec"):
        assert absent not in environ, absent
    found = told(server.get("/app/passes", {"Authorization": "x"}))
    assert values(found["environ"])["HTTP_AUTHORIZATION"] == "x"


def test_application_group(server):
    found = told(server.get("/app/group"))
    assert values(found["environ"])["mod_wsgi.application_group"] == "named"


def test_request_record(server):
    assert told(server.get("/app/capsule"))["environ"]["apache.request_rec"]["type"] == "PyCapsule"


@pytest.mark.parametrize("name", ["process_group", "application_group", "callable_object"])
def test_invalid_answers(server, name):
    server.log.expect(f"WSGI1201: {name} of the dispatch script .*not int")
    assert server.get(f"/app?{name}=number").status == 500


@pytest.mark.parametrize("name", ["process_group", "application_group", "callable_object"])
def test_exception(server, name):
    server.log.expect_traceback("ValueError: raised by a script")
    assert server.get(f"/app?{name}=raise").status == 500


def test_exit(server):
    server.log.expect_traceback("SystemExit", tag="WSGI0175")
    assert server.get("/app?process_group=exit").status == 500


def test_missing_script(server):
    server.log.expect("WSGI0105.*absent.py")
    server.log.allow("FileNotFoundError|Traceback|  ")
    assert server.get("/app/absent").status == 500


def test_broken_script(server):
    server.log.expect_traceback("RuntimeError: raised while loading a hook", tag="WSGI0109")
    assert server.get("/app/broken").status == 500


def test_unknown_group(server):
    server.log.expect("WSGI0150.*'nowhere'")
    assert server.get("/app?process_group=nowhere").status == 500


def test_bodies_reach_the_application(server):
    assert server.request("POST", "/app?process_group=other", body=b"x" * 200000).status == 200


# Servers of their own


def test_dispatch_for_a_whole_server(launch):
    server = launch("WSGIPythonHome @VENV@\nWSGIRestrictEmbedded On\nWSGIDaemonProcess main python-home=@VENV@\n"
                    "WSGIDispatchScript @SCRATCH@/dispatch.py\nWSGIScriptAlias /app @APPS@/environ/app.wsgi", start=False)
    (server.scratch / "dispatch.py").write_text("def process_group(environ): return 'main'\n")
    server.start()
    assert [one for one in server.processes() if "libpython" in one.maps]
    assert seen(server.get("/app"))["mod_wsgi.process_group"] == "main"


def test_without_python_nothing_is_served(launch):
    server = launch("WSGIPythonHome @ROOT@/nowhere\nWSGIDaemonProcess main python-home=@VENV@\nWSGIProcessGroup main\n"
                    "WSGIDispatchScript @APPS@/hooks/dispatch.py\nWSGIScriptAlias /app @APPS@/hello/app.wsgi")
    server.log.expect("WSGI1003", "WSGI0142")
    assert server.get("/app").status == 500


def test_htaccess_may_not_dispatch(launch):
    server = launch("<Directory @ROOT@/htdocs/closed>\nAllowOverride All\n</Directory>", start=False)
    (server.root / "htdocs" / "closed").mkdir()
    (server.root / "htdocs" / "closed" / ".htaccess").write_text("WSGIDispatchScript /nowhere.py\n")
    server.start()
    server.log.expect("WSGIDispatchScript not allowed here")
    assert server.get("/closed/").status == 500
