"""The pages show nothing until a Require names clients or users."""

import base64

import pytest

from shared_server import hosting

HANDLERS = ("wsgi-metrics", "wsgi-status")


@pytest.fixture
def site(launch):
    def start(handler, access, directory=""):
        server = launch(start=False)
        (server.root / "users").write_text("anna:{SHA}" + base64.b64encode(
            __import__("hashlib").sha1(b"secret").digest()).decode() + "\n")
        return server.configure(hosting("embedded") + f"""
            {directory}
            <Location /page>
                SetHandler {handler}
                {access}
            </Location>""").start()
    return start


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("access", [
    "", "Require all granted", "Require not ip 10.1.1.1\nRequire all granted", "Require method GET",
    "<RequireAny>\nRequire ip 10.1.1.1\nRequire all granted\n</RequireAny>", "Require expr true",
])
def test_without_a_restriction(site, handler, access):
    if "not ip" in access:
        access = f"<RequireAll>\n{access}\n</RequireAll>"
    server = site(handler, access, "<Location />\nRequire all granted\n</Location>")
    server.log.expect("WSGI1091")
    assert server.get("/page").status == 403


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("access", [
    "Require local", "Require ip 127.0.0.0/8", "Require expr %{REMOTE_ADDR} == '127.0.0.1'",
    "SetEnvIf Remote_Addr ^127 open\nRequire env open",
])
def test_with_a_restriction(site, handler, access):
    assert site(handler, access).get("/page").status == 200


@pytest.mark.parametrize("handler", HANDLERS)
def test_for_other_clients(site, handler):
    server = site(handler, "Require ip 10.1.1.1")
    server.log.allow("AH01630")
    assert server.get("/page").status == 403


@pytest.mark.parametrize("handler", HANDLERS)
def test_for_users(site, handler):
    server = site(handler, "AuthType Basic\nAuthName x\nAuthUserFile users\nRequire valid-user")
    server.log.allow("AH01617")
    assert server.get("/page").status == 401
    word = base64.b64encode(b"anna:secret").decode()
    assert server.get("/page", [("Authorization", f"Basic {word}")]).status == 200


@pytest.mark.parametrize("handler", HANDLERS)
def test_other_methods(site, handler):
    server = site(handler, "Require local")
    answer = server.request("POST", "/page", body=b"x")
    assert answer.status == 405
    assert "GET" in answer.header("Allow")
    assert server.request("HEAD", "/page").body == b""
