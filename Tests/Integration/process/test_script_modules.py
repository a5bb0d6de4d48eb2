"""A script is a module as import makes them, though it is not imported."""

import json

import pytest

SCRIPT = '''
import importlib.resources, importlib.util, inspect, json, pickle, pkgutil, sys


class Point:
    pass


def application(environ, start_response):
    spec = importlib.util.find_spec(__name__)
    answer = {
        "origin": spec.origin, "name": spec.name == __name__ == __loader__.name, "file": __file__,
        "loader": type(__loader__).__name__, "is_spec": spec is __spec__,
        "data": pkgutil.get_data(__name__, "data.txt").decode(),
        "source": inspect.getsource(Point).strip(), "text": "class Point" in __loader__.get_source(__name__),
        "pickled": type(pickle.loads(pickle.dumps(Point()))) is Point,
        "module": sys.modules[__name__].__dict__ is globals(), "package": __package__,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
'''

DAEMON = "WSGIDaemonProcess main python-home=@VENV@\nWSGIProcessGroup main\n"


@pytest.mark.pythons
@pytest.mark.parametrize("group", ["%{GLOBAL}", "named"])
@pytest.mark.parametrize("config", [DAEMON, "WSGIPythonHome @VENV@\n"], ids=["daemon", "embedded"])
def test_script_has_a_spec_and_a_loader(launch, config, group):
    server = launch(config + "WSGIApplicationGroup @GROUP@\nWSGIScriptAlias / @APPS@/module/app.wsgi\n", GROUP=group,
                    start=False)
    folder = server.apps / "module"
    folder.mkdir()
    (folder / "app.wsgi").write_text(SCRIPT)
    (folder / "data.txt").write_text("data")
    server.start()
    path = str(folder / "app.wsgi")
    assert server.get("/").json == {
        "origin": path, "name": True, "file": path, "loader": "SourceFileLoader", "is_spec": True, "data": "data",
        "source": "class Point:\n    pass", "text": True, "pickled": True, "module": True, "package": "",
    }


@pytest.mark.parametrize("config", [DAEMON, "WSGIPythonHome @VENV@\n"], ids=["daemon", "embedded"])
def test_reload_required_of_an_alias(launch, config):
    server = launch(config + "WSGIScriptAlias / @APPS@/asked/app.wsgi application-group=%{GLOBAL}\n", start=False)
    folder = server.apps / "asked"
    folder.mkdir()
    script = ("import json, os, time\nLOADED = time.time_ns()\n\n\ndef reload_required(resource):\n"
              f"    if os.path.exists({str(server.scratch / 'raise')!r}):\n        raise KeyError('on purpose')\n"
              f"    flag = {str(server.scratch / 'flag')!r}\n"
              "    return os.path.exists(flag) and (os.unlink(flag) or resource == __file__)\n\n\n"
              "def application(environ, start_response):\n    start_response('200 OK', [])\n"
              "    return [str(LOADED).encode()]\n")
    (folder / "app.wsgi").write_text(script)
    server.start()
    first = server.get("/").text
    assert server.get("/").text == first
    (server.scratch / "flag").touch()
    (server.scratch / "flag").chmod(0o666)
    second = server.get("/").text
    assert second != first and server.get("/").text == second
    (server.scratch / "raise").touch()
    assert server.get("/").text == second
    server.log.expect(r"WSGI0174: Exception in reload_required\(\) of the WSGI script")
    server.log.allow("Traceback", "File ", "KeyError", "    raise ")


LOCALES = {
    "nothing": {}, "C": {"LANG": "C"}, "POSIX": {"LC_ALL": "POSIX"}, "not-installed": {"LANG": "en_US.UTF-9"},
    "not-installed-all": {"LANG": "C", "LC_ALL": "en_US.UTF-9"}, "utf8": {"LANG": "C.UTF-8"},
    "ctype": {"LANG": "C.UTF-8", "LC_CTYPE": "C"},
}

ENCODINGS = '''
import json, locale, os, sys


def application(environ, start_response):
    path = os.path.join(environ["TEST_SCRATCH"], "gr\\u00fc-" + environ["QUERY_STRING"])
    with open(path, "w") as file:
        file.write("\\u00e9\\u20ac")
    with open(path) as file:
        text = file.read()
    os.stat(path)
    answer = [sys.getfilesystemencoding(), sys.flags.utf8_mode, locale.setlocale(locale.LC_CTYPE),
              locale.getpreferredencoding(), text, sys.getfilesystemencodeerrors()]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
'''


@pytest.mark.pythons
@pytest.mark.parametrize("name", LOCALES)
def test_both_modes_use_utf8_in_any_locale(launch, name):
    server = launch("WSGIPythonHome @VENV@\nWSGIDaemonProcess main python-home=@VENV@\nSetEnv TEST_SCRATCH @SCRATCH@\n"
                    "WSGIScriptAlias /embedded @APPS@/encodings/app.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}\n"
                    "WSGIScriptAlias /sub @APPS@/encodings/app.wsgi process-group=%{GLOBAL} application-group=sub\n"
                    "WSGIScriptAlias /daemon @APPS@/encodings/app.wsgi process-group=main application-group=%{GLOBAL}\n",
                    start=False)
    folder = server.apps / "encodings"
    folder.mkdir()
    (folder / "app.wsgi").write_text(ENCODINGS)
    # An empty variable is as good as none.
    server.environment.update({"LANG": ""} | LOCALES[name])
    server.start()
    answers = {path: server.get(f"/{path}?{path}").json for path in ("embedded", "sub", "daemon")}
    assert answers["embedded"] == answers["sub"] == answers["daemon"], json.dumps(answers)
    assert answers["embedded"][:2] == ["utf-8", 1] and answers["embedded"][3:5] == ["utf-8", "é€"]
