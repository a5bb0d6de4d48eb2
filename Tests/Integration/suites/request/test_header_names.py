"""Headers whose names could pass for others are taken off the request."""

import pytest

from polling import until
from shared_server import hosting


def names(server, path, headers):
    return {key for key in server.get(path, headers).json["environ"] if key.startswith("HTTP_X")}


@pytest.mark.parametrize("name", ["X_Text", "X.Text", "X-Te_xt", "X-Text!", "X~Text", "X*Text"])
def test_other_characters_are_taken_off(server, name):
    assert names(server, "/environ", {name: "other", "X-Kept": "1"}) == {"HTTP_X_KEPT"}


def test_the_real_header_stays(server):
    told = server.get("/environ", [("X_Text", "evil"), ("X-Text", "real"), ("X_TEXT", "evil")]).json["environ"]
    assert told["HTTP_X_TEXT"]["value"] == "real"


def test_later_phases_of_httpd_do_not_see_them_either(launch, mode):
    server = launch(hosting(mode) + """
        LogFormat "underscore=%{X_Text}i hyphen=%{X-Text}i dot=%{X.Text}i" names
        CustomLog logs/names.log names
        WSGIScriptAlias /app @APPS@/environ/app.wsgi""")
    server.get("/app", [("X_Text", "1"), ("X-Text", "2"), ("X.Text", "3"), ("x_text", "4")])
    log = server.root / "logs" / "names.log"
    until(lambda: "underscore=- hyphen=2 dot=-" in log.read_text(), "the record of the request")
