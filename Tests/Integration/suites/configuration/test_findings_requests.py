"""Requests that would not come to their application, as `httpd -t` finds them."""

import pytest

import findings


# Requests that do not arrive

def test_directory_that_nothing_opens(launch):
    server = launch(start=False)
    (server.root / "site").mkdir()
    (server.root / "site" / "app.wsgi").write_text("application = None\n")
    server.configure("WSGIScriptAlias / @ROOT@/site/app.wsgi process-group=%{GLOBAL}")
    found = findings.of(server)
    assert [one[:2] for one in found] == [("WSGI1008", server.line_of("WSGIScriptAlias"))], found
    assert f"a section <Directory {server.root}/site> with the line 'Require all granted'" in found[0][2]
    assert f"httpd.conf:{server.line_of('Require all denied')}" in found[0][2] and "403" in found[0][2]


CLOSED = "WSGIScriptAlias / @ROOT@/site/app.wsgi process-group=%{GLOBAL}\n"


@pytest.mark.parametrize("more, is_found", [
    ("", True),
    ("AccessFileName .htaccess\n", True),
    # The file is there, and is not read.
    ("AccessFileName .rules\n", True),
    ("<Directory @ROOT@/site>\nAllowOverride None\n</Directory>\n", True),
    ("AccessFileName .rules\n<Directory @ROOT@/site>\nAllowOverride AuthConfig\n</Directory>\n", False),
    ("AccessFileName .a .b\n<Directory @ROOT@/site>\nAllowOverride AuthConfig\n</Directory>\n", True),
    # A typo; sections for something else.
    ("<Directory @ROOT@/sitte>\nRequire all granted\n</Directory>\n", True),
    ("<Location />\nRequire all granted\n</Location>\n", False),
    ("<DirectoryMatch site>\nRequire all granted\n</DirectoryMatch>\n", False),
])
def test_directory_that_only_a_file_could_open(launch, more, is_found):
    server = launch(start=False)
    (server.root / "site").mkdir()
    (server.root / "site" / "app.wsgi").write_text("application = None\n")
    (server.root / "site" / ".rules").write_text("Require all granted\n")
    server.configure(CLOSED + more)
    assert [one[0] for one in findings.of(server)] == ["WSGI1008"] * is_found


# Applications that another directive hides

HIDDEN = [
    ("Alias / @ROOT@/htdocs/\n", "/"),
    ("Alias / @ROOT@/htdocs/\n", "/app"),
    ("Alias /app @ROOT@/htdocs\n", "/app"),
    ("Alias /app @ROOT@/htdocs\n", "/app/api"),
    ("ScriptAlias /app/ @ROOT@/htdocs/\n", "/app/api"),
    ("LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so\nProxyPass / http://127.0.0.1:1/\n", "/app"),
    ("WSGIScriptAlias / @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/app"),
    ("WSGIScriptAlias /app @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/app"),
]
PROXY = HIDDEN[5][0]
SEEN = [
    ("Alias /static @ROOT@/htdocs\nAlias /favicon.ico @ROOT@/htdocs/ready.txt\n", "/"),
    ("Alias /app @ROOT@/htdocs\n", "/apple"),
    ("Alias /app/static/ @ROOT@/htdocs/\n", "/app"),
    # /app itself still comes to the application.
    ("Alias /app/ @ROOT@/htdocs/\n", "/app"),
    ("AliasMatch ^/(.*)$ @ROOT@/htdocs/$1\n", "/app"),
    ("Redirect permanent /old http://example.com/\n", "/"),
    ("<Location /x>\nAlias @ROOT@/htdocs\n</Location>\n", "/"),
    ("<VirtualHost *:@PORT@>\nServerName other.test\nAlias / @ROOT@/htdocs/\n</VirtualHost>\n", "/"),
    (PROXY.replace("ProxyPass /", "ProxyPass /app !\nProxyPass /"), "/app"),
    (PROXY.replace("ProxyPass /", "ProxyPass /app/sub !\nProxyPass /"), "/app"),
    (PROXY.replace("ProxyPass /", "ProxyPassMatch ^/app !\nProxyPass /"), "/app"),
    (PROXY + "SetEnvIf Request_URI ^/app no-proxy\n", "/app"),
    (PROXY.replace("ProxyPass /", "ProxyPass /backend/"), "/"),
    ("WSGIScriptAlias /app/api @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/app"),
    ("WSGIScriptAliasMatch ^/x @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/"),
    # The same twice.
    ("WSGIScriptAlias /app @SITE@/app.wsgi process-group=%{GLOBAL}\n", "/app"),
]


def hidden_site(launch, more, path):
    server = findings.site(launch, "")
    (server.root / "site" / "other.wsgi").write_text("application = None\n")
    server.configure(f"{more}WSGIScriptAlias {path} @SITE@/app.wsgi process-group=%{{GLOBAL}}", SITE=server.root / "site")
    return server


@pytest.mark.parametrize("more, path", HIDDEN)
def test_application_that_is_hidden(launch, more, path):
    server = hidden_site(launch, more, path)
    server.write_config()
    other = more.splitlines()[-1].split(" ")
    found = findings.of(server)
    place = server.line_of(f"{path} {server.root}/site/app.wsgi")
    assert [one[:2] for one in found] == [("WSGI1081", place)], found
    assert other[0] in found[0][2] and f"httpd.conf:{server.line_of(' '.join(other[:2]) + ' ')}" in found[0][2], found


@pytest.mark.parametrize("more, path", SEEN)
def test_application_that_is_not_hidden(launch, more, path):
    assert findings.of(hidden_site(launch, more, path)) == []


def test_hidden_applications_are_hidden(launch):
    """The finding is true: what it says of the order is what httpd does."""
    server = findings.site(launch, "Alias /one @ROOT@/htdocs/ready.txt\n"
                          "WSGIScriptAlias /one @SITE@/app.wsgi process-group=%{GLOBAL}\n")
    server.log.expect("WSGI1081")
    server.start()
    assert server.get("/one").body == b"ready\n"


def test_handler_that_takes_scripts(launch):
    server = findings.site(launch, "AddHandler cgi-script .cgi .py\n"
                          "WSGIScriptAlias / @SITE@/app.py process-group=%{GLOBAL}\n", name="app.py")
    findings.expect(server, "WSGI1030", "WSGIScriptAlias", "cgi-script", ".wsgi",
                    f"httpd.conf:{server.line_of('AddHandler')}")
