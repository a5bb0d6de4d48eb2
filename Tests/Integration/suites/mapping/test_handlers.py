"""Scripts that a handler's name gives to us: AddHandler, SetHandler, ExecCGI, MultiViews, AcceptPathInfo."""

import pytest

from httpd_config import load
from shared_server import hosting, serving

CONFIG = """
<Directory @ROOT@/htdocs>
    Options +ExecCGI
    AddHandler wsgi-script .wsgi
</Directory>
<Directory @ROOT@/htdocs/typed>
    AddType application/x-httpd-wsgi .py
</Directory>
<Directory @ROOT@/htdocs/set>
    SetHandler wsgi-script
</Directory>
<Directory @ROOT@/htdocs/views>
    Options +MultiViews
    MultiViewsMatch Handlers
</Directory>
<Directory @ROOT@/htdocs/views_negotiated>
    Options +MultiViews
</Directory>
<Directory @ROOT@/htdocs/denied>
    Options -ExecCGI
</Directory>
<Directory @ROOT@/htdocs/no_info>
    AcceptPathInfo Off
</Directory>
<Directory @ROOT@/htdocs/cgi>
    AddHandler cgi-script .py .sh
    WSGICallableObject app
</Directory>
<Directory @ROOT@/htdocs/index>
    DirectoryIndex index.wsgi
</Directory>
<Directory @ROOT@/htdocs/index_alias>
    DirectoryIndex /named_alias/x
</Directory>
<Directory @APPS@/pid>
    DirectoryIndex app.wsgi
</Directory>
<Directory @APPS@/hello>
    DirectoryIndex /named_alias/x
</Directory>
<Directory @APPS@/named>
    DirectoryIndex /denied/app.wsgi
</Directory>
WSGIScriptAlias /folder @APPS@
<Directory @ROOT@/htdocs/fallback>
    FallbackResource /fallback/app.wsgi
</Directory>
<Directory @ROOT@/htdocs/fallback_alias>
    FallbackResource /named_alias/x
</Directory>
<Files files.wsgi>
    WSGICallableObject app
</Files>
<FilesMatch "^match.*\\.wsgi$">
    WSGICallableObject app
</FilesMatch>
<Location /conditional.wsgi>
    <If "%{QUERY_STRING} == 'app'">
        WSGICallableObject app
    </If>
</Location>
WSGIScriptAlias /named_alias @APPS@/named/app.wsgi callable-object=app
WSGIScriptAlias /alias_no_info @APPS@/environ/app.wsgi
<Location /alias_no_info>
    AcceptPathInfo Off
</Location>
WSGIScriptAlias /cgi_alias @ROOT@/htdocs/cgi/app.py
<Location /set_over_alias>
    SetHandler server-status
</Location>
WSGIScriptAlias /set_over_alias @APPS@/environ/app.wsgi
"""

SCRIPTS = {
    "environ": ["plain.wsgi", "typed/app.py", "set/anything.txt", "views/app.wsgi", "views_negotiated/app.wsgi",
                "denied/app.wsgi", "no_info/app.wsgi", "index/index.wsgi",
                "fallback/app.wsgi"],
    "named": ["files.wsgi", "match_me.wsgi", "conditional.wsgi", "cgi/app.py", "cgi/named.wsgi", "index_alias/readme.txt",
              "fallback_alias/readme.txt"],
}


def lay_out(server):
    for app, targets in SCRIPTS.items():
        for target in targets:
            path = server.root / "htdocs" / target
            path.parent.mkdir(exist_ok=True)
            path.write_text((server.apps / app / "app.wsgi").read_text())
    script = server.root / "htdocs" / "cgi" / "script.sh"
    script.write_text('#!/bin/sh\necho Content-Type: text/plain\necho\necho "CGI $PATH_INFO"\n')
    script.chmod(0o755)
    (script.parent / "app.py").chmod(0o755)


@pytest.fixture(scope="module")
def hosted(platform, mode):
    text = "\n".join([load("negotiation"), load("cgid"), hosting(mode), CONFIG])
    with serving(platform, text, "/plain.wsgi", prepare=lay_out) as server:
        yield server


@pytest.mark.parametrize("path, script, info, handler", [
    ("/plain.wsgi", "/plain.wsgi", "", "wsgi-script"),
    ("/plain.wsgi/a/b", "/plain.wsgi", "/a/b", "wsgi-script"),
    ("//plain.wsgi//a", "/plain.wsgi", "/a", "wsgi-script"),
    ("/typed/app.py/a", "/typed/app.py", "/a", "application/x-httpd-wsgi"),
    ("/set/anything.txt/a", "/set/anything.txt", "/a", "wsgi-script"),
    ("/views/app", "/views/app.wsgi", "", "wsgi-script"),
    ("/views/app/a/b", "/views/app.wsgi", "/a/b", "wsgi-script"),
    ("/views/app.wsgi/a", "/views/app.wsgi", "/a", "wsgi-script"),
    ("/no_info/app.wsgi", "/no_info/app.wsgi", "", "wsgi-script"),
])
def test_script_of_a_handler(server, path, script, info, handler):
    told = server.get(path).environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"], told["mod_wsgi.request_handler"]) == (script, info, handler)
    assert told["REQUEST_URI"] == path
    assert told["SCRIPT_FILENAME"].startswith(str(server.root / "htdocs"))


def test_directory_index(server):
    told = server.get("/index/").environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"], told["REQUEST_URI"]) == ("/index/index.wsgi", "", "/index/")


@pytest.mark.parametrize("path", ["/index_alias/", "/folder/hello/", "/fallback_alias/any/thing"])
def test_index_and_fallback_that_an_alias_serves(server, path):
    assert server.get(path).body == b"app"


def test_directory_index_in_the_folder_of_an_alias(server):
    assert server.get("/folder/pid/").body.isdigit()


def test_directory_index_that_no_alias_serves_needs_execcgi(server):
    server.log.expect("WSGI0134")
    assert server.get("/folder/named/").status == 403


def test_fallback(server):
    told = server.get("/fallback/any/thing?x").environ
    assert (told["SCRIPT_NAME"], told["PATH_INFO"]) == ("/fallback/app.wsgi", "")
    assert told["REQUEST_URI"] == "/fallback/any/thing?x" and told["QUERY_STRING"] == "x"


@pytest.mark.parametrize("path, status, tag", [
    ("/denied/app.wsgi", 403, "WSGI0134"),
    ("/no_info/app.wsgi/a", 404, "WSGI0137"),
    ("/alias_no_info/a", 404, "WSGI0137"),
    ("/set/", 403, "WSGI0136"),
    ("/set/absent", 404, "WSGI0135"),
    ("/absent.wsgi", 404, "WSGI0135"),
])
def test_refusal(server, path, status, tag):
    server.log.expect(tag)
    assert server.get(path).status == status


def test_views_without_match_handlers_do_not_find_scripts(server):
    server.log.allow("AH00687|Negotiation")
    assert server.get("/views_negotiated/app").status == 404


@pytest.mark.parametrize("path, body", [
    ("/files.wsgi", b"app"), ("/match_me.wsgi/x", b"app"), ("/conditional.wsgi?app", b"app"),
    ("/conditional.wsgi?other", b"application"),
])
def test_settings_of_files_and_conditions(server, path, body):
    assert server.get(path).body == body


def test_alias_without_path_info(server):
    assert server.get("/alias_no_info").status == 200


def test_other_modules_handler_beats_an_alias(server):
    assert b"Apache Server Status" in server.get("/set_over_alias").body


def test_cgi_scripts_beside_ours(server):
    """AddHandler cgi-script beats an alias; mod_cgid's own process, which inherits our descriptors, is no harm."""
    assert server.get("/cgi/script.sh/info").body == b"CGI /info\n"
    assert server.get("/cgi/named.wsgi").body == b"app"
    server.log.allow("End of script output before headers", "AH01241|exec of .* failed")
    assert server.get("/cgi_alias").status == 500
