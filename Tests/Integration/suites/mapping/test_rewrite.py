"""mod_rewrite before us: into an alias, into a script, with variables, per server and per directory."""

import pytest

from shared_server import hosting, serving

CONFIG = """
WSGIScriptAlias /app @APPS@/environ/app.wsgi
WSGIScriptAlias /grouped @APPS@/environ/app.wsgi application-group=%{ENV:CHOSEN}
WSGIScriptAlias /named @APPS@/named/app.wsgi
<Location /named>
    WSGICallableObject %{ENV:CALLABLE}
</Location>
RewriteEngine On
RewriteRule ^/through/(.*)$ /app/$1 [PT]
RewriteRule ^/query/(\\w+)$ /app/q?word=$1 [PT,QSA]
RewriteRule ^/variable/(\\w+)$ /app/v [PT,E=MY_WORD:$1,E=CHOSEN:x]
RewriteRule ^/grouped/(\\w+)$ - [E=CHOSEN:$1]
RewriteRule ^/named/(\\w+)$ - [E=CALLABLE:$1]
RewriteCond %{HTTP:X-Variant} (.+)
RewriteRule ^/app/header$ - [E=VARIANT:%1]
RewriteRule ^/authorised/(.*)$ /app/$1 [PT,E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteRule ^/file/(.*)$ @ROOT@/htdocs/site.wsgi/$1 [H=wsgi-script]
RewriteRule ^/handler/(.*)$ @ROOT@/htdocs/plain.py/$1 [L,H=wsgi-script]
RewriteRule ^/forbidden - [F]
RewriteRule ^/gone - [G]
RewriteRule ^/moved/(.*)$ /app/$1 [R=302,L]
<Directory @ROOT@/htdocs>
    Options +ExecCGI
    AllowOverride FileInfo
    AddHandler wsgi-script .wsgi
</Directory>
<Directory @ROOT@/htdocs/front>
    RewriteEngine On
    RewriteBase /front/
    RewriteCond %{REQUEST_FILENAME} !-f
    RewriteRule ^(.*)$ site.wsgi/$1 [QSA,PT,L,E=FRONT:yes]
</Directory>
"""

HTACCESS = """
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^(.*)$ /htaccess/site.wsgi/$1 [QSA,L,E=FROM_HTACCESS:$1]
"""


def lay_out(server):
    source = (server.apps / "environ" / "app.wsgi").read_text()
    for target in ("site.wsgi", "plain.py", "front/site.wsgi", "front/static.txt", "htaccess/site.wsgi",
                   "htaccess/static.txt"):
        path = server.root / "htdocs" / target
        path.parent.mkdir(exist_ok=True)
        path.write_text("static\n" if target.endswith("txt") else source)
    (server.root / "htdocs" / "htaccess" / ".htaccess").write_text(HTACCESS)


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode) + CONFIG, "/app", prepare=lay_out) as server:
        yield server


@pytest.mark.parametrize("path, script, info, query", [
    ("/through/a/b", "/app", "/a/b", ""),
    ("/through/a%20b?x=%20", "/app", "/a b", "x=%20"),
    ("/query/word?x=1", "/app", "/q", "word=word&x=1"),
    ("/variable/one", "/app", "/v", ""),
    ("/front/page/one?x=1", "/front/site.wsgi", "/page/one", "x=1"),
    ("/htaccess/page/one?x=1", "/htaccess/site.wsgi", "/page/one", "x=1"),
])
def test_rewritten_uri(server, path, script, info, query):
    told = server.get(path).environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"], told["QUERY_STRING"]) == (script, info, query)
    assert told["REQUEST_URI"] == path


@pytest.mark.parametrize("path, file", [("/file/a", "site.wsgi"), ("/handler/a", "plain.py")])
def test_rewritten_into_a_file(server, path, file):
    told = server.get(path).environ
    assert told["SCRIPT_FILENAME"] == str(server.root / "htdocs" / file)
    assert told["SCRIPT_NAME"] + told["PATH_INFO"] == path
    assert told["PATH_INFO"] == "/a"


def test_variables_are_in_the_environ(server):
    told = server.get("/variable/one").environ
    assert told["MY_WORD"] == "one"
    assert server.get("/app/header", {"X-Variant": "blue"}).environ["VARIANT"] == "blue"
    assert "VARIANT" not in server.get("/app/header").environ


@pytest.mark.parametrize("path, name", [("/front/page", "FRONT"), ("/htaccess/page", "FROM_HTACCESS")])
def test_variables_of_a_rewriting_directory_come_as_of_the_former_request(server, path, name):
    told = server.get(path).environ
    assert told["REDIRECT_" + name] and told["REDIRECT_STATUS"] == "200"
    assert told["REDIRECT_URL"] == path


def test_authorization_as_a_variable(server):
    assert server.get("/authorised/x", {"Authorization": "Bearer x"}).environ["HTTP_AUTHORIZATION"] == "Bearer x"


@pytest.mark.parametrize("name", ["one", "two"])
def test_variable_chooses_the_application_group(server, name):
    assert server.get(f"/grouped/{name}").environ["mod_wsgi.application_group"] == name


@pytest.mark.parametrize("name, body", [("app", b"app"), ("application", b"application")])
def test_variable_chooses_the_callable(server, name, body):
    assert server.get(f"/named/{name}").body == body


def test_callable_of_an_absent_variable_is_the_default(server):
    assert server.get("/named").body == b"application"


@pytest.mark.parametrize("path", ["/front/static.txt", "/htaccess/static.txt"])
def test_files_stay_files(server, path):
    assert server.get(path).body == b"static\n"


def test_answers_of_mod_rewrite_itself(server):
    assert server.get("/forbidden").status == 403
    assert server.get("/gone").status == 410
    answer = server.get("/moved/x")
    assert (answer.status, answer.header("Location")) == (302, "http://localhost/app/x")
