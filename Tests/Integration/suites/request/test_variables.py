"""What httpd's directives and other modules put into the environ, and that everything of it is a str."""

import json
import socket
import subprocess

import pytest

import httpd_config
from shared_server import hosting, serving

CONFIG = """
@MODULES@
SSLRandomSeed startup builtin
Listen 127.0.0.1:@TLS@ https
ServerAdmin somebody@example.test
WSGIScriptAlias /app @APPS@/environ/app.wsgi
WSGIScriptAlias /current @APPS@/environ/app.wsgi
WSGIScriptAlias /unset @APPS@/environ/app.wsgi
WSGIScriptAlias /passed @APPS@/environ/app.wsgi
WSGIScriptAlias /https @APPS@/environ/app.wsgi
WSGIScriptAlias /https_off @APPS@/environ/app.wsgi
WSGIScriptAlias /private @APPS@/hello/app.wsgi
WSGIScriptAlias /failing @APPS@/environ/app.wsgi
SetEnv PLAIN value
SetEnv EMPTY
SetEnv NUMBER 42
SetEnv REQUEST_METHOD overwritten
SetEnv SCRIPT_NAME overwritten
SetEnv wsgi.version overwritten
SetEnv mod_wsgi.process_group overwritten
SetEnv PATH /overwritten
SetEnv LATIN "caf\xe9"
SetEnvIf Request_Method GET METHOD_IS=get !NEVER
SetEnvIf X-Number "^([0-9]+)$" NUMBER_OF_CLIENT=$1
SetEnvIfNoCase User-Agent robot ROBOT
BrowserMatch robot BROWSER=robot
PassEnv GIVEN_TO_HTTPD
<Location /current>
    CGIVar REQUEST_URI current-uri
</Location>
<Location /unset>
    UnsetEnv PLAIN
</Location>
<Location /passed>
    CGIPassAuth On
</Location>
<Location /https>
    SetEnv HTTPS oN
</Location>
<Location /https_off>
    SetEnv HTTPS off
</Location>
<Location /private>
    AuthType Basic
    AuthName realm
    AuthUserFile @ROOT@/users
    Require valid-user
    ErrorDocument 404 /app/document
</Location>
<LocationMatch ^/rewritten/>
    AuthType Basic
    AuthName realm
    AuthUserFile @ROOT@/users
    Require valid-user
</LocationMatch>
ErrorDocument 404 /app/document
<VirtualHost 127.0.0.1:@TLS@>
    ServerName localhost
    ServerAdmin other@example.test
    SSLEngine On
    SSLCertificateFile @ROOT@/tls.pem
    SSLVerifyClient optional_no_ca
    WSGIScriptAlias /with @APPS@/environ/app.wsgi
    WSGIScriptAlias /without @APPS@/environ/app.wsgi
    WSGIScriptAlias /export @APPS@/environ/app.wsgi
    <Location /with>
        SSLOptions +StdEnvVars
    </Location>
    <Location /export>
        SSLOptions +StdEnvVars +ExportCertData
    </Location>
</VirtualHost>
"""

USERS = "somebody:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
SECRET = "Basic c29tZWJvZHk6c2VjcmV0"


def prepare(server):
    (server.root / "users").write_text(USERS)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", server.root / "tls.key", "-out", server.root / "tls.crt"], check=True, capture_output=True)
    (server.root / "tls.pem").write_text((server.root / "tls.key").read_text() + (server.root / "tls.crt").read_text())
    server.environment["GIVEN_TO_HTTPD"] = "by its environment"


@pytest.fixture(scope="module")
def tls_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def hosted(platform, mode, tls_port):
    modules = "\n".join(httpd_config.load(name) for name in ("ssl", "socache_shmcb"))
    with serving(platform, hosting(mode) + CONFIG, "/app", prepare=prepare, TLS=tls_port, MODULES=modules) as server:
        yield server


def environ(server, path, headers=()):
    answer = server.get(path, headers)
    told = answer.json["environ"]
    wrong = {key: one for key, one in told.items() if not key.startswith(("wsgi.", "mod_wsgi.", "apache."))
             and one["type"] != "str"}
    assert not wrong
    return {key: one.get("value") for key, one in told.items()}


def over_tls(server, tls_port, path):
    done = subprocess.run(["curl", "-sk", "--max-time", "20", f"https://127.0.0.1:{tls_port}{path}"], capture_output=True)
    return {key: one.get("value") for key, one in json.loads(done.stdout)["environ"].items()}


@pytest.mark.parametrize("key, value", [
    ("PLAIN", "value"), ("EMPTY", ""), ("NUMBER", "42"), ("METHOD_IS", "get"), ("GIVEN_TO_HTTPD", "by its environment"),
    ("LATIN", "caf\xc3\xa9"), ("SERVER_ADMIN", "somebody@example.test")])
def test_a_variable_of_a_directive_is_text(server, key, value):
    assert environ(server, "/app")[key] == value


def test_variables_that_depend_on_the_request(server):
    told = environ(server, "/app", {"X-Number": "12", "User-Agent": "a robot"})
    assert (told["NUMBER_OF_CLIENT"], told["ROBOT"], told["BROWSER"]) == ("12", "1", "robot")
    assert not {"NUMBER_OF_CLIENT", "ROBOT", "BROWSER", "NEVER"} & set(environ(server, "/app"))


def test_a_variable_that_is_unset(server):
    assert "PLAIN" not in environ(server, "/unset")


def test_variables_cannot_pass_for_what_the_request_is(server, mode):
    told = environ(server, "/app")
    assert told["REQUEST_METHOD"] == "GET" and told["SCRIPT_NAME"] == "/app" and "PATH" not in told
    assert told["mod_wsgi.process_group"] == ("main" if mode == "daemon" else "")
    assert server.get("/app").json["environ"]["wsgi.version"]["repr"] == "(1, 0)"


def test_the_current_uri_instead_of_the_requested(server):
    assert environ(server, "/current/a%20b//c?x=1")["REQUEST_URI"] == "/current/a b/c"
    assert environ(server, "/app/a%20b//c?x=1")["REQUEST_URI"] == "/app/a%20b//c?x=1"


def test_all_credentials_where_httpd_passes_them(server):
    told = environ(server, "/passed", {"Authorization": SECRET, "Proxy-Authorization": "Basic other"})
    assert (told["HTTP_AUTHORIZATION"], told["HTTP_PROXY_AUTHORIZATION"]) == (SECRET, "Basic other")


@pytest.mark.parametrize("path, scheme", [("/https", "https"), ("/https_off", "http")])
def test_https_decides_the_scheme_and_is_not_passed_on(server, path, scheme):
    told = environ(server, path)
    assert told["wsgi.url_scheme"] == scheme and "HTTPS" not in told and told["REQUEST_SCHEME"] == "http"


def test_the_user_of_a_request_that_was_redirected(server):
    server.log.allow("WSGI1020")
    told = environ(server, "/rewritten/missing", {"Authorization": SECRET})
    assert told["REDIRECT_REMOTE_USER"] == "somebody" and "REMOTE_USER" not in told
    assert told["REDIRECT_URL"] == "/rewritten/missing" and told["REDIRECT_STATUS"] == "404"
    assert "REDIRECT_REMOTE_USER" not in environ(server, "/missing")


def test_variables_of_mod_ssl(server, tls_port):
    told = over_tls(server, tls_port, "/with")
    assert told["wsgi.url_scheme"] == told["REQUEST_SCHEME"] == "https" and "HTTPS" not in told
    assert told["SSL_PROTOCOL"].startswith("TLSv1") and told["SSL_SERVER_S_DN_CN"] == "localhost"
    assert told["SSL_CIPHER"] and told["SSL_CLIENT_VERIFY"] == "NONE" and told["SSL_CIPHER_USEKEYSIZE"].isdigit()
    assert told["SERVER_PORT"] == str(tls_port) and told["SERVER_ADMIN"] == "other@example.test"
    assert "SSL_SERVER_CERT" not in told


def test_without_the_option_only_the_scheme_is_known(server, tls_port):
    told = over_tls(server, tls_port, "/without")
    assert told["wsgi.url_scheme"] == "https" and not [key for key in told if key.startswith("SSL_CIPHER")]


def test_certificates_as_text(server, tls_port):
    text = over_tls(server, tls_port, "/export")["SSL_SERVER_CERT"]
    assert text.startswith("-----BEGIN CERTIFICATE-----\n") and text.rstrip().endswith("-----END CERTIFICATE-----")
