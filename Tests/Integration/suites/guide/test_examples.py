"""The configurations of conf/examples, which the guide quotes: `httpd -t` has no finding, and a request is answered."""

import dataclasses
import http.client
import json
import re
import shutil
import ssl
import subprocess

import pytest

import env
import findings
import httpd_config
import pythons
from polling import until
from shared_server import group_of

EXAMPLES = env.REPOSITORY / "conf" / "examples"

#: What a site answers with: a few values of its environ.
SITE = """
import json

def application(environ, start_response):
    names = ("REMOTE_ADDR", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "wsgi.url_scheme", "mod_wsgi.process_group")
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({name: environ[name] for name in names}).encode()]
"""
FLASK = """
from flask import Flask

def create_app():
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "Hello from Flask")
    return app
"""
#: Replaces the settings that `django-admin startproject` writes; the secret comes from the env-file.
DJANGO = """
import os

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["www.example.com"]
"""
#: Answers the requests that wait for httpd's start.
OTHER_HOST = "<VirtualHost *:@PORT@>\nServerName localhost\n</VirtualHost>\n"
TLS = ["ssl", "socache_shmcb", "http2"]
#: What proxies add.
FORWARDED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "public.example.com"}
SEEN_BEHIND_A_PROXY = {"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "public.example.com", "wsgi.url_scheme": "https"}


@dataclasses.dataclass(frozen=True)
class Example:
    """A file, a request, and what its answer must have: text in the body, or values of `SITE`."""

    file: str
    answer: str | dict
    host: str = "www.example.com"
    path: str = "/"
    headers: dict = dataclasses.field(default_factory=dict)
    status: int = 200
    #: The configuration has TLS; the request uses it unless it is `plain`.
    tls: bool = False
    plain: bool = False
    frameworks: bool = False
    #: A file that this one adds to.
    beside: str = ""


TABLE = [
    Example("quickstart.conf", "Hello World!"),
    Example("virtual-host.conf", {"mod_wsgi.process_group": "site", "wsgi.url_scheme": "https"}, tls=True),
    Example("virtual-host.conf", "https://www.example.com/page", path="/page", status=301, tls=True, plain=True),
    Example("two-sites.conf", {"mod_wsgi.process_group": "shop"}, host="shop.example.com"),
    Example("two-sites.conf", {"mod_wsgi.process_group": "blog"}, host="blog.example.com"),
    Example("two-pythons.conf", {"mod_wsgi.process_group": "site"}),
    Example("two-pythons.conf", {"mod_wsgi.process_group": "reports", "SCRIPT_NAME": "/reports"}, path="/reports"),
    Example("sizing.conf", {"mod_wsgi.process_group": "shop"}, host="shop.example.com"),
    Example("django.conf", "install worked", frameworks=True),
    Example("django.conf", "body { }", path="/static/site.css", frameworks=True),
    Example("flask.conf", "Hello from Flask", frameworks=True),
    Example("behind-a-proxy.conf", SEEN_BEHIND_A_PROXY, headers=FORWARDED),
    Example("behind-a-proxy-remoteip.conf", SEEN_BEHIND_A_PROXY, headers=FORWARDED),
    Example("mod_wsgi-before.conf", {"mod_wsgi.process_group": "site"}),
    Example("mod_wsgi-after.conf", {"mod_wsgi.process_group": "site"}),
    Example("diagnosis.conf", "Hello World!", beside="quickstart.conf"),
    Example("monitoring.conf", "wsgi_requests_total", path="/wsgi-metrics", beside="quickstart.conf"),
    Example("monitoring.conf", "mod_wsgi", path="/wsgi-status", beside="quickstart.conf"),
    Example("shared-server.conf", {"mod_wsgi.process_group": "shop"}, host="shop.example.com", tls=True),
]


def test_every_configuration_is_in_the_table():
    assert {path.name for path in EXAMPLES.glob("*.conf")} == {one.file for one in TABLE}


def adapted(text: str, server, tls_port: int) -> str:
    """The text with this machine's paths, ports, accounts and addresses."""
    text = re.sub(r"(?<![\w/])/(srv|etc)/", rf"{server.root}/\1/", text)
    text = re.sub(r"\$\{APACHE_LOG_DIR\}/(\w+)-error\.log", rf"{server.root}/logs/error-\1.log", text)
    text = text.replace("${APACHE_LOG_DIR}", f"{server.root}/logs").replace("/var/log/apache2", f"{server.root}/logs")
    text = text.replace("*:80>", f"*:{server.port}>").replace("*:443>", f"*:{tls_port}>").replace("10.0.0.5", "127.0.0.1")
    other = env.other_user()
    account = f"user={other} group={group_of(other)}" if env.is_root() else ""
    return re.sub(r"user=\w+ group=\w+", account, text)


def lay_out(server, text: str, venv, frameworks: bool) -> None:
    """Makes the files that the configuration names, below the server's root."""
    for folder in set(re.findall(rf"home=({server.root}/srv/\w+)", text)):
        site = server.root / folder
        (site / "static").mkdir(parents=True)
        (site / "media").mkdir()
        (site / "static" / "site.css").write_text("body { }\n")
        (site / "venv").symlink_to(venv)
        (site / "site.wsgi").write_text(SITE)
        (site / "shop.py").write_text(FLASK)
        for script in EXAMPLES.glob("*.wsgi"):
            shutil.copy(script, site)
        if frameworks:
            subprocess.run([venv / "bin" / "python", "-m", "django", "startproject", "mysite", site], check=True)
            with (site / "mysite" / "settings.py").open("a") as settings:
                settings.write(DJANGO)
    for certificate in re.findall(r"SSLCertificateFile (\S+)", text):
        folder = (server.root / certificate).parent
        folder.mkdir(parents=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
                        folder / "privkey.pem", "-out", folder / "fullchain.pem"], check=True, capture_output=True)
    (server.root / "etc" / "site").mkdir(parents=True, exist_ok=True)
    shutil.copy(EXAMPLES / "secrets.env", server.root / "etc" / "site")
    # In /tmp, which others may write to, it is not read as root.
    (server.root / "etc" / "site" / "secrets.env").chmod(0o644)


def wait_for_processes(server, text: str) -> None:
    """Waits until every daemon process is ready: one that still starts may not end in time when the server stops."""
    groups = [line for line in text.replace("\\\n", "").splitlines() if "WSGIDaemonProcess " in line]
    expected = sum(int(match[1]) if (match := re.search(r"processes=(\d+)", line)) else 1 for line in groups)
    logs = server.root / "logs"
    until(lambda: sum(path.read_text().count(" is ready after ") for path in logs.iterdir()) == expected,
          f"{expected} processes to be ready")


@pytest.mark.parametrize("example", TABLE, ids=lambda one: f"{one.file}-{one.host}{one.path}")
def test_example(launch, platform, example):
    try:
        venv = platform.python.framework_venv() if example.frameworks else platform.python.venv()
    except pythons.Unavailable as reason:
        pytest.skip(str(reason))
    server = launch(start=False)
    tls_port = env.free_port()
    text = "".join(adapted((EXAMPLES / name).read_text(), server, tls_port)
                   for name in (example.beside, example.file) if name)
    lay_out(server, text, venv, example.frameworks)
    server.configure(OTHER_HOST + "\n".join(map(httpd_config.load, ["remoteip", *(TLS if example.tls else [])])))
    server.configure((f"Listen 127.0.0.1:{tls_port} https\n" if example.tls else "") + text)
    assert findings.of(server) == []

    server.log.allow(r"\[ssl:warn\]")  # about the certificate, and about the library that it was built with
    server.start()
    if example.tls and not example.plain:
        connection = http.client.HTTPSConnection("127.0.0.1", tls_port, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
    wait_for_processes(server, text)
    connection.request("GET", example.path, headers={"Host": example.host} | example.headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status == example.status, body
    if isinstance(example.answer, dict):
        told = json.loads(body)
        assert {name: told[name] for name in example.answer} == example.answer
    else:
        assert example.answer in body
