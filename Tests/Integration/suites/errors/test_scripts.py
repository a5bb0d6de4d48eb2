"""Scripts that are missing, broken or unfit: the answer, and the reason in the log."""

import re

import pytest

import env
from polling import until
from shared_server import hosting

pytestmark = pytest.mark.pythons


def test_missing_script_is_a_404(server):
    server.log.expect("WSGI0135")
    assert server.get("/no_script").status == 404


def test_directory_is_refused(server):
    server.log.allow("WSGI0136", "AH\\d+")
    assert server.get("/a_directory/hello/").status in (403, 404)


def test_syntax_error_names_the_line(server):
    server.log.expect_traceback("SyntaxError: ", tag=r"WSGI01(05|09)|WSGI0174")
    assert server.get("/broken_syntax").status == 500
    assert "line 3" in server.log.text() and "broken_syntax/app.wsgi" in server.log.text()


def test_exception_while_loading_has_its_traceback(server):
    server.log.expect_traceback("RuntimeError: raised while loading", tag=r"WSGI0109|WSGI0174")
    assert server.get("/broken_import").status == 500
    assert "in configure" in server.log.text()


def test_exception_while_loading_comes_again_with_the_next_request(server):
    server.log.expect_traceback("RuntimeError: raised while loading", tag=r"WSGI0109|WSGI0174")
    assert [server.get("/broken_import").status for _ in range(3)] == [500] * 3


def test_missing_package_names_the_python(server, mode):
    server.log.expect_traceback("ModuleNotFoundError: ", tag="WSGI0109")
    assert server.get("/broken_package").status == 500
    setting = "WSGIPythonHome" if mode == "embedded" else "python-home="
    server.log.expect(rf"It was run by Python {re.escape(server.platform.python.short)}\.\S+ in '/.*, set {setting}\.")


def test_exit_while_loading(server):
    server.log.expect_traceback("SystemExit", tag="WSGI0107")
    assert server.get("/broken_exit").status == 500
    assert server.get("/hello").status == 200


def test_missing_callable_is_named(server):
    server.log.expect("WSGI0089.*application")
    assert server.get("/broken_callable").status in (404, 500)


def test_path_below_htdocs_is_not_ours(server):
    assert server.get("/absent.html").status == 404


def test_static_files_are_served_beside_applications(server):
    assert server.get("/ready.txt").text == "ready\n"
    assert server.get("/static/ready.txt").text == "ready\n"


RELOADING = """
import os, time
LOADED, FLAG = time.monotonic_ns(), "@SCRATCH@/again"
def reload_required(resource):
    assert resource == __file__, resource
    if not os.path.exists(FLAG):
        return False
    kind = open(FLAG).read()
    os.unlink(FLAG)
    if kind == "raise":
        raise RuntimeError("reload_required failed")
    return True
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"%d" % LOADED]
"""


def test_a_script_of_an_alias_is_asked_whether_it_wants_to_be_loaded_again(launch, mode):
    server = launch(hosting(mode, "processes=1 threads=3") + "WSGIScriptAlias /app @APPS@/again.wsgi\n", start=False)
    (server.apps / "again.wsgi").write_text(RELOADING.replace("@SCRATCH@", str(server.scratch)))
    server.start(single=mode == "embedded")
    loaded = server.get("/app").text
    assert server.get("/app").text == loaded
    server.tell("again", "raise")
    assert server.get("/app").text == loaded, "an exception means no"
    until(lambda: not (server.scratch / "again").exists(), "the question")
    server.log.expect_traceback("reload_required failed")
    server.tell("again", "yes")
    changed = server.get("/app").text
    assert changed != loaded
    assert server.get("/app").text == changed


def test_the_loading_of_a_script_is_told(launch, mode):
    server = launch(hosting(mode) + "WSGIScriptAlias /app @APPS@/hello/app.wsgi application-group=named\n")
    assert server.get("/app").status == 200
    group = "main" if mode == "daemon" else ""
    server.log.wait_for(rf"\[wsgi:info\].*Loading WSGI script '{server.apps}/hello/app\.wsgi' took \d+ ms "
                        rf"\(process group '{group}', application group 'named'\)\.")


def test_a_script_that_may_not_be_read_is_not_to_be_opened_to_everybody(launch, mode):
    if not env.is_root():
        pytest.skip("not started by root")
    server = launch(hosting(mode) + "WSGIScriptAlias /app @APPS@/secret.wsgi\n", start=False)
    (server.apps / "secret.wsgi").write_text("PASSWORD = 'secret'\n")
    (server.apps / "secret.wsgi").chmod(0o600)
    server.log.allow("WSGI0105: .*httpd.conf")
    server.start()
    server.log.expect("WSGI0105: Could not read or compile WSGI script .*secret.wsgi.* chgrp it .* chmod g\\+r it, or chmod o\\+r it")
    server.log.expect("PermissionError: ")
    assert server.get("/app").status == 500
    assert "Traceback" not in server.log.text() and "<mod_wsgi>" not in server.log.text()
