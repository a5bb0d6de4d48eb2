"""Flask and Django from PyPI, in a virtual environment of their own."""

import hashlib
import json
import re
from urllib.parse import quote, urlencode

import pytest

import pythons
from shared_server import audited, hosting, serving

pytestmark = pytest.mark.pythons

MOUNTS = """
WSGIScriptAlias /flask @APPS@/flask_site/app.wsgi
WSGIScriptAlias /django @APPS@/django_site/app.wsgi application-group=%{GLOBAL}
"""


@pytest.fixture(scope="session")
def hosted(platform, mode):
    try:
        venv = platform.python.framework_venv()
    except pythons.Unavailable as reason:
        pytest.skip(str(reason))
    with serving(platform, hosting(mode, "threads=5") + MOUNTS, "/flask/", "/django/", VENV=venv) as server:
        yield server


@pytest.fixture
def site(hosted):
    with audited(hosted) as server:
        yield server


BOTH = pytest.mark.parametrize("framework", ["flask", "django"])


def form(server, path, **fields):
    return server.request("POST", path, {"Content-Type": "application/x-www-form-urlencoded"},
                          urlencode(fields).encode())


def cookies(answer) -> dict[str, str]:
    return dict(value.split(";")[0].split("=", 1) for value in answer.all("Set-Cookie"))


def cookie_header(jar: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


@BOTH
def test_page(site, framework):
    assert site.get(f"/{framework}/").text == f"<h1>{framework.capitalize()}</h1>"


@BOTH
@pytest.mark.parametrize("name", ["world", "žluťoučký", "日本", "a b"])
def test_path_beyond_ascii(site, framework, name):
    answer = site.get(f"/{framework}/hello/{quote(name)}")
    assert answer.text.startswith(f"Hello {name}, /{framework}/hello/")


def test_header_beyond_ascii(site):
    answer = site.get("/flask/hello/" + quote("žlutý"))
    assert answer.header("X-Name").encode("latin-1").decode() == "žlutý"


@BOTH
def test_form(site, framework):
    assert form(site, f"/{framework}/form", a="1", text="žlutý & 100 %").json == {"a": "1", "text": "žlutý & 100 %"}


def test_json(site):
    answer = site.request("POST", "/flask/json", {"Content-Type": "application/json"}, json.dumps([1, "ž"]).encode())
    assert answer.json == [1, "ž"]


@BOTH
def test_session(site, framework):
    jar: dict[str, str] = {}
    for expected in ("1", "2", "3"):
        answer = site.get(f"/{framework}/count", {"Cookie": cookie_header(jar)} if jar else {})
        jar |= cookies(answer)
        assert answer.text == expected


@BOTH
def test_upload_of_25_megabytes(site, framework):
    content = hashlib.sha256(framework.encode()).digest() * (25_000_000 // 32)
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n' \
           b"Content-Type: application/octet-stream\r\n\r\n"
    answer = site.request("POST", f"/{framework}/upload", {"Content-Type": "multipart/form-data; boundary=frontier"},
                          head + content + b"\r\n--frontier--\r\n", timeout=30)
    assert answer.text == f"big.bin {hashlib.sha256(content).hexdigest()}"


@BOTH
def test_stream(site, framework):
    answer = site.get(f"/{framework}/stream")
    assert answer.text == "".join(f"line {number}\n" for number in range(1000))


@BOTH
def test_file(site, framework):
    name = {"flask": "app.wsgi", "django": "site_settings.py"}[framework]
    answer = site.get(f"/{framework}/file")
    assert answer.body == (site.apps / f"{framework}_site" / name).read_bytes()
    assert answer.header("Content-Length") == str(len(answer.body))


def test_range_of_a_file(site):
    answer = site.get("/flask/file", {"Range": "bytes=4-9"})
    assert answer.status == 206 and answer.body == (site.apps / "flask_site" / "app.wsgi").read_bytes()[4:10]


def test_conditional_file(site):
    etag = site.get("/flask/file").header("ETag")
    assert site.get("/flask/file", {"If-None-Match": etag}).status == 304


def test_redirect(site):
    answer = site.get("/flask/old")
    assert answer.status == 302 and answer.header("Location") == "/flask/"


@BOTH
def test_not_found_is_the_frameworks(site, framework):
    site.log.allow("Not Found")
    assert site.get(f"/{framework}/absent").status == 404


def test_failure_in_a_view_is_logged_by_flask(site):
    site.log.allow(r"ERROR in app|Exception on /fail|Traceback|  |RuntimeError: raised in a view|\^\^")
    assert site.get("/flask/fail").status == 500
    site.log.wait_for("RuntimeError: raised in a view")


@BOTH
def test_head(site, framework):
    with site.connect() as connection:
        assert connection.request("HEAD", f"/{framework}/").status == 200
        assert connection.get(f"/{framework}/").status == 200


def test_django_admin_login(site):
    site.log.allow("Forbidden")
    page = site.get("/django/admin/login/")
    jar = cookies(page)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text).group(1)
    body = urlencode({"csrfmiddlewaretoken": token, "username": "admin", "password": "secret",
                      "next": "/django/admin/"}).encode()
    answer = site.request("POST", "/django/admin/login/", {
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie_header(jar)}, body)
    assert answer.status == 302, answer.text
    page = site.get("/django/admin/", {"Cookie": cookie_header(jar | cookies(answer))})
    assert page.status == 200 and "Site administration" in page.text
