"""SCRIPT_NAME, PATH_INFO, QUERY_STRING and REQUEST_URI."""

import pytest

pytestmark = pytest.mark.pythons


def split(server, path):
    told = server.get(path).json["environ"]
    return told["SCRIPT_NAME"]["value"], told["PATH_INFO"]["value"]


@pytest.mark.parametrize("path, script, info", [
    ("/environ", "/environ", ""),
    ("/environ/", "/environ", "/"),
    ("/environ/a", "/environ", "/a"),
    ("/environ/a/b/", "/environ", "/a/b/"),
    ("/deep/er/mount/x", "/deep/er/mount", "/x"),
    ("/environ/a.wsgi/b", "/environ", "/a.wsgi/b"),
    ("/environ/a%20b", "/environ", "/a b"),
    ("/environ/a+b", "/environ", "/a+b"),
    ("/environ/%61", "/environ", "/a"),
    ("/environ/100%25", "/environ", "/100%"),
    ("/environ/a%3Fb", "/environ", "/a?b"),
    ("/environ/a;v=1", "/environ", "/a;v=1"),
    ("/environ//a///b", "/environ", "/a/b"),
    ("/environ/a/../b", "/environ", "/b"),
    ("/environ/./b", "/environ", "/b"),
])
def test_split(server, path, script, info):
    assert split(server, path) == (script, info)


@pytest.mark.parametrize("text", ["žluťoučký", "日本語", "ÿ", "😀"])
def test_utf8_path_is_a_native_string(server, text):
    from urllib.parse import quote

    _, info = split(server, "/environ/" + quote(text))
    assert info.encode("latin-1").decode("utf-8") == "/" + text


def test_bytes_that_are_no_utf8_survive(server):
    assert split(server, "/environ/%ff%fe")[1] == "/\xff\xfe"


def test_encoded_slash_is_refused_as_httpd_does(server):
    assert server.get("/environ/a%2Fb").status == 404


def test_request_uri_is_raw(server):
    told = server.get("/environ//a/%61?q=%20").json["environ"]
    assert told["REQUEST_URI"]["value"] == "/environ//a/%61?q=%20"


@pytest.mark.parametrize("query", ["", "a=1", "a=1&b=2", "a=%C3%A9", "a+b", "a=1;b=2", "?", "x" * 4000])
def test_query_string_is_raw(server, query):
    assert server.get("/environ?" + query).environ["QUERY_STRING"] == query


def test_query_string_is_empty_when_absent(server):
    assert server.get("/environ").environ["QUERY_STRING"] == ""


def test_mount_ends_at_a_slash(server):
    assert server.get("/environs").status == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY"])
def test_method(server, method):
    assert server.request(method, "/environ").environ["REQUEST_METHOD"] == method
