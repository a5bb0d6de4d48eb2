"""The notes that aliases leave on a request."""

import pytest

from polling import until
from shared_server import audited, hosting, serving

CONFIG = """
WSGIScriptAliasMatch ^/sites/([a-z_]+)(?=/|$) @APPS@/$1/app.wsgi callable-object=application pass-authorization=On
WSGIScriptAlias /hello @APPS@/hello/app.wsgi
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


def test_options_are_left_as_notes(site):
    environ(site, "/sites/environ")
    environ(site, "/noted")
    site.get("/hello")
    log = site.root / "logs" / "notes.log"
    wanted = {"/sites/environ - application 1", "/noted noted application -", "/hello - - -"}
    until(lambda: wanted <= set(log.read_text().splitlines()), "the records of the requests")


def test_notes_are_variables_of_groups(site):
    assert environ(site, "/by_note")["mod_wsgi.application_group"] == "application"
