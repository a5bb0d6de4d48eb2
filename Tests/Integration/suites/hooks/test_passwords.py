"""WSGIAuthUserScript: Basic and Digest authentication by a script."""

import pytest

from hook_scripts import basic, guarding, load, seen, told, values
from shared_server import serving

pytestmark = pytest.mark.pythons

PLACES = """
SetEnv SET_BY_DIRECTIVE yes
WSGIScriptAlias /app @APPS@/environ/app.wsgi
WSGIScriptAlias /digest @APPS@/environ/app.wsgi
<Location /app>
    AuthType Basic
    AuthName realm
    AuthBasicProvider wsgi
    WSGIAuthUserScript @APPS@/hooks/passwords.py
    Require valid-user
</Location>
<Location /app/absent>
    WSGIAuthUserScript @APPS@/hooks/absent.py
</Location>
<Location /app/broken>
    WSGIAuthUserScript @APPS@/hooks/broken.py
</Location>
<Location /app/empty>
    WSGIAuthUserScript @APPS@/hooks/empty.py
</Location>
<Location /app/named>
    WSGIAuthUserScript @APPS@/hooks/passwords.py application-group=named
</Location>
<Location /app/capsule>
    WSGIPassApacheRequest On
</Location>
<Location /digest>
    AuthType Digest
    AuthName realm
    AuthDigestProvider wsgi
    WSGIAuthUserScript @APPS@/hooks/passwords.py
    Require valid-user
</Location>
<Location /digest/empty>
    WSGIAuthUserScript @APPS@/hooks/empty.py
</Location>
<AuthnProviderAlias wsgi first>
    WSGIAuthUserScript @APPS@/hooks/groups.py
</AuthnProviderAlias>
<AuthnProviderAlias wsgi second>
    WSGIAuthUserScript @APPS@/hooks/passwords.py application-group=second
</AuthnProviderAlias>
WSGIScriptAlias /aliased @APPS@/environ/app.wsgi
<Location /aliased>
    AuthType Basic
    AuthName realm
    AuthBasicProvider second first
    Require valid-user
</Location>
WSGIScriptAlias /unset @APPS@/environ/app.wsgi
<Location /unset>
    AuthType Basic
    AuthName realm
    AuthBasicProvider wsgi
    Require valid-user
</Location>
"""


@pytest.fixture(scope="session")
def hosted(platform, mode):
    with serving(platform, load("auth_digest") + guarding(mode) + PLACES) as server:
        yield server


#: What httpd says of users that it does not let in.
UNKNOWN, WRONG = "AH01618", "AH01617"


def test_right_password(server):
    answer = server.get("/app", basic("alice"))
    environ = seen(answer)
    assert (environ["REMOTE_USER"], environ["AUTH_TYPE"]) == ("alice", "Basic")
    assert "HTTP_AUTHORIZATION" not in environ


def test_without_a_password(server):
    answer = server.get("/app")
    assert answer.status == 401 and answer.header("WWW-Authenticate") == 'Basic realm="realm"'


def test_wrong_password(server):
    server.log.expect(WRONG)
    assert server.get("/app", basic("alice", "wrong")).status == 401


def test_unknown_user(server):
    server.log.expect(UNKNOWN)
    assert server.get("/app", basic("nobody")).status == 401


def test_environ_and_arguments(server):
    answer = server.get("/app/path?query", basic("alice") | {"X-Header": "value", "Proxy-Authorization": "x"})
    found = told(answer)
    environ = values(found["environ"])
    expected = {"SCRIPT_NAME": "/app", "PATH_INFO": "/path", "QUERY_STRING": "query", "HTTP_X_HEADER": "value",
                "REMOTE_USER": "alice", "AUTH_TYPE": "Basic", "mod_wsgi.process_group": "",
                "mod_wsgi.application_group": ""}
    assert {key: environ[key] for key in expected} == expected
    assert {"mod_ssl.is_https", "mod_ssl.var_lookup", "wsgi.errors"} <= set(environ)
    for absent in ("HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION", "SET_BY_DIRECTIVE", "wsgi.input"):
        assert absent not in environ
    assert found["arguments"] == ["alice", "secret"]


def test_user_and_password_are_latin_1(server):
    answer = server.get("/app", basic("žluťoučký", "pass:wörd"))
    assert told(answer)["arguments"] == [text.encode().decode("latin-1") for text in ("žluťoučký", "pass:wörd")]
    assert seen(answer)["REMOTE_USER"] == "žluťoučký".encode().decode("latin-1")


def test_another_name(server):
    environ = seen(server.get("/app", basic("alias")))
    assert environ["REMOTE_USER"] == "žluťoučký".encode().decode("latin-1")


def test_variables_reach_the_application(server):
    assert seen(server.get("/app", basic("alice")))["ROLE"] == "role of alice"


@pytest.mark.parametrize("user, code", [
    ("number", "WSGI0177: check_password.*not int"), ("empty", "WSGI0176: check_password"),
    ("bytes", "WSGI0177: check_password.*not bytes"), ("null", "WSGI0177: check_password.*null character"),
])
def test_invalid_answers(server, user, code):
    server.log.expect(code)
    assert server.get("/app", basic(user)).status == 500


def test_exception(server):
    server.log.expect_traceback("ValueError: raised by a script")
    assert server.get("/app", basic("raise")).status == 500


@pytest.mark.parametrize("place, code", [("absent", "WSGI0105.*absent.py"), ("empty", "WSGI0043.*check_password")])
def test_unfit_scripts(server, place, code):
    server.log.expect(code)
    server.log.allow("FileNotFoundError|Traceback|  ")
    assert server.get(f"/app/{place}", basic("alice")).status == 500


def test_broken_script(server):
    server.log.expect_traceback("RuntimeError: raised while loading a hook", tag="WSGI0109")
    assert server.get("/app/broken", basic("alice")).status == 500


def test_application_group(server):
    found = told(server.get("/app/named", basic("alice")))
    assert values(found["environ"])["mod_wsgi.application_group"] == "named"


def test_request_record(server):
    answer = server.get("/app/capsule", basic("alice"))
    assert told(answer)["environ"]["apache.request_rec"]["type"] == "PyCapsule"


def test_provider_aliases(server):
    # The second one knows alice, and nothing of dave; the first one takes everybody's.
    answer = server.get("/aliased", basic("alice"))
    assert values(told(answer)["environ"])["mod_wsgi.application_group"] == "second"
    assert seen(server.get("/aliased", basic("dave")))["REMOTE_USER"] == "dave"
    server.log.expect(WRONG)
    assert server.get("/aliased", basic("dave", "wrong")).status == 401


def test_provider_without_a_script(server):
    server.log.expect("WSGI1202.*WSGIAuthUserScript")
    assert server.get("/unset", basic("alice")).status == 500


# Digest


def digest(server, path, user="alice", password="secret"):
    done = server.curl(path, "--digest", "-u", f"{user}:{password}", "-w", "\n%{http_code}")
    body, _, status = done.stdout.decode().rpartition("\n")
    return int(status), body


def test_digest(server):
    status, body = digest(server, "/digest")
    assert status == 200
    assert '"REMOTE_USER": {"type": "str", "repr": "\'alice\'"' in body
    assert r'\"arguments\": [\"alice\", \"realm\"]' in body


def test_digest_as_bytes(server):
    assert digest(server, "/digest", "bytes")[0] == 200


def test_digest_of_a_wrong_password(server):
    server.log.expect("AH01794")
    assert digest(server, "/digest", password="wrong")[0] == 401


def test_digest_of_an_unknown_user(server):
    server.log.expect("AH01790")
    assert digest(server, "/digest", "nobody")[0] == 401


@pytest.mark.parametrize("user, code", [("number", "WSGI0179: get_realm_hash.*not int"), ("empty", "WSGI0178"),
                                        ("null", "WSGI0179.*null character")])
def test_digest_of_invalid_answers(server, user, code):
    server.log.expect(code)
    server.log.allow("AH0")
    assert digest(server, "/digest", user)[0] == 500


def test_digest_without_a_function(server):
    server.log.expect("WSGI0046.*get_realm_hash")
    server.log.allow("AH0")
    assert digest(server, "/digest/empty")[0] == 500


# Servers of their own


def test_htaccess(launch):
    server = launch("WSGIPythonHome @VENV@\n<Directory @ROOT@/htdocs/closed>\n"
                    "AllowOverride AuthConfig\n</Directory>", start=False)
    folder = server.root / "htdocs" / "closed"
    folder.mkdir()
    (folder / "file.txt").write_text("file\n")
    (folder / ".htaccess").write_text(
        f"AuthType Basic\nAuthName x\nAuthBasicProvider wsgi\nWSGIAuthUserScript {server.apps}/hooks/passwords.py\n"
        "Require valid-user\n")
    server.start()
    assert server.get("/closed/file.txt").status == 401
    assert server.get("/closed/file.txt", basic("alice")).body == b"file\n"


def test_without_python_nobody_is_let_in(launch):
    server = launch("WSGIPythonHome @ROOT@/nowhere\nAlias /closed @ROOT@/htdocs\n<Location /closed>\nAuthType Basic\n"
                    "AuthName x\nAuthBasicProvider wsgi\nWSGIAuthUserScript @APPS@/hooks/passwords.py\n"
                    "Require valid-user\n</Location>")
    server.log.expect("WSGI1003", "WSGI0142")
    assert server.get("/closed/ready.txt", basic("alice")).status == 500


def test_variables_choose_the_process_group(launch):
    server = launch("WSGIPythonHome @VENV@\nWSGIDaemonProcess alice python-home=@VENV@\n"
                    "WSGIScriptAlias /app @APPS@/environ/app.wsgi\n<Location /app>\nAuthType Basic\nAuthName x\n"
                    "AuthBasicProvider wsgi\nWSGIAuthUserScript @SCRATCH@/users.py\nRequire valid-user\n"
                    "WSGIProcessGroup %{ENV:GROUP}\n</Location>", start=False)
    (server.scratch / "users.py").write_text(
        "def check_password(environ, user, password):\n    environ['GROUP'] = user\n    return True\n")
    server.start()
    assert seen(server.get("/app", basic("alice")))["mod_wsgi.process_group"] == "alice"
    server.log.expect("WSGI0150")
    assert server.get("/app", basic("bob")).status == 500
