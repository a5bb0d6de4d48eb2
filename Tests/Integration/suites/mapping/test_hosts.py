"""Scripts of many hosts and users: mod_vhost_alias, mod_userdir."""

import pytest

import env
from httpd_config import load
from shared_server import hosting, serving

CONFIG = """
<VirtualHost *:@PORT@>
    ServerName localhost
    WSGIScriptAlias /fixed @APPS@/environ/app.wsgi
    UserDir @ROOT@/homes/*/public
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName mass.test
    ServerAlias *.mass.test
    UseCanonicalName Off
    VirtualDocumentRoot @ROOT@/sites/%1
    WSGIScriptAlias /fixed @APPS@/environ/app.wsgi
    WSGIApplicationGroup %{HOST}
</VirtualHost>
<Directory ~ "@ROOT@/(sites|homes)/">
    Require all granted
    Options +ExecCGI
    AddHandler wsgi-script .wsgi
</Directory>
"""


def lay_out(server):
    source = (server.apps / "environ" / "app.wsgi").read_text()
    for target in ("sites/one", "sites/two", f"homes/{env.other_user()}/public"):
        folder = server.root / target
        folder.mkdir(parents=True)
        (folder / "app.wsgi").write_text(source)
        (folder / "index.html").write_text(target)


@pytest.fixture(scope="module")
def hosted(platform, mode):
    text = "\n".join([load("vhost_alias"), load("userdir"), hosting(mode), CONFIG])
    with serving(platform, text, "/fixed", prepare=lay_out) as server:
        yield server


@pytest.mark.parametrize("name", ["one", "two"])
def test_script_below_a_virtual_document_root(server, name):
    told = server.get("/app.wsgi/x", {"Host": f"{name}.mass.test"}).environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == ("/app.wsgi", "/x")
    assert told["SCRIPT_FILENAME"] == str(server.root / "sites" / name / "app.wsgi")
    assert told["DOCUMENT_ROOT"] == str(server.root / "sites" / name)
    assert told["SERVER_NAME"] == f"{name}.mass.test"
    assert told["mod_wsgi.application_group"] == f"{name}.mass.test"


def test_alias_beside_virtual_document_roots(server):
    told = server.get("/fixed/x", {"Host": "one.mass.test"}).environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == ("/fixed", "/x")
    assert server.get("/index.html", {"Host": "one.mass.test"}).body == b"sites/one"


def test_script_of_a_user(server):
    user = env.other_user()
    told = server.get(f"/~{user}/app.wsgi/x").environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == (f"/~{user}/app.wsgi", "/x")
    assert told["SCRIPT_FILENAME"] == str(server.root / "homes" / user / "public" / "app.wsgi")
    assert told["CONTEXT_PREFIX"] == f"/~{user}"
    assert told["CONTEXT_DOCUMENT_ROOT"] == str(server.root / "homes" / user / "public")
