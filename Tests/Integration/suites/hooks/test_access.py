"""WSGIAccessScript: who may enter, whatever is served behind."""

import json
import os
import ssl
import subprocess
import urllib.request

import pytest

import env
from hook_scripts import basic, guarding, load, seen, told, values
from polling import until
from shared_server import hosting, serving

pytestmark = pytest.mark.pythons

PLACES = """
SetEnv SET_BY_DIRECTIVE yes
Alias /files @ROOT@/htdocs
WSGIScriptAlias /app @APPS@/environ/app.wsgi
<Location /app>
    WSGIAccessScript @APPS@/hooks/access.py
</Location>
<Location /files>
    WSGIAccessScript @APPS@/hooks/access.py
</Location>
<Location /files/absent>
    WSGIAccessScript @APPS@/hooks/absent.py
</Location>
<Location /files/broken>
    WSGIAccessScript @APPS@/hooks/broken.py
</Location>
<Location /files/empty>
    WSGIAccessScript @APPS@/hooks/empty.py
</Location>
<Location /app/named>
    WSGIAccessScript @APPS@/hooks/access.py application-group=named
</Location>
<Location /app/server>
    WSGIAccessScript @APPS@/hooks/access.py application-group=%{SERVER}
</Location>
<Location /app/host>
    WSGIAccessScript @APPS@/hooks/access.py application-group=%{HOST}
    HostnameLookups On
</Location>
<Location /app/capsule>
    WSGIPassApacheRequest On
</Location>
<Location /app/passes>
    WSGIPassAuthorization On
    CGIPassAuth On
</Location>
"""


@pytest.fixture(scope="session")
def hosted(platform, mode):
    with serving(platform, guarding(mode) + PLACES, "/app", "/files/ready.txt") as server:
        yield server


@pytest.mark.parametrize("word, status, code", [
    ("allow", 200, None), ("none", 200, None), ("deny", 403, "WSGI0057"),
    ("number", 403, "WSGI1201.*allow_access.*not int"), ("text", 403, "WSGI1201.*not str"),
])
@pytest.mark.parametrize("path", ["/app", "/files/ready.txt"])
def test_answers(server, path, word, status, code):
    if code:
        server.log.expect(code)
    assert server.get(f"{path}?{word}").status == status


def test_denial_says_who_and_by_what(server):
    server.log.expect(r"WSGI0057: Client '127\.0\.0\.1' was denied by allow_access of '.*access\.py' \(.*httpd\.conf:\d+\)")
    assert server.get("/files/ready.txt?deny").status == 403


def test_exception_denies(server):
    server.log.expect_traceback("ValueError: raised by a script")
    assert server.get("/files/ready.txt?raise").status == 403


def test_exit_denies(server):
    server.log.expect_traceback("SystemExit", tag="WSGI0175")
    assert server.get("/files/ready.txt?exit").status == 403


@pytest.mark.parametrize("place, code", [("absent", "WSGI0105.*absent.py"), ("empty", "WSGI0056.*allow_access")])
def test_unfit_scripts_deny(server, place, code):
    server.log.expect(code)
    server.log.allow("FileNotFoundError|Traceback|  ")
    assert server.get(f"/files/{place}").status == 403


def test_broken_script_denies(server):
    server.log.expect_traceback("RuntimeError: raised while loading a hook", tag="WSGI0109")
    assert server.get("/files/broken").status == 403


def test_environ(server):
    server.log.allow("WSGI1020")
    answer = server.get("/app/some/path?allow", {
        "Host": f"host.test:{server.port}", "X-Header": "value", "Proxy": "bad", "Authorization": "Bearer x",
        "Proxy-Authorization": "Bearer y", "X_Odd": "x"})
    found = told(answer)
    environ, types = values(found["environ"]), {key: one["type"] for key, one in found["environ"].items()}
    expected = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/app", "PATH_INFO": "/some/path", "QUERY_STRING": "allow",
        "REQUEST_URI": "/app/some/path?allow", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_PORT": str(server.port),
        "SERVER_ADDR": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": f"host.test:{server.port}", "HTTP_X_HEADER": "value",
        "DOCUMENT_ROOT": str(server.root / "htdocs"), "REQUEST_SCHEME": "http", "mod_wsgi.process_group": "",
        "mod_wsgi.application_group": "", "SCRIPT_FILENAME": str(server.apps / "environ" / "app.wsgi"),
        "SERVER_SIGNATURE": "",
    }
    assert {key: environ[key] for key in expected} == expected
    assert types["wsgi.errors"] == "TextIOWrapper"
    assert types["mod_wsgi.version"] == types["apache.version"] == "tuple"
    assert types["mod_ssl.is_https"] == types["mod_ssl.var_lookup"] == "builtin_function_or_method"
    for absent in ("HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION", "HTTP_PROXY", "HTTP_X_ODD", "SET_BY_DIRECTIVE",
                   "wsgi.input", "mod_wsgi.callable_object", "apache.request_rec", "REMOTE_USER", "REMOTE_HOST", "TOLD"):
        assert absent not in environ, absent
    assert found["arguments"] == ["127.0.0.1"]


def test_authorization_stays_hidden_where_applications_see_it(server):
    answer = server.get("/app/passes", {"Authorization": "Bearer x"})
    assert seen(answer)["HTTP_AUTHORIZATION"] == "Bearer x"
    assert "HTTP_AUTHORIZATION" not in told(answer)["environ"]


def test_host_name(server):
    found = told(server.get("/app/host", {"Host": "host.test"}))
    assert found["arguments"] == ["localhost"]
    assert values(found["environ"])["REMOTE_HOST"] == "localhost"


@pytest.mark.parametrize("place, group", [
    ("", ""), ("/named", "named"), ("/server", "localhost:@PORT@"), ("/host", "host.test:@PORT@"),
])
def test_application_group(server, place, group):
    found = told(server.get("/app" + place, {"Host": f"host.test:{server.port}"}))
    assert values(found["environ"])["mod_wsgi.application_group"] == group.replace("@PORT@", str(server.port))


def test_functions_of_mod_ssl(server):
    assert seen(server.get("/app?ssl"))["SSL"] in ("(0, None, None)", "(0, '', 'off')")


def test_what_is_written_is_logged(server):
    server.log.allow("hooks/access.py")
    server.get("/app?log")
    server.log.wait_for(r"\[script .*hooks/access\.py\] written by allow_access$")
    server.log.wait_for("printed by allow_access$")


def test_request_record(server, mode):
    answer = server.get("/app/capsule")
    assert told(answer)["environ"]["apache.request_rec"]["type"] == "PyCapsule"
    assert ("apache.request_rec" in seen(answer)) is (mode == "embedded")
    assert "apache.request_rec" not in seen(server.get("/app"))


def test_many_requests(server):
    with server.connect() as connection:
        for _ in range(200):
            assert connection.get("/files/ready.txt?allow").status == 200


# Servers of their own


def test_changed_script_is_loaded_again(launch):
    server = launch("WSGIPythonHome @VENV@\nAlias /on @ROOT@/htdocs\nAlias /off @ROOT@/htdocs\n<LocationMatch ^/(on|off)>\n"
                    "WSGIAccessScript @SCRATCH@/access.py\n</LocationMatch>\n<Location /off>\nWSGIScriptReloading Off\n"
                    "</Location>", start=False)
    script = server.scratch / "access.py"
    script.write_text("def allow_access(environ, host): return False\n")
    server.start()
    server.log.expect("WSGI0057")
    # One child, so that each request meets what the one before has loaded.
    assert server.get("/off/ready.txt").status == 403
    script.write_text("def allow_access(environ, host): return True\n")
    os.utime(script, (1, 1))
    assert server.get("/off/ready.txt").status == 403
    assert server.get("/on/ready.txt").status == 200
    assert server.get("/off/ready.txt").status == 200


HTACCESS = """
WSGIPythonHome @VENV@
Alias /plain @ROOT@/plain
<Directory @ROOT@/plain>
    Require all granted
</Directory>
<Directory @ROOT@/htdocs/closed>
    AllowOverride AuthConfig
</Directory>
"""


@pytest.fixture
def htaccess(launch):
    server = launch(HTACCESS, start=False)
    folder = server.root / "htdocs" / "closed"
    folder.mkdir()
    (folder / "file.txt").write_text("file\n")
    (folder / ".htaccess").write_text(f"WSGIAccessScript {server.apps}/hooks/access.py\n")
    return server.start()


def pythons(server):
    return [one for one in server.processes() if "libpython" in one.maps]


def test_htaccess_starts_python_late(htaccess):
    assert not pythons(htaccess)
    assert htaccess.get("/closed/file.txt").body == b"file\n"
    assert pythons(htaccess)
    htaccess.log.expect("WSGI0057")
    assert htaccess.get("/closed/file.txt?deny").status == 403


def test_htaccess_needs_authconfig(launch):
    server = launch("WSGIPythonHome @VENV@\n<Directory @ROOT@/htdocs/closed>\nAllowOverride FileInfo\n</Directory>",
                    start=False)
    (server.root / "htdocs" / "closed").mkdir()
    (server.root / "htdocs" / "closed" / ".htaccess").write_text("WSGIAccessScript /nowhere.py\n")
    server.start()
    server.log.expect("WSGIAccessScript not allowed here")
    assert server.get("/closed/").status == 500


@pytest.mark.parametrize("place", ["<Directory @ROOT@/htdocs/closed>", "<Location /closed>",
                                   "<VirtualHost *:@PORT@>\n<Files closed>"])
def test_children_start_with_python_where_a_script_is_configured(launch, place):
    end = "</VirtualHost>" if "VirtualHost" in place else ""
    name = place.split("<")[-1].split()[0]
    server = launch(f"WSGIPythonHome @VENV@\nWSGIRestrictEmbedded On\n{place}\nWSGIAccessScript @APPS@/hooks/access.py\n"
                    f"</{name}>\n{end}")
    assert pythons(server)


def test_without_python_access_is_refused(launch):
    server = launch("WSGIPythonHome @ROOT@/nowhere\nAlias /closed @ROOT@/htdocs\n<Location /closed>\n"
                    "WSGIAccessScript @APPS@/hooks/access.py\n</Location>")
    server.log.expect("WSGI1003", "WSGI0142")
    assert server.get("/closed/ready.txt").status == 500
    assert server.get("/ready.txt").status == 200


def test_without_python_a_late_start_says_why(launch):
    server = launch(HTACCESS.replace("@VENV@", "@ROOT@/nowhere"), start=False)
    folder = server.root / "htdocs" / "closed"
    folder.mkdir()
    (folder / ".htaccess").write_text(f"WSGIAccessScript {server.apps}/hooks/access.py\n")
    server.start()
    assert not [line for line in server.log.lines() if "WSGI1003" in line or "WSGI0142" in line]
    server.log.expect("WSGI1003", "WSGI0142")
    assert server.get("/closed/").status == 500


def test_satisfy_any(launch):
    server = launch(load("access_compat") + "WSGIPythonHome @VENV@\nAlias /any @ROOT@/htdocs\n<Location /any>\n"
                    "WSGIAccessScript @APPS@/hooks/access.py\nSatisfy Any\nAuthType Basic\nAuthName x\n"
                    "AuthBasicProvider wsgi\nWSGIAuthUserScript @APPS@/hooks/passwords.py\nRequire valid-user\n</Location>")
    assert server.get("/any/ready.txt?allow").status == 200
    assert server.get("/any/ready.txt?deny").status == 401
    assert server.get("/any/ready.txt?deny", basic("alice")).status == 200
    assert "WSGI0057" not in server.log.text()
    server.log.allow("AH01617")
    assert server.get("/any/ready.txt?deny", basic("alice", "wrong")).status == 401


def test_a_graceful_restart_keeps_scripts_working(launch):
    server = launch("WSGIPythonHome @VENV@\nAlias /files @ROOT@/htdocs\n<Location /files>\n"
                    "WSGIAccessScript @APPS@/hooks/access.py\n</Location>")
    server.log.expect("WSGI0057")
    for _ in range(3):
        assert server.get("/files/ready.txt?allow").status == 200
        assert server.get("/files/ready.txt?deny").status == 403
        server.graceful()
        server.wait_ready()
    # Without any script the children of the next generation have no Python.
    server.reconfigure("WSGIPythonHome @VENV@")
    server.graceful()
    until(lambda: not pythons(server), "children without Python")


def test_functions_of_mod_ssl_behind_tls(launch, tmp_path):
    key, certificate, port = tmp_path / "key.pem", tmp_path / "certificate.pem", env.free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = launch(
        load("ssl", "socache_shmcb") + "WSGIPythonHome @VENV@\nListen 127.0.0.1:@TLS@\n<VirtualHost *:@TLS@>\n"
        f"ServerName localhost\nSSLEngine On\nSSLCertificateFile {certificate}\nSSLCertificateKeyFile {key}\n"
        "SSLProtocol TLSv1.2\n</VirtualHost>\nWSGIScriptAlias /app @APPS@/environ/app.wsgi\n<Location /app>\n"
        "WSGIAccessScript @APPS@/hooks/access.py\n</Location>", TLS=port)
    server.log.allow("AH01882|AH01873|AH01906")  # what mod_ssl says of such a certificate and of its library
    context = ssl.create_default_context(cafile=certificate)
    with urllib.request.urlopen(f"https://localhost:{port}/app?ssl", context=context) as answer:
        environ = json.load(answer)["environ"]
    assert environ["SSL"]["value"] == "(1, 'TLSv1.2', 'on')"


@pytest.mark.mpms
def test_every_mpm(launch):
    server = launch(hosting("embedded") + PLACES)
    assert server.get("/app?allow").status == 200
    server.log.allow("WSGI0135: .*/absent.py")
    server.log.expect("WSGI0057")
    assert server.get("/app?deny").status == 403


@pytest.mark.parametrize("directive", ["WSGIAccessScript", "WSGIAuthUserScript", "WSGIAuthGroupScript"])
def test_htaccess_names_no_script_where_embedded_mode_is_restricted(launch, directive):
    """Its author would run code in httpd's own processes; the server's configuration may do so."""
    server = launch(start=False)
    site = server.root / "htdocs" / "site"
    site.mkdir()
    (site / "page.html").write_text("page\n")
    ran = server.scratch / "ran"
    script = site / "script.py"
    script.write_text(f"""
open({str(ran)!r}, "w").close()

def allow_access(environ, host):
    return True
""")
    (site / ".htaccess").write_text(f"{directive} {script}\n")
    server.configure(f"WSGIRestrictEmbedded On\n<Directory {site}>\nAllowOverride AuthConfig\n</Directory>\n"
                     f"<Location /ready.txt>\nWSGIAccessScript {script}\n</Location>")
    server.log.expect(rf"htaccess: WSGI1203: {directive} is not allowed in .htaccess while WSGIRestrictEmbedded is On")
    server.start(wait=False)
    server.wait_answering()
    ran.unlink(missing_ok=True)
    assert server.get("/site/page.html").status == 500
    assert not ran.exists()
    assert server.get("/ready.txt").status == 200
