"""Application factories: `name()` in WSGICallableObject and callable-object=."""

import concurrent.futures

import pytest

from polling import until
from shared_server import hosting

pytestmark = pytest.mark.pythons

APP = """
import os, time
calls = []

def create_app():
    calls.append(None)
    time.sleep(@SLEEP@)
    def created(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        name = environ["mod_wsgi.callable_object"]
        return [f"@VERSION@ {name} {len(calls)} {os.getpid()}".encode()]
    @RETURN@

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"plain {len(calls)}".encode()]
"""

ALIAS = "WSGIScriptAlias /app @APPS@/app.wsgi @OPTIONS@\n"
PRELOADED = "callable-object=create_app() process-group=@GROUP@ application-group=one"


def save(server, version="old", result="return created", sleep=0):
    new = server.apps / "new"
    new.write_text(APP.replace("@VERSION@", version).replace("@RETURN@", result).replace("@SLEEP@", str(sleep)))
    new.chmod(0o644)
    new.replace(server.apps / "app.wsgi")
    return server


def begin(launch, mode, options="callable-object=create_app()", more="", daemon="", **values):
    group = "main" if mode == "daemon" else "%{GLOBAL}"
    server = launch(hosting(mode, daemon) + more + ALIAS, OPTIONS=options.replace("@GROUP@", group), start=False)
    return save(server, **values).start()


def said(server, path="/app"):
    answer = server.get(path)
    assert answer.status == 200, answer.text
    return answer.text.split()[:3]


@pytest.mark.parametrize("options, more", [
    ("callable-object=create_app()", ""),
    ("", "<Location /app>\nWSGICallableObject create_app()\n</Location>\n"),
    ("", "SetEnvIf Host . OBJECT=create_app()\nWSGICallableObject %{ENV:OBJECT}\n"),
])
def test_what_the_factory_returns_is_the_application(launch, mode, options, more):
    server = begin(launch, mode, options, more)
    assert said(server) == ["old", "create_app()", "1"]


def test_factory_is_called_once_for_each_load(launch, mode):
    server = begin(launch, mode, daemon="processes=1 threads=8", sleep=0.5)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = [answer.text for answer in pool.map(lambda _: server.get("/app"), range(6))]
    assert {answer.split()[2] for answer in answers} == {"1"}
    save(server, "new")
    until(lambda: said(server)[0] == "new", "the new code")
    assert {said(server)[2] for _ in range(5)} == {"1"}


def test_script_keeps_its_other_objects(launch, mode):
    server = begin(launch, mode, more="WSGIScriptAlias /plain @APPS@/app.wsgi\n")
    assert said(server)[0] == "old"
    assert server.get("/plain").text.startswith("plain")


def test_factory_of_an_alias_is_called_with_the_import(launch, mode):
    server = begin(launch, mode, PRELOADED)
    server.log.wait_for("Calling the factory 'create_app' of WSGI script .* took")
    assert said(server) == ["old", "create_app()", "1"]


def test_missing_factory_is_named(launch, mode):
    server = begin(launch, mode, "callable-object=make()")
    server.log.expect(r"WSGI0089: .* does not contain the factory 'make' .*It defines: create_app, application\.")
    assert server.get("/app").status == 404


def test_object_that_cannot_be_called(launch, mode):
    server = begin(launch, mode, "callable-object=calls()")
    server.log.expect_traceback("TypeError: 'list' object is not callable", tag="WSGI1073")
    assert server.get("/app").status == 500


def test_exception_of_the_factory_comes_again_with_the_next_request(launch, mode):
    server = begin(launch, mode, result="raise LookupError(f'attempt {len(calls)}')")
    server.log.allow("LookupError: attempt 1")
    server.log.expect_traceback("LookupError: attempt 2", tag="WSGI1073: The factory 'create_app' of .* raised")
    assert [server.get("/app").status for _ in range(2)] == [500] * 2


def test_factory_that_works_at_the_second_call(launch, mode):
    server = begin(launch, mode, daemon="processes=1",
                   result="if len(calls) < 2: raise LookupError('first')\n    return created")
    server.log.expect_traceback("LookupError: first", tag="WSGI1073")
    assert server.get("/app").status == 500
    assert said(server)[2] == "2"


@pytest.mark.parametrize("result, kind", [("return None", "NoneType"), ("return 'app'", "str")])
def test_result_that_cannot_be_called(launch, mode, result, kind):
    server = begin(launch, mode, result=result)
    server.log.expect(f"WSGI1073: The factory 'create_app' of .* returned an object of type '{kind}', which is not")
    assert server.get("/app").status == 500


@pytest.mark.parametrize("value", ["create_app(1)", "create_app(debug=True)"])
@pytest.mark.parametrize("statement", ["WSGICallableObject {}", "WSGIScriptAlias / /srv/app.wsgi callable-object={}"])
def test_arguments_are_a_configuration_error(launch, statement, value):
    server = launch(f"{statement.format(value)}\n", start=False)
    result = server.test_config()
    assert result.returncode != 0
    assert "A factory is called without arguments: write create_app()," in result.stdout


def test_factory_passes_configtest(launch):
    server = launch("WSGIPythonHome @VENV@\n" + ALIAS + "WSGICallableObject create_app()\n",
                    OPTIONS="callable-object=create_app()", start=False)
    result = save(server).test_config()
    assert result.returncode == 0 and "create_app" not in result.stdout


# Daemon processes

@pytest.mark.parametrize("options", ["callable-object=create_app()", PRELOADED])
def test_new_code_whose_factory_fails_does_not_take_over(launch, options):
    server = begin(launch, "daemon", options, daemon="processes=1")
    assert said(server)[0] == "old"
    server.log.expect_traceback("LookupError: new", tag="WSGI1013")
    server.log.allow("WSGI1073", "WSGI0028")
    save(server, "new", "raise LookupError('new')")
    assert {said(server)[0] for _ in range(5)} == {"old"}
    save(server, "newest")
    until(lambda: said(server)[0] == "newest", "the repaired code")


def test_factory_that_hangs_is_subject_to_startup_timeout(launch):
    server = begin(launch, "daemon", daemon="processes=1 startup-timeout=1", sleep=60)
    server.log.allow("WSGI1016", "WSGI1055")
    server.log.allow_stacks()
    assert server.get("/app").status == 504
    server.log.wait_for("WSGI1053: no script could be loaded within 1 s")
    server.log.wait_for("time.sleep|create_app")
