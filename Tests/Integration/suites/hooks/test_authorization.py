"""WSGIAuthGroupScript: Require wsgi-group."""

import pytest

from hook_scripts import basic, guarding, seen, told, values
from shared_server import serving

pytestmark = pytest.mark.pythons

PLACES = """
SetEnvIf Request_URI . WHEEL=wheel
WSGIScriptAlias /app @APPS@/environ/app.wsgi
<Location /app>
    AuthType Basic
    AuthName realm
    AuthBasicProvider wsgi
    WSGIAuthUserScript @APPS@/hooks/groups.py
    WSGIAuthGroupScript @APPS@/hooks/groups.py
    Require wsgi-group staff "two words"
</Location>
<Location /app/bytes>
    Require wsgi-group wheel
</Location>
<Location /app/variable>
    Require wsgi-group %{reqenv:WHEEL}
</Location>
<Location /app/several>
    <RequireAny>
        Require wsgi-group nobody
        Require wsgi-group guests
    </RequireAny>
</Location>
<Location /app/other>
    Require wsgi-group other
</Location>
<Location /app/open>
    AuthType None
    Require wsgi-group staff
</Location>
<Location /app/absent>
    WSGIAuthGroupScript @APPS@/hooks/absent.py
</Location>
<Location /app/broken>
    WSGIAuthGroupScript @APPS@/hooks/broken.py
</Location>
<Location /app/empty>
    WSGIAuthGroupScript @APPS@/hooks/empty.py
</Location>
<Location /app/named>
    WSGIAuthGroupScript @APPS@/hooks/groups.py application-group=named
</Location>
<AuthzProviderAlias wsgi-group those-with-wheels wheel>
    WSGIAuthGroupScript @APPS@/hooks/groups.py application-group=alias
</AuthzProviderAlias>
<Location /app/aliased>
    Require those-with-wheels
</Location>
WSGIScriptAlias /unset @APPS@/environ/app.wsgi
<Location /unset>
    AuthType Basic
    AuthName realm
    AuthBasicProvider wsgi
    WSGIAuthUserScript @APPS@/hooks/groups.py
    Require wsgi-group staff
</Location>
"""


@pytest.fixture(scope="session")
def hosted(platform, mode):
    with serving(platform, guarding(mode) + PLACES) as server:
        yield server


@pytest.fixture
def server(server):
    server.log.allow("AH01631")  # "authorization failure", wherever a user has none of the groups
    return server


@pytest.mark.parametrize("user, path", [
    ("alice", "/app"), ("alice", "/app/bytes"), ("alice", "/app/variable"), ("carol", "/app"),
])
def test_member(server, user, path):
    assert seen(server.get(path, basic(user)))["REMOTE_USER"] == user


def test_one_of_several_lines(server):
    server.log.allow("WSGI0060")
    assert server.get("/app/several", basic("carol")).status == 200


def test_member_of_other_groups(server):
    server.log.expect(r"WSGI0060: User 'alice' was denied '/app/other'.*wsgi-group other'")
    assert server.get("/app/other", basic("alice")).status == 401


def test_member_of_no_group(server):
    server.log.expect(r"WSGI0059: User 'bob'.*no groups")
    assert server.get("/app", basic("bob")).status == 401


def test_nobody_has_logged_in(server):
    assert server.get("/app").status == 401


def test_environ_and_arguments(server):
    found = told(server.get("/app/path", basic("alice") | {"X-Header": "value"}))
    environ = values(found["environ"])
    expected = {"SCRIPT_NAME": "/app", "PATH_INFO": "/path", "HTTP_X_HEADER": "value", "REMOTE_USER": "alice",
                "mod_wsgi.application_group": ""}
    assert {key: environ[key] for key in expected} == expected
    assert "HTTP_AUTHORIZATION" not in environ and "wsgi.input" not in environ
    assert found["arguments"] == ["alice"]


def test_application_group(server):
    found = told(server.get("/app/named", basic("alice")))
    assert values(found["environ"])["mod_wsgi.application_group"] == "named"


def test_provider_alias(server):
    found = told(server.get("/app/aliased", basic("alice")))
    assert values(found["environ"])["mod_wsgi.application_group"] == "alias"
    server.log.expect("WSGI0060.*wsgi-group wheel'")
    assert server.get("/app/aliased", basic("carol")).status == 401


@pytest.mark.parametrize("user, code", [
    ("number", "WSGI1201: groups_for_user.*not int"), ("numbers", "WSGI1201: groups_for_user.*int in it"),
    ("text", "WSGI1201: groups_for_user.*not str"), ("unknown", "WSGI1201: groups_for_user.*not NoneType"),
])
def test_invalid_answers(server, user, code):
    server.log.expect(code)
    assert server.get("/app", basic(user)).status == 401


def test_exception(server):
    server.log.expect_traceback("ValueError: raised by a script")
    assert server.get("/app", basic("raise")).status == 401


@pytest.mark.parametrize("place, code", [("absent", "WSGI0105.*absent.py"), ("empty", "WSGI0052.*groups_for_user")])
def test_unfit_scripts(server, place, code):
    server.log.expect(code)
    server.log.allow("FileNotFoundError|Traceback|  ")
    assert server.get(f"/app/{place}", basic("alice")).status == 401


def test_broken_script(server):
    server.log.expect_traceback("RuntimeError: raised while loading a hook", tag="WSGI0109")
    assert server.get("/app/broken", basic("alice")).status == 401


def test_require_without_a_script(server):
    server.log.expect("WSGI1202.*WSGIAuthGroupScript")
    assert server.get("/unset", basic("alice")).status == 401


def test_malformed_variable_is_refused_at_start(launch):
    server = launch("<Location />\nRequire wsgi-group %{nothing:x}\n</Location>", start=False)
    assert server.test_config().returncode != 0
