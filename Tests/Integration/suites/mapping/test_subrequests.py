"""Requests that httpd makes itself: server-side includes, error documents, internal redirects."""

import hashlib

import pytest

from httpd_config import load
from shared_server import hosting, serving

CONFIG = """
AddOutputFilter INCLUDES .shtml
<Directory @ROOT@/htdocs>
    Options +Includes +ExecCGI
    AddHandler wsgi-script .wsgi
</Directory>
WSGIScriptAlias /environ @APPS@/environ/app.wsgi
WSGIScriptAlias /named @APPS@/named/app.wsgi callable-object=app
WSGIScriptAlias /error @APPS@/environ/app.wsgi
WSGIScriptAlias /digest @APPS@/input_digest/app.wsgi
ErrorDocument 404 /error/404
<Location /private>
    Require all denied
    ErrorDocument 403 /error/403?from=403
</Location>
<Location /texts>
    ErrorDocument 404 "in words"
</Location>
<Location /elsewhere>
    ErrorDocument 404 http://other.test/x
</Location>
<Location /lost>
    ErrorDocument 404 /sub/absent.wsgi
</Location>
<Location /echo>
    ErrorDocument 404 /digest
</Location>
"""

PAGES = {
    "virtual.shtml": '<!--#include virtual="/environ/inner?x=1" -->',
    "handler.shtml": '<!--#include virtual="/sub/script.wsgi/info" -->',
    "twice.shtml": '[<!--#include virtual="/named" -->][<!--#include virtual="/named/again" -->]',
    "relative.shtml": '<!--#include virtual="sub/script.wsgi" -->',
    "set.shtml": '<!--#set var="word" value="from-page" --><!--#include virtual="/environ/set" -->',
    "broken.shtml": '<!--#include virtual="/absent.wsgi" -->',
}


def lay_out(server):
    htdocs = server.root / "htdocs"
    (htdocs / "sub").mkdir()
    (htdocs / "sub" / "script.wsgi").write_text((server.apps / "environ" / "app.wsgi").read_text())
    for name, text in PAGES.items():
        (htdocs / name).write_text(text)


@pytest.fixture(scope="module")
def hosted(platform, mode):
    with serving(platform, load("include") + "\n" + hosting(mode) + CONFIG, "/environ", prepare=lay_out) as server:
        yield server


@pytest.mark.parametrize("page, script, info, query", [
    ("/virtual.shtml", "/environ", "/inner", "x=1"),
    ("/handler.shtml", "/sub/script.wsgi", "/info", ""),
    ("/relative.shtml", "/sub/script.wsgi", "", ""),
])
def test_included_script(server, page, script, info, query):
    answer = server.get(page)
    assert answer.status == 200
    environ = answer.environ
    assert environ["QUERY_STRING"] == query
    assert environ["SERVER_PROTOCOL"] == "INCLUDED"
    assert environ["REQUEST_METHOD"] == "GET"
    # As mod_include's own variables have it: the whole URI is the script's.
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script + info, info)


def test_page_with_two_scripts(server):
    assert server.get("/twice.shtml").body == b"[app][app]"


def test_variables_of_the_page(server):
    environ = server.get("/set.shtml").environ
    assert environ["DOCUMENT_NAME"] == "set.shtml" and environ["word"] == "from-page"


def test_inclusion_that_fails_spoils_nothing(server):
    server.log.expect("WSGI0135|AH01373|unable to include")
    server.log.allow("WSGI0135|AH01373|unable to include")
    answer = server.get("/broken.shtml")
    assert answer.status == 200


@pytest.mark.parametrize("path, status, info, query", [
    ("/absent/x?y=1", 404, "/404", ""),
    ("/private/x?y=1", 403, "/403", "from=403"),
])
def test_error_document(server, path, status, info, query):
    server.log.allow("AH01630")
    answer = server.get(path)
    # The status is the application's: it may take that of the error from REDIRECT_STATUS.
    assert answer.status == 200
    environ = answer.environ
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/error", info, query)
    assert environ["REDIRECT_STATUS"] == str(status)
    assert environ["REDIRECT_URL"] == path.partition("?")[0]
    assert environ["REDIRECT_QUERY_STRING"] == "y=1"
    assert environ["REQUEST_URI"] == path
    assert environ["REQUEST_METHOD"] == "GET"


def test_error_document_of_a_post_gets_no_body(server):
    digest_of_nothing = hashlib.sha256().hexdigest()
    assert server.request("POST", "/echo/absent", body=b"x" * 1000).text == f"0 {digest_of_nothing}"
    environ = server.request("POST", "/absent", body=b"x" * 1000).environ
    assert (environ["REQUEST_METHOD"], environ["REDIRECT_REQUEST_METHOD"]) == ("GET", "POST")


def test_error_documents_of_other_kinds(server):
    assert server.get("/texts/absent").body == b"in words"
    assert server.get("/elsewhere/absent").header("Location") == "http://other.test/x"


def test_error_document_of_head(server):
    with server.connect() as connection:
        answer = connection.request("HEAD", "/absent")
        assert answer.body == b"" and answer.header("Content-Type") == "application/json"
        assert connection.get("/environ").status == 200


def test_error_document_that_fails_itself(server):
    server.log.expect("WSGI0135")
    answer = server.get("/lost/absent")
    assert answer.status == 404 and b"Additionally, a 404" in answer.body
