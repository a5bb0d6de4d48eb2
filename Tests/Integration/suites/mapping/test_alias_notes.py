"""The notes that aliases leave on a request."""

import pytest

from polling import until
from shared_server import hosting, serving

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


def test_options_are_left_as_notes(server):
    server.get("/sites/environ")
    server.get("/noted")
    server.get("/hello")
    log = server.root / "logs" / "notes.log"
    wanted = {"/sites/environ - application 1", "/noted noted application -", "/hello - - -"}
    until(lambda: wanted <= set(log.read_text().splitlines()), "the records of the requests")


def test_notes_are_variables_of_groups(server):
    assert server.get("/by_note").environ["mod_wsgi.application_group"] == "application"
