"""WSGIRestrictProcess: which process groups requests may be given to, whoever has chosen the group."""

import pytest

from shared_server import serving

CONFIG = """
WSGIPythonHome @VENV@
WSGIDaemonProcess allowed python-home=@VENV@
WSGIDaemonProcess other python-home=@VENV@
WSGIScriptAlias /by_option @APPS@/environ/app.wsgi process-group=other
WSGIScriptAlias /by_variable @APPS@/environ/app.wsgi process-group=%{ENV:GROUP}
WSGIScriptAlias /by_dispatch @APPS@/environ/app.wsgi process-group=allowed
WSGIScriptAlias /embedded @APPS@/environ/app.wsgi
WSGIScriptAlias /embedded_only @APPS@/environ/app.wsgi
WSGIScriptAlias /free @APPS@/environ/app.wsgi process-group=other
SetEnvIf X-Group (.+) GROUP=$1
<LocationMatch "^/(by_|embedded)">
    WSGIRestrictProcess allowed third
</LocationMatch>
<Location /by_dispatch>
    WSGIDispatchScript @ROOT@/dispatch.py
</Location>
<Location /embedded_only>
    WSGIRestrictProcess %{GLOBAL}
</Location>
<Directory @ROOT@/htdocs/site>
    AllowOverride FileInfo
    Options +ExecCGI
    AddHandler wsgi-script .wsgi
    WSGIProcessGroup %{ENV:PROCESS_GROUP}
    WSGIRestrictProcess allowed
</Directory>
"""

DISPATCH = """
def process_group(environ):
    return environ.get("HTTP_X_GROUP")
"""


def lay_out(server):
    (server.root / "dispatch.py").write_text(DISPATCH)
    site = server.root / "htdocs" / "site"
    site.mkdir()
    (site / "app.wsgi").write_text((server.apps / "environ" / "app.wsgi").read_text())


@pytest.fixture(scope="module")
def hosted(platform):
    with serving(platform, CONFIG, "/free", prepare=lay_out) as server:
        yield server


def group(server, path, headers=()):
    answer = server.get(path, headers)
    assert answer.status == 200, answer
    return answer.environ["mod_wsgi.process_group"]


@pytest.mark.parametrize("path, headers, name", [
    ("/free", {}, "other"), ("/by_variable", {"X-Group": "allowed"}, "allowed"), ("/by_dispatch", {}, "allowed"),
    ("/by_dispatch", {"X-Group": "allowed"}, "allowed"), ("/embedded_only", {}, ""),
])
def test_allowed(server, path, headers, name):
    assert group(server, path, headers) == name


@pytest.mark.parametrize("path, headers, named", [
    ("/by_option", {}, "process group 'other'"),
    ("/by_variable", {"X-Group": "other"}, "process group 'other'"),
    ("/by_variable", {"X-Group": "absent"}, "process group 'absent'"),
    ("/by_variable", {"X-Group": "%{GLOBAL}"}, "embedded mode"),
    ("/by_variable", {}, "process group '%{ENV:GROUP}'"),
    ("/by_dispatch", {"X-Group": "other"}, "process group 'other'"),
    ("/by_dispatch", {"X-Group": "%{GLOBAL}"}, "embedded mode"),
    ("/embedded", {}, "embedded mode"),
])
def test_refused(server, path, headers, named):
    server.log.expect(f"WSGI0149: .*{named}.* allowed, third")
    assert server.get(path, headers).status == 500


def test_listed_group_that_is_not_defined(server):
    server.log.expect("WSGI0150")
    assert server.get("/by_variable", {"X-Group": "third"}).status == 500


@pytest.mark.parametrize("name, status", [("allowed", 200), ("other", 500), ("%{GLOBAL}", 500), (None, 500)])
def test_htaccess_chooses_within_the_fence(server, name, status):
    (server.root / "htdocs" / "site" / ".htaccess").write_text(f"SetEnv PROCESS_GROUP {name}\n" if name else "")
    if status == 500:
        server.log.expect("WSGI0149")
    answer = server.get("/site/app.wsgi/x")
    assert answer.status == status
    if status == 200:
        assert answer.environ["mod_wsgi.process_group"] == name


def test_htaccess_may_not_lift_the_fence(server):
    (server.root / "htdocs" / "site" / ".htaccess").write_text("WSGIRestrictProcess other\nSetEnv PROCESS_GROUP other\n")
    server.log.expect("WSGIRestrictProcess not allowed here")
    assert server.get("/site/app.wsgi").status == 500
