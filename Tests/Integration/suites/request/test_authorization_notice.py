"""Once for each virtual host it is said that applications do not see the credentials that clients send."""

import pytest

from shared_server import hosting

HOSTS = """
WSGIScriptAlias /app @APPS@/environ/app.wsgi
WSGIScriptAlias /passed @APPS@/environ/app.wsgi pass-authorization=On
<Location /checked>
    AuthType Basic
    AuthName realm
    AuthUserFile @ROOT@/users
    Require valid-user
</Location>
WSGIScriptAlias /checked @APPS@/environ/app.wsgi
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName one.test
</VirtualHost>
"""
SECRET = "c2VjcmV0OnNlY3JldA=="


def notices(server):
    return [line for line in server.log.lines() if "WSGI1020" in line]


@pytest.mark.mpms
def test_it_is_said_once_for_each_host(launch, mode):
    server = launch(hosting(mode) + HOSTS)
    server.log.allow("WSGI1020")
    server.get("/app")
    server.get("/passed", {"Authorization": f"Basic {SECRET}"})
    assert notices(server) == []
    for _ in range(10):
        server.get("/app", {"Authorization": f"Basic {SECRET}"})
        server.get("/app", {"Authorization": "Bearer token.x", "Host": "one.test"})
    said = notices(server)
    assert len(said) == 2
    assert "scheme Basic" in said[0] and "'localhost'" in said[0] and "wsgi:notice" in said[0]
    assert "scheme Bearer" in said[1] and "'one.test'" in said[1]
    assert "WSGIPassAuthorization On" in said[0]
    assert SECRET not in server.log.text() and "token.x" not in server.log.text()


@pytest.mark.parametrize("value", [SECRET, "a" * 100 + " x", "sch\u00e9ma x", ""])
def test_a_value_is_never_shown(launch, value):
    server = launch(hosting("embedded") + HOSTS)
    server.log.allow("WSGI1020")
    server.get("/app", {"Authorization": value})
    assert len(notices(server)) == 1 and "of an unknown scheme" in notices(server)[0]


def test_what_httpd_has_checked_is_not_missed(launch, mode):
    server = launch(hosting(mode) + HOSTS, start=False)
    (server.root / "users").write_text("secret:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
    server.start()
    answer = server.get("/checked", {"Authorization": f"Basic {SECRET}"})
    assert answer.status == 200 and answer.environ["REMOTE_USER"] == "secret"
    assert notices(server) == []


@pytest.mark.parametrize("path", ["/written", "/option"])
def test_nothing_is_said_where_it_was_switched_off(launch, mode, path):
    server = launch(hosting(mode) + """
        WSGIScriptAlias /written @APPS@/environ/app.wsgi
        WSGIScriptAlias /option @APPS@/environ/app.wsgi pass-authorization=Off
        <Location /written>
            WSGIPassAuthorization Off
        </Location>""")
    assert "HTTP_AUTHORIZATION" not in server.get(path, {"Authorization": f"Basic {SECRET}"}).text
    assert notices(server) == []


def test_authentication_of_another_part_is_no_fault(launch):
    server = launch(hosting("embedded") + HOSTS)
    server.log.allow("WSGI1020")
    server.get("/app", {"Authorization": f"Basic {SECRET}"})
    assert "Nothing is wrong if httpd itself authenticates another part" in notices(server)[0]
