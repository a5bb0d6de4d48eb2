"""WSGIScriptAliasMatch, and the notes that aliases leave on a request."""

import pytest

from polling import until
from shared_server import audited, hosting, serving

CONFIG = """
WSGIScriptAliasMatch ^/sites/([a-z_]+)(?=/|$) @APPS@/$1/app.wsgi callable-object=application pass-authorization=On
WSGIScriptAliasMatch ^/v[0-9]+ @APPS@/environ/app.wsgi application-group=versions
WSGIScriptAliasMatch ^/(hello|ticket)$ @APPS@/hello/app.wsgi
WSGIScriptAliasMatch \\.py$ @APPS@/environ/app.wsgi
WSGIScriptAlias /v1 @APPS@/hello/app.wsgi
WSGIScriptAlias /noted @APPS@/environ/app.wsgi application-group=noted callable-object=application
LogFormat "%U %{mod_wsgi.application_group}n %{mod_wsgi.callable_object}n %{mod_wsgi.pass_authorization}n" notes
CustomLog logs/notes.log notes
WSGIScriptAlias /by_note @APPS@/environ/app.wsgi callable-object=application
<Location /by_note>
    WSGIApplicationGroup %{ENV:mod_wsgi.callable_object}
</Location>
"""


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode) + CONFIG, "/hello") as server:
        yield server


@pytest.fixture
def site(hosted):
    with audited(hosted) as server:
        yield server


def environ(site, path, headers=()):
    told = site.get(path, headers).json["environ"]
    return {key: entry["value"] for key, entry in told.items() if "value" in entry}


def test_groups_stand_in_the_path(site):
    found = environ(site, "/sites/environ/a/b?c=d")
    assert found["SCRIPT_NAME"] == "/sites/environ" and found["PATH_INFO"] == "/a/b"
    assert found["SCRIPT_FILENAME"] == str(site.apps / "environ" / "app.wsgi")
    assert site.get("/sites/hello").status == 200


def test_a_script_that_is_not_there(site):
    site.log.expect("WSGI0135: .*apps/nothing")
    assert site.get("/sites/nothing").status == 404


def test_what_follows_the_match_is_path_info(site):
    found = environ(site, "/v12/a")
    assert found["SCRIPT_NAME"] == "/v12" and found["PATH_INFO"] == "/a"


def test_the_first_alias_wins_whatever_its_kind(site):
    assert environ(site, "/v1")["mod_wsgi.application_group"] == "versions"


def test_a_pattern_need_not_begin_the_uri(site):
    found = environ(site, "/any/where/x.py")
    assert found["SCRIPT_NAME"] == "/any/where/x.py" and found["PATH_INFO"] == ""


def test_no_match_is_httpds(site):
    assert site.get("/hello/x").status == 404
    assert site.get("/ready.txt").body == b"ready\n"


def test_options_hold(site):
    found = environ(site, "/sites/environ", {"Authorization": "Bearer x"})
    assert found["HTTP_AUTHORIZATION"] == "Bearer x"


def test_options_are_left_as_notes(site):
    environ(site, "/sites/environ")
    environ(site, "/noted")
    site.get("/hello")
    log = site.root / "logs" / "notes.log"
    wanted = {"/sites/environ - application 1", "/noted noted application -", "/hello - - -"}
    until(lambda: wanted <= set(log.read_text().splitlines()), "the records of the requests")


def test_notes_are_variables_of_groups(site):
    assert environ(site, "/by_note")["mod_wsgi.application_group"] == "application"


@pytest.mark.parametrize("pattern", ["^/(unclosed", "^/[a-", "*"])
def test_a_pattern_that_cannot_be_compiled_is_refused(launch, pattern):
    server = launch(f"WSGIScriptAliasMatch '{pattern}' /srv/app.wsgi", start=False)
    done = server.test_config()
    assert done.returncode != 0 and pattern in done.stdout and "regular expression" in done.stdout
    assert f"line {server.line_of('WSGIScriptAliasMatch')} " in done.stdout


def test_a_fixed_target_is_imported_in_advance(launch):
    server = launch("""
        WSGIDaemonProcess site python-home=@VENV@
        WSGIScriptAliasMatch ^/fixed @APPS@/broken_import/app.wsgi process-group=site application-group=%{GLOBAL}
        WSGIScriptAliasMatch ^/(broken_exit) @APPS@/$1/app.wsgi process-group=site application-group=%{GLOBAL}""")
    server.log.allow("RuntimeError: raised while loading")
    server.log.wait_for("WSGI0109: .*broken_import", timeout=15)
    server.log.expect_traceback("broken_import", "WSGI0109")
    assert "broken_exit" not in server.log.text()


def test_options_of_a_host_do_not_leak(launch, mode):
    server = launch(hosting(mode) + """
        WSGIScriptAliasMatch ^/app @APPS@/environ/app.wsgi application-group=main
        <VirtualHost *:@PORT@>
            ServerName localhost
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIScriptAliasMatch ^/app @APPS@/environ/app.wsgi application-group=one
        </VirtualHost>""")
    assert environ(server, "/app")["mod_wsgi.application_group"] == "main"
    assert environ(server, "/app", {"Host": "one.test"})["mod_wsgi.application_group"] == "one"
