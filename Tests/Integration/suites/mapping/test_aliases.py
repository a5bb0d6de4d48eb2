"""Which script an alias gives a URI to, and how the URI is split into SCRIPT_NAME and PATH_INFO."""

from urllib.parse import quote

import pytest

from shared_server import hosting, serving

CONFIG = """
Alias /mounted/static @ROOT@/htdocs
WSGIScriptAlias /mounted @APPS@/named/app.wsgi
Alias /shadowed @ROOT@/htdocs
WSGIScriptAlias /shadowed @APPS@/named/app.wsgi
Alias /later @ROOT@/htdocs
WSGIScriptAlias /short @APPS@/named/app.wsgi callable-object=app
WSGIScriptAlias /short/long @APPS@/named/app.wsgi
WSGIScriptAlias /long/short @APPS@/named/app.wsgi callable-object=app
WSGIScriptAlias /long @APPS@/named/app.wsgi
WSGIScriptAlias /Case @APPS@/named/app.wsgi
WSGIScriptAlias /folder @APPS@
WSGIScriptAlias /folder_with/ @APPS@/
WSGIScriptAlias //doubled///mount @APPS@/environ/app.wsgi
WSGIScriptAlias /slash_ended/ @APPS@/environ/app.wsgi/
WSGIScriptAlias "/with space" @APPS@/environ/app.wsgi
WSGIScriptAlias /žluť @APPS@/environ/app.wsgi
WSGIScriptAlias /environ @APPS@/environ/app.wsgi
<VirtualHost *:@PORT@>
    ServerName localhost
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName own.test
    WSGIScriptAlias /short/long @APPS@/named/app.wsgi
    WSGIScriptAlias /mounted/sub @APPS@/named/app.wsgi callable-object=app
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName root.test
    Alias /ready.txt @ROOT@/htdocs/ready.txt
    WSGIScriptAlias / @APPS@/environ/app.wsgi
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName root-folder.test
    WSGIScriptAlias / @APPS@/
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName encoded-on.test
    AllowEncodedSlashes On
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName encoded-kept.test
    AllowEncodedSlashes NoDecode
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName slashes-kept.test
    MergeSlashes Off
</VirtualHost>
"""


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, hosting(mode) + CONFIG, "/environ") as server:
        yield server


def split(server, path, host="localhost"):
    answer = server.get(path, {"Host": host})
    assert answer.status == 200, answer
    told = answer.json["environ"]
    return told["SCRIPT_NAME"]["value"], told["PATH_INFO"]["value"]


@pytest.mark.parametrize("path, body", [
    ("/mounted/static/ready.txt", b"ready\n"),
    ("/mounted/statics", b"application"),
    ("/shadowed/ready.txt", b"ready\n"),
    ("/mounted", b"application"),
])
def test_httpds_own_alias_wins_wherever_it_stands(server, path, body):
    assert server.get(path).body == body


@pytest.mark.parametrize("host, path, body", [
    ("localhost", "/short/long", b"app"),
    ("localhost", "/long/short", b"app"),
    ("localhost", "/long/shorter", b"application"),
    ("localhost", "/long", b"application"),
    ("own.test", "/short/long", b"application"),
    ("own.test", "/short", b"app"),
    ("own.test", "/mounted/sub/x", b"app"),
    ("localhost", "/mounted/sub/x", b"application"),
])
def test_first_alias_of_the_host_then_first_of_the_main_server(server, host, path, body):
    assert server.get(path, {"Host": host}).body == body


@pytest.mark.parametrize("path", ["/case", "/CASE", "/Cases", "/mount", "/mounte", "/environment", "/folder_with"])
def test_uri_that_no_alias_covers(server, path):
    assert server.get(path).status == 404


@pytest.mark.parametrize("path, script, info", [
    ("/folder/environ/app.wsgi", "/folder/environ/app.wsgi", ""),
    ("/folder/environ/app.wsgi/", "/folder/environ/app.wsgi", "/"),
    ("/folder/environ/app.wsgi/a/b", "/folder/environ/app.wsgi", "/a/b"),
    ("/folder_with/environ/app.wsgi/a", "/folder_with/environ/app.wsgi", "/a"),
    ("/folder//environ/app.wsgi", "/folder/environ/app.wsgi", ""),
    ("/folder/./environ/x/../app.wsgi/y", "/folder/environ/app.wsgi", "/y"),
])
def test_target_that_is_a_folder(server, path, script, info):
    assert split(server, path) == (script, info)


@pytest.mark.parametrize("path", ["/folder", "/folder/environ"])
def test_folder_without_a_slash_is_redirected_by_mod_dir(server, path):
    answer = server.get(path)
    assert (answer.status, answer.header("Location")) == (301, f"http://localhost{path}/")


@pytest.mark.parametrize("path, status, tag", [
    ("/folder/", 403, "WSGI0136"), ("/folder/environ/", 403, "WSGI0136"),
    ("/folder/absent.wsgi", 404, "WSGI0135"), ("/folder_with/environ/absent/x", 404, "WSGI0135"),
])
def test_folder_itself_and_absent_scripts(server, path, status, tag):
    server.log.expect(tag)
    assert server.get(path).status == status


@pytest.mark.parametrize("path, script, info", [
    ("/doubled/mount", "/doubled/mount", ""),
    ("/doubled/mount/a", "/doubled/mount", "/a"),
    ("/slash_ended/", "/slash_ended", "/"),
    ("/slash_ended/a/", "/slash_ended", "/a/"),
    ("/with%20space/a", "/with space", "/a"),
    ("/%65nviron/a", "/environ", "/a"),
    ("/environ/" + quote("/etc/passwd", safe="/"), "/environ", "/etc/passwd"),
])
def test_what_an_alias_matches(server, path, script, info):
    assert split(server, path) == (script, info)


def test_alias_beyond_ascii(server):
    script, info = split(server, quote("/žluť/ř"))
    assert (script.encode("latin-1").decode(), info.encode("latin-1").decode()) == ("/žluť", "/ř")


@pytest.mark.parametrize("path", ["//environ/a", "/environ//a", "/environ////a", "//environ//a"])
@pytest.mark.parametrize("host", ["localhost", "slashes-kept.test"])
def test_runs_of_slashes_count_as_one(server, path, host):
    assert split(server, path, host) == ("/environ", "/a")
    assert server.get(path, {"Host": host}).environ["REQUEST_URI"] == path


@pytest.mark.parametrize("path, info", [("/", "/"), ("/a/b", "/a/b"), ("/a//b", "/a/b"), ("/ready", "/ready")])
def test_alias_of_everything(server, path, info):
    assert split(server, path, "root.test") == ("", info)


def test_file_beside_an_alias_of_everything(server):
    assert server.get("/ready.txt", {"Host": "root.test"}).body == b"ready\n"
    assert server.get("/ready.txt/x", {"Host": "root.test"}).status == 404


def test_alias_of_everything_to_a_folder(server):
    assert split(server, "/environ/app.wsgi/a", "root-folder.test") == ("/environ/app.wsgi", "/a")


@pytest.mark.parametrize("host, status, info", [
    ("localhost", 404, None), ("encoded-on.test", 200, "/a/b c"), ("encoded-kept.test", 200, "/a%2Fb c")])
def test_encoded_slashes(server, host, status, info):
    assert server.get("/environ/a%2Fb%20c", {"Host": host}).status == status
    if info:
        assert split(server, "/environ/a%2Fb%20c", host) == ("/environ", info)


@pytest.mark.parametrize("path", ["/environ/%00", "/environ/%zz", "/environ/%"])
def test_malformed_escapes_are_httpds_to_refuse(server, path):
    server.log.allow("AH10244")
    assert server.get(path).status in (400, 404)


@pytest.mark.parametrize("text", ["é", "žluťoučký kůň", "日本", "\U0001F600", "a;b=c,d&e=f", "\x7f\x01", "'\"<>"])
def test_decoded_path_is_a_native_string(server, text):
    script, info = split(server, "/environ/" + quote(text, safe=""))
    assert (script, info.encode("latin-1").decode()) == ("/environ", "/" + text)


@pytest.mark.parametrize("info", ["/" + "x" * 200, "/" + "x" * 255, "/" + "x" * 3000, "/x" * 1500])
def test_long_path(server, info):
    answer = server.get("/environ" + info)
    assert answer.status == 200
    assert answer.environ["PATH_INFO"] == info


def test_path_that_is_longer_than_the_system_takes(server):
    server.log.expect("WSGI0135")
    assert server.get("/environ/" + "x" * 7500).status == 404
