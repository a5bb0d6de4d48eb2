"""WSGIScriptAliasMatch: URIs by regular expression."""

import pytest

from shared_server import hosting, serving

CONFIG = """
WSGIScriptAliasMatch ^/users/([a-z]+) @APPS@/environ/app.wsgi
WSGIScriptAliasMatch ^/run/([a-z_]+)/v[0-9]+ @APPS@/$1/app.wsgi
WSGIScriptAliasMatch ^/whole/([a-z_]+)(/.*)?$ @APPS@/$1/app.wsgi$2
WSGIScriptAliasMatch ^/pair/([a-z]+)-([a-z]+) @APPS@/$2/$1.wsgi
WSGIScriptAliasMatch \\.page$ @APPS@/environ/app.wsgi
WSGIScriptAliasMatch "^/(?i)insensitive" @APPS@/environ/app.wsgi
WSGIScriptAlias /first @APPS@/named/app.wsgi
WSGIScriptAliasMatch ^/first @APPS@/named/app.wsgi callable-object=app
WSGIScriptAliasMatch ^/second @APPS@/named/app.wsgi callable-object=app
WSGIScriptAlias /second @APPS@/named/app.wsgi
WSGIScriptAliasMatch ^/options/(\\w+) @APPS@/environ/app.wsgi application-group=mine pass-authorization=On
WSGIScriptAliasMatch ^/anything @APPS@/hello/app.wsgi
Alias /anything/static @ROOT@/htdocs
<Directory @APPS@/named>
    DirectoryIndex /second
</Directory>
WSGIScriptAlias /folder @APPS@
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName own.test
    WSGIScriptAliasMatch ^/fir @APPS@/named/app.wsgi callable-object=app
</VirtualHost>
"""


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode) + CONFIG, "/anything") as server:
        yield server


@pytest.mark.parametrize("path, script, info", [
    ("/users/ann", "/users/ann", ""),
    ("/users/ann/", "/users/ann", "/"),
    ("/users/ann/a/b", "/users/ann", "/a/b"),
    ("/run/environ/v2/x", "/run/environ/v2", "/x"),
    ("/whole/environ", "/whole/environ", ""),
    ("/whole/environ/x/y", "/whole/environ", "/x/y"),
    ("/insensitive/x", "/insensitive", "/x"),
    ("/INSENSITIVE", "/INSENSITIVE", ""),
    ("/some/deep.page", "/some/deep.page", ""),
])
def test_match(server, path, script, info):
    told = server.get(path).environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == (script, info)
    assert told["SCRIPT_FILENAME"] == str(server.apps / "environ" / "app.wsgi")


@pytest.mark.parametrize("path", ["/users/", "/users/123", "/user", "/some/deep.pages", "/x/users/ann"])
def test_no_match(server, path):
    assert server.get(path).status == 404


@pytest.mark.parametrize("path, tag", [("/run/absent/v1", "WSGI0135"), ("/pair/one-two", "WSGI0135")])
def test_groups_name_a_script_that_is_absent(server, path, tag):
    server.log.expect(tag)
    assert server.get(path).status == 404


def test_rest_must_begin_with_a_slash_to_be_path_info(server):
    # As in mod_wsgi, what follows the match is appended as it is.
    server.log.expect("WSGI0135")
    assert server.get("/users/ann1").status == 404


@pytest.mark.parametrize("host, path, body", [
    ("localhost", "/first", b"application"), ("localhost", "/second", b"app"), ("own.test", "/first", b"app"),
    ("own.test", "/second", b"app"), ("localhost", "/anything/static/ready.txt", b"ready\n"),
    ("localhost", "/folder/named/", b"app"),
])
def test_order_with_other_aliases(server, host, path, body):
    server.log.allow("WSGI0135")
    if (host, path) == ("own.test", "/first"):
        # The pattern ends before the name does: the rest belongs to the file's name.
        assert server.get(path, {"Host": host}).status == 404
    else:
        assert server.get(path, {"Host": host}).body == body


def test_options(server):
    told = server.get("/options/x", {"Authorization": "Bearer x"}).environ
    assert told["mod_wsgi.application_group"] == "mine" and told["HTTP_AUTHORIZATION"] == "Bearer x"


@pytest.mark.parametrize("target, is_imported", [("@APPS@/counted/app.wsgi", True), ("@APPS@/$1/app.wsgi", False)])
def test_preloading_needs_a_target_without_groups(launch, target, is_imported):
    server = launch(f"""
        WSGIDaemonProcess one python-home=@VENV@
        WSGIScriptAliasMatch ^/([a-z]+) {target} process-group=one application-group=%{{GLOBAL}}""", start=False)
    script = server.apps / "counted" / "app.wsgi"
    script.write_text("print('imported', flush=True)\n" + script.read_text())
    server.configure("Alias /ready.txt @ROOT@/htdocs/ready.txt").start()
    server.log.allow("imported")
    if is_imported:
        server.log.wait_for("imported")
    else:
        assert "imported" not in server.log.text()
        assert server.get("/counted").status == 200
        server.log.wait_for("imported")


@pytest.mark.parametrize("text, said", [
    ("WSGIScriptAliasMatch ^/(x /y", "WSGIScriptAliasMatch"), ("WSGIScriptAliasMatch ^/x", "WSGIScriptAliasMatch"),
    ("WSGIScriptAliasMatch ^/x /y bogus=1", "bogus"),
    ("WSGIScriptAliasMatch ^/x /y process-group=absent application-group=%{GLOBAL}", "absent"),
])
def test_mistakes_are_refused(launch, text, said):
    done = launch(text, start=False).test_config()
    assert done.returncode != 0 and said in done.stdout and "WSGIScriptAliasMatch" in done.stdout
