"""Frameworks from PyPI, in a virtual environment of their own: each runs a small site with the same behaviours."""

import hashlib
import json
import re
from urllib.parse import quote, urlencode, urljoin

import pytest

import client
import pythons
from shared_server import hosting, serving

pytestmark = pytest.mark.pythons

MOUNTS = """
WSGIChunkedRequest On
WSGIScriptAlias /flask @APPS@/flask_site/app.wsgi
WSGIScriptAlias /django @APPS@/django_site/app.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /pyramid @APPS@/pyramid_site/app.wsgi
WSGIScriptAlias /falcon @APPS@/falcon_site/app.wsgi
WSGIScriptAlias /bottle @APPS@/bottle_site/app.wsgi
WSGIScriptAlias /cherrypy @APPS@/cherrypy_site/app.wsgi
WSGIScriptAlias /webob @APPS@/webob_site/app.wsgi
WSGIScriptAlias /werkzeug @APPS@/werkzeug_site/app.wsgi
"""


@pytest.fixture(scope="session")
def hosted(platform, mode):
    try:
        venv = platform.python.framework_venv()
    except pythons.Unavailable as reason:
        pytest.skip(str(reason))
    with serving(platform, hosting(mode, "threads=5") + MOUNTS, *(f"/{name}/" for name in TITLES), VENV=venv) as server:
        yield server


#: The frameworks, each with the title of its site.
TITLES = {"flask": "Flask", "django": "Django", "pyramid": "Pyramid", "falcon": "Falcon", "bottle": "Bottle",
          "cherrypy": "CherryPy", "webob": "WebOb", "werkzeug": "Werkzeug"}
EACH = pytest.mark.parametrize("framework", TITLES)
BUT_DJANGO = pytest.mark.parametrize("framework", [name for name in TITLES if name != "django"])


def form(server, path, **fields):
    return server.request("POST", path, {"Content-Type": "application/x-www-form-urlencoded"},
                          urlencode(fields).encode())


def cookies(answer) -> dict[str, str]:
    return dict(value.split(";")[0].split("=", 1) for value in answer.all("Set-Cookie"))


def cookie_header(jar: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


@EACH
def test_page(server, framework):
    assert server.get(f"/{framework}/").text == f"<h1>{TITLES[framework]}</h1>"


@EACH
@pytest.mark.parametrize("name", ["world", "žluťoučký", "日本", "a b"])
def test_path_beyond_ascii(server, framework, name):
    answer = server.get(f"/{framework}/hello/{quote(name)}")
    assert answer.text.startswith(f"Hello {name}, /{framework}/hello/")


def test_header_beyond_ascii(server):
    answer = server.get("/flask/hello/" + quote("žlutý"))
    assert answer.header("X-Name").encode("latin-1").decode() == "žlutý"


@EACH
def test_form(server, framework):
    assert form(server, f"/{framework}/form", a="1", text="žlutý & 100 %").json == {"a": "1", "text": "žlutý & 100 %"}


@BUT_DJANGO
@pytest.mark.parametrize("chunks", [False, True])
def test_json(server, framework, chunks):
    body = json.dumps([1, "ž" * 1000]).encode()
    headers = {"Content-Type": "application/json"}
    if chunks:
        if framework == "bottle":
            pytest.skip("Bottle decodes chunks itself, whatever wsgi.input_terminated says")
        if framework in ("cherrypy", "pyramid", "webob", "falcon"):
            pytest.skip(f"{TITLES[framework]} reads nothing without a Content-Length")
        headers["Transfer-Encoding"] = "chunked"
        body = client.chunked(body[:100], body[100:])
    answer = server.request("POST", f"/{framework}/json", headers, body).json
    assert (answer if framework == "flask" else answer["echo"]) == [1, "ž" * 1000]


@EACH
def test_session(server, framework):
    jar: dict[str, str] = {}
    for expected in ("1", "2", "3"):
        answer = server.get(f"/{framework}/count", {"Cookie": cookie_header(jar)} if jar else {})
        jar |= cookies(answer)
        assert answer.text == expected


@EACH
def test_upload_of_25_megabytes(server, framework):
    content = hashlib.sha256(framework.encode()).digest() * (25_000_000 // 32)
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n' \
           b"Content-Type: application/octet-stream\r\n\r\n"
    answer = server.request("POST", f"/{framework}/upload", {"Content-Type": "multipart/form-data; boundary=frontier"},
                          head + content + b"\r\n--frontier--\r\n", timeout=30)
    assert answer.text == f"big.bin {hashlib.sha256(content).hexdigest()}"


@EACH
def test_stream(server, framework):
    answer = server.get(f"/{framework}/stream")
    assert answer.text == "".join(f"line {number}\n" for number in range(1000))


@EACH
def test_file(server, framework):
    name = "site_settings.py" if framework == "django" else "app.wsgi"
    answer = server.get(f"/{framework}/file")
    assert answer.body == (server.apps / f"{framework}_site" / name).read_bytes()
    assert answer.header("Content-Length") == str(len(answer.body))


def test_range_of_a_file(server):
    answer = server.get("/flask/file", {"Range": "bytes=4-9"})
    assert answer.status == 206 and answer.body == (server.apps / "flask_site" / "app.wsgi").read_bytes()[4:10]


@pytest.mark.parametrize("framework", ["bottle", "webob"])
def test_other_ranges_of_a_file(server, framework):
    answer = server.get(f"/{framework}/file", {"Range": "bytes=4-9"})
    assert answer.status == 206
    assert answer.body == (server.apps / f"{framework}_site" / "app.wsgi").read_bytes()[4:10]


def test_conditional_file(server):
    etag = server.get("/flask/file").header("ETag")
    assert server.get("/flask/file", {"If-None-Match": etag}).status == 304


@BUT_DJANGO
def test_redirect(server, framework):
    answer = server.get(f"/{framework}/old")
    assert answer.status in (302, 303)
    assert urljoin(f"http://localhost/{framework}/old", answer.header("Location")).endswith(f"/{framework}/")


@EACH
def test_not_found_is_the_frameworks(server, framework):
    server.log.allow("Not Found")
    assert server.get(f"/{framework}/absent").status == 404


@BUT_DJANGO
def test_failure_in_a_view(server, framework):
    server.log.allow(r".*")
    assert server.get(f"/{framework}/fail").status == 500
    server.log.wait_for("RuntimeError: raised in a view")


@EACH
def test_head(server, framework):
    with server.connect() as connection:
        assert connection.request("HEAD", f"/{framework}/").status == 200
        assert connection.get(f"/{framework}/").status == 200


def test_django_admin_login(server):
    server.log.allow("Forbidden")
    page = server.get("/django/admin/login/")
    jar = cookies(page)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text).group(1)
    body = urlencode({"csrfmiddlewaretoken": token, "username": "admin", "password": "secret",
                      "next": "/django/admin/"}).encode()
    answer = server.request("POST", "/django/admin/login/", {
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie_header(jar)}, body)
    assert answer.status == 302, answer.text
    page = server.get("/django/admin/", {"Cookie": cookie_header(jar | cookies(answer))})
    assert page.status == 200 and "Site administration" in page.text


def test_numpy_in_a_second_interpreter_is_explained(launch, platform, mode):
    try:
        venv = platform.python.framework_venv()
    except pythons.Unavailable as reason:
        pytest.skip(str(reason))
    if not list(venv.glob("lib/python*/site-packages/numpy")):
        pytest.skip("there is no numpy for this Python")
    server = launch(hosting(mode, "processes=1 threads=2") + """
        WSGIScriptAlias /one @APPS@/numbers.wsgi application-group=one
        WSGIScriptAlias /two @APPS@/numbers.wsgi application-group=two
        """, VENV=venv, start=False)
    (server.apps / "numbers.wsgi").write_text("""
def application(environ, start_response):
    import numpy
    start_response("200 OK", [])
    return [str(int(numpy.arange(5).sum())).encode()]
""")
    server.log.allow("UserWarning", "sub-interpreter", "NumPy roadmap")
    server.start(single=mode == "embedded")
    assert server.get("/one").text == "10"
    server.log.expect_traceback("ImportError|WSGI1330")
    assert server.get("/two").status == 500
    server.log.wait_for(r"WSGI1330: .*'cannot load module more than once per process'.*'two'.*application-group=%{GLOBAL}")
