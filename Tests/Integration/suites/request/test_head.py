"""WSGIMapHEADToGET: what applications see of HEAD."""

import pytest

from shared_server import hosting, serving

FILTERS = """
<Location /{0}/filtered>
    SetOutputFilter DEFLATE
</Location>
<Location /{0}/headers>
    Header set X-Seen yes
</Location>
<Location /{0}>
    WSGIMapHEADToGET {0}
</Location>
WSGIScriptAlias /{0} @APPS@/mirror_method/app.wsgi
"""


@pytest.fixture(scope="module")
def hosted(platform, mode):
    text = hosting(mode) + "".join(FILTERS.format(value) for value in ("On", "Off", "Auto"))
    text += "WSGIScriptAlias /default @APPS@/mirror_method/app.wsgi\n"
    with serving(platform, text, "/default") as server:
        yield server


@pytest.mark.parametrize("path, seen", [
    ("/default", "HEAD"), ("/On", "GET"), ("/Off", "HEAD"), ("/Auto", "HEAD"), ("/On/filtered", "GET"),
    ("/Off/filtered", "HEAD"), ("/Auto/filtered", "GET"), ("/Auto/headers", "GET"), ("/Off/headers", "HEAD"),
])
def test_method(server, path, seen):
    answer = server.request("HEAD", path)
    assert answer.status == 200 and answer.header("X-Method") == seen and answer.body == b""
    assert server.get(path).header("X-Method") == "GET"


def test_a_filter_sees_the_body_of_head(server):
    headers = {"Accept-Encoding": "gzip"}
    head, get = server.request("HEAD", "/Auto/filtered", headers), server.get("/Auto/filtered", headers)
    assert get.header("Content-Encoding") == head.header("Content-Encoding") == "gzip"
    assert head.header("Content-Length") == get.header("Content-Length")


@pytest.mark.parametrize("path", ["/On", "/Off", "/Auto", "/default"])
def test_length_is_that_of_get(server, path):
    assert server.request("HEAD", path).header("Content-Length") == server.get(path).header("Content-Length") == "2000"


def test_other_methods_are_left_alone(server):
    assert server.request("POST", "/On", body=b"x").header("X-Method") == "POST"
