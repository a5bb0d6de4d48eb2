"""Requests that httpd makes itself: server-side includes, error documents, internal redirects."""

import hashlib

import pytest

from httpd_config import load
from shared_server import audited, hosting, serving

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


@pytest.fixture
def site(hosted):
    with audited(hosted) as server:
        yield server


def told(answer):
    return {key: value.get("value") for key, value in answer.json["environ"].items()}


@pytest.mark.parametrize("page, script, info, query", [
    ("/virtual.shtml", "/environ", "/inner", "x=1"),
    ("/handler.shtml", "/sub/script.wsgi", "/info", ""),
    ("/relative.shtml", "/sub/script.wsgi", "", ""),
])
def test_included_script(site, page, script, info, query):
    answer = site.get(page)
    assert answer.status == 200
    environ = told(answer)
    assert environ["QUERY_STRING"] == query
    assert environ["SERVER_PROTOCOL"] == "INCLUDED"
    assert environ["REQUEST_METHOD"] == "GET"
    # As mod_include's own variables have it: the whole URI is the script's.
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script + info, info)


def test_page_with_two_scripts(site):
    assert site.get("/twice.shtml").body == b"[app][app]"


def test_variables_of_the_page(site):
    environ = told(site.get("/set.shtml"))
    assert environ["DOCUMENT_NAME"] == "set.shtml" and environ["word"] == "from-page"


def test_inclusion_that_fails_spoils_nothing(site):
    site.log.expect("WSGI0135|AH01373|unable to include")
    site.log.allow("WSGI0135|AH01373|unable to include")
    answer = site.get("/broken.shtml")
    assert answer.status == 200


@pytest.mark.parametrize("path, status, info, query", [
    ("/absent/x?y=1", 404, "/404", ""),
    ("/private/x?y=1", 403, "/403", "from=403"),
])
def test_error_document(site, path, status, info, query):
    site.log.allow("AH01630")
    answer = site.get(path)
    # The status is the application's: it may take that of the error from REDIRECT_STATUS.
    assert answer.status == 200
    environ = told(answer)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/error", info, query)
    assert environ["REDIRECT_STATUS"] == str(status)
    assert environ["REDIRECT_URL"] == path.partition("?")[0]
    assert environ["REDIRECT_QUERY_STRING"] == "y=1"
    assert environ["REQUEST_URI"] == path
    assert environ["REQUEST_METHOD"] == "GET"


def test_error_document_of_a_post_gets_no_body(site):
    digest_of_nothing = hashlib.sha256().hexdigest()
    assert site.request("POST", "/echo/absent", body=b"x" * 1000).text == f"0 {digest_of_nothing}"
    environ = told(site.request("POST", "/absent", body=b"x" * 1000))
    assert (environ["REQUEST_METHOD"], environ["REDIRECT_REQUEST_METHOD"]) == ("GET", "POST")


def test_error_documents_of_other_kinds(site):
    assert site.get("/texts/absent").body == b"in words"
    assert site.get("/elsewhere/absent").header("Location") == "http://other.test/x"


def test_error_document_of_head(site):
    with site.connect() as connection:
        answer = connection.request("HEAD", "/absent")
        assert answer.body == b"" and answer.header("Content-Type") == "application/json"
        assert connection.get("/environ").status == 200


def test_error_document_that_fails_itself(site):
    site.log.expect("WSGI0135")
    answer = site.get("/lost/absent")
    assert answer.status == 404 and b"Additionally, a 404" in answer.body
