"""Configurations that mod_wsgi-express of PyPI's mod_wsgi generates: configtest, start, five requests, stop.

The program is installed by its name and used as it comes; only the module that its configuration loads is another one.
Twelve of the combinations run by default, all of them with --everywhere. --reload-on-changes is left out: its reloader needs
mod_wsgi.subscribe_shutdown, which is not there yet. So are the options of the debug mode, which keep the terminal.
"""

import dataclasses
import os
import pathlib
import signal
import shutil
import subprocess
import sys
import tempfile
import uuid

import pytest

import client
import env
import processes
import pythons
from polling import until


@dataclasses.dataclass(frozen=True)
class Case:
    """Options of mod_wsgi-express, and what a request is answered; @ROOT@ is a directory with the files below."""

    options: str
    path: str = "/"
    status: int = 200
    body: bytes | None = b"hello from the application"
    headers: tuple = ()
    #: The application; without one it is a script.
    target: str = "@ROOT@/app.wsgi"


LOGIN = (("Authorization", "Basic dXNlcjpzZWNyZXQ="),)
TLS = ("--https-port @PORT2@ --server-name site.test --ssl-certificate-file @ROOT@/site.crt "
       "--ssl-certificate-key-file @ROOT@/site.key")
HOST = (("Host", "site.test"),)

CASES = {
    "plain": Case(""),
    "processes": Case("--processes 2 --threads 3"),
    "one thread": Case("--threads 1"),
    "embedded": Case("--embedded-mode"),
    "embedded, python-path": Case("--embedded-mode --python-path @ROOT@/lib"),
    "python-path": Case("--python-path @ROOT@/lib --python-path @ROOT@/more"),
    "python-eggs": Case("--python-eggs @ROOT@/eggs"),
    "python-warnings": Case("--python-warnings default --python-warnings ignore::DeprecationWarning"),
    "locale": Case("--locale C.UTF-8"),
    "missing locale": Case("--locale xx_XX.UTF-8"),
    "module": Case("--application-type module --working-directory @ROOT@", target="site_app"),
    "module, callable": Case("--application-type module --working-directory @ROOT@ --callable-object other",
                             target="site_app", body=b"the other one"),
    "entry point": Case("--entry-point @ROOT@/app.wsgi", target=""),
    "static": Case("--application-type static --document-root @ROOT@/www", path="/page.txt", body=b"a page\n", target=""),
    "callable": Case("--callable-object other", body=b"the other one"),
    "groups": Case("--process-group mine --application-group yours"),
    "mount point": Case("--mount-point /there", path="/there/"),
    "document root": Case("--document-root @ROOT@/www", path="/page.txt", body=b"a page\n"),
    "document root, application": Case("--document-root @ROOT@/www", path="/nothing"),
    "directory index": Case("--document-root @ROOT@/www --directory-index page.txt", body=b"a page\n"),
    "directory listing": Case("--document-root @ROOT@/www --directory-listing --mount-point /there", body=None),
    "allow override": Case("--document-root @ROOT@/www --allow-override All"),
    "url alias": Case("--url-alias /files @ROOT@/www", path="/files/page.txt", body=b"a page\n"),
    "error document": Case("--error-document 404 /missing --url-alias /files @ROOT@/www"),
    "error override": Case("--error-override"),
    "head": Case("--map-head-to-get OFF"),
    "worker": Case("--server-mpm worker"),
    "prefork": Case("--server-mpm prefork"),
    "prefork, embedded": Case("--server-mpm prefork --embedded-mode"),
    "clients": Case("--max-clients 40 --initial-workers 0.5"),
    "http2": Case("--http2"),
    "keep alive": Case("--keep-alive-timeout 5"),
    "no keep alive": Case("--keep-alive-timeout 0"),
    "tls": Case(TLS, headers=HOST),
    "tls only": Case(TLS + " --https-only --hsts-policy max-age=31536000 --ssl-environment", headers=HOST, status=302,
                     body=None),
    "server name": Case("--server-name site.test --server-alias www.site.test", headers=HOST),
    "other server name": Case("--server-name site.test", status=403, body=None),
    "other server name, localhost": Case("--server-name site.test --allow-localhost"),
    "host": Case("--host 127.0.0.1"),
    "limits": Case("--limit-request-body 1000 --maximum-requests 100"),
    "timeouts": Case("--request-timeout 30 --interrupt-timeout 5 --queue-timeout 10 --connect-timeout 5 --socket-timeout 20 "
                     "--response-socket-timeout 20 --proxy-timeout 20"),
    "no timeouts": Case("--request-timeout 0 --queue-timeout 0 --startup-timeout 0 --deadlock-timeout 0"),
    "life": Case("--startup-timeout 10 --shutdown-timeout 3 --graceful-timeout 5 --eviction-timeout 5 --restart-interval 600 "
                 "--inactivity-timeout 300 --deadlock-timeout 30 --cpu-time-limit 600"),
    "ignore activity": Case("--inactivity-timeout 60 --ignore-activity /health --ignore-activity /ready"),
    "slow clients": Case("--header-timeout 10 --header-max-timeout 20 --header-min-rate 100 --body-timeout 10 "
                         "--body-max-timeout 30 --body-min-rate 100"),
    "backlogs": Case("--server-backlog 200 --daemon-backlog 50"),
    "buffers": Case("--send-buffer-size 65536 --receive-buffer-size 65536 --header-buffer-size 65536 "
                    "--response-buffer-size 131072 --response-flush-delay 10"),
    "sendfile": Case("--enable-sendfile"),
    "no reloading": Case("--disable-reloading"),
    "compressed": Case("--compress-responses"),
    "chunked": Case("--chunked-request"),
    "cgi": Case("--with-cgi --document-root @ROOT@/www"),
    "proxy": Case("--proxy-mount-point /other http://127.0.0.1:1/"),
    "proxied host": Case("--proxy-virtual-host other.test http://127.0.0.1:1/ --server-name site.test", headers=HOST),
    "trusted headers": Case("--trust-proxy-header X-Forwarded-For --trust-proxy-header X-Forwarded-Scheme"),
    "trusted proxies": Case("--trust-proxy-header X-Forwarded-For --trust-proxy 10.0.0.0/255.0.0.0 --trust-proxy 192.168 "
                            "--trust-proxy fd00::/8"),
    "access script": Case("--host-access-script @ROOT@/hooks.py"),
    "access denied": Case("--host-access-script @ROOT@/closed.py", status=403, body=None),
    "login": Case("--auth-user-script @ROOT@/hooks.py", headers=LOGIN),
    "no login": Case("--auth-user-script @ROOT@/hooks.py", status=401, body=None),
    "digest": Case("--auth-user-script @ROOT@/hooks.py --auth-type Digest", status=401, body=None),
    "login, group": Case("--auth-user-script @ROOT@/hooks.py --auth-group-script @ROOT@/hooks.py --auth-group staff",
                         headers=LOGIN),
    "handler": Case("--document-root @ROOT@/www --add-handler .txt @ROOT@/handler.py", path="/page.txt", body=b"handled"),
    "service": Case("--service-script jobs @ROOT@/service.py --service-log-file jobs jobs.log"),
    "service, user": Case("--service-script jobs @ROOT@/service.py --service-user jobs @USER@ --service-group jobs @USER@"),
    "orphan": Case("--orphan-interpreter"),
    "docs": Case("--enable-docs"),
    "status": Case("--server-status", path="/server-status", body=None),
    "metrics": Case("--server-metrics"),
    "telemetry": Case("--telemetry-service unix:@ROOT@/telemetry.sock --telemetry-interval 2 --slow-requests 1 "
                      "--telemetry-options +CaptureUserAgent"),
    "switch interval": Case("--switch-interval 0.01"),
    "environment": Case("--setenv ONE 1 --passenv HOME --envvars-script @ROOT@/envvars"),
    "include": Case("--include-file @ROOT@/more.conf", path="/included", body=None, status=410),
    "rewrite": Case("--rewrite-rules @ROOT@/rewrite.conf", path="/old"),
    "logs": Case("--access-log --startup-log --log-level info --access-log-format combined --error-log-name errors "
                 "--access-log-name accesses --startup-log-name startup"),
    "log formats": Case("--access-log --access-log-format '%h %s' --error-log-format '[%t] %M'"),
    "rotated logs": Case("--access-log --rotate-logs --max-log-size 1"),
    "log directory": Case("--log-directory @ROOT@/logs --access-log"),
    "names": Case("--process-name wsgi-server --pid-file @ROOT@/other.pid --socket-prefix @ROOT@/run"),
}

DEFAULT = ["plain", "processes", "embedded, python-path", "module", "document root", "login, group", "handler", "service",
           "trusted proxies", "telemetry", "tls", "prefork"]

FILES = {
    "app.wsgi": """
        def application(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"hello from the application"]
        def other(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"the other one"]
        """,
    "hooks.py": """
        def allow_access(environ, host):
            return True
        def check_password(environ, user, password):
            return password == "secret"
        def get_realm_hash(environ, user, realm):
            return None
        def groups_for_user(environ, user):
            return ["staff"]
        """,
    "closed.py": """
        def allow_access(environ, host):
            return False
        """,
    "handler.py": """
        def handle_request(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"handled"]
        """,
    "service.py": """
        import time
        while True:
            time.sleep(1)
        """,
    "www/page.txt": "a page\n",
    "more.conf": "RedirectMatch 410 ^/included\n",
    "rewrite.conf": "RewriteEngine On\nRewriteRule ^/old /new [PT]\n",
    "envvars": "export SITE=test\n",
}


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        names = CASES if metafunc.config.option.everywhere else DEFAULT
        metafunc.parametrize("case", [pytest.param(CASES[name], id=name) for name in names])


@pytest.fixture(scope="module")
def express():
    """The program."""
    try:
        return pythons.at(str(env.DEFAULT_PYTHON)).express_venv() / "bin" / "mod_wsgi-express"
    except pythons.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site.test",
                    "-keyout", folder / "site.key", "-out", folder / "site.crt"], check=True, capture_output=True)
    return folder


@pytest.fixture
def root(certificate):
    """A directory that every user may enter, with the files of the cases."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="wsgi-express-", dir="/tmp"))
    root.chmod(0o755)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(line.removeprefix("        ") for line in text.split("\n")))
    shutil.copy(root / "app.wsgi", root / "site_app.py")
    for name in ("lib", "more", "eggs", "logs", "run"):
        (root / name).mkdir()
    for path in certificate.iterdir():
        shutil.copy(path, root)
    env.give_to_httpd(root / "eggs")
    yield root
    shutil.rmtree(root, ignore_errors=True)


class Generated:
    """A server that mod_wsgi-express has set up."""

    def __init__(self, express, module, root, case):
        self.root, self.folder, self.port = root, root / "server", env.free_port()
        self.marker = uuid.uuid4().hex
        self.pid = None
        values = {"ROOT": root, "PORT2": env.free_port(), "USER": env.httpd_user()}
        words = subprocess.run(["sh", "-c", f"printf '%s\\n' {self._filled(case.target + ' ' + case.options, values)}"],
                               capture_output=True, text=True, check=True).stdout.split("\n")
        user = ["--user", env.httpd_user(), "--group", env.httpd_user()] if env.is_root() else []
        self._run(express, "setup-server", *filter(None, words), *user, "--port", str(self.port), "--server-root",
                  self.folder)
        config = self.folder / "httpd.conf"
        lines = [f"LoadModule wsgi_module '{module}'" if line.startswith("LoadModule wsgi_module") else line
                 for line in config.read_text().split("\n")]
        config.write_text("\n".join(lines))

    @staticmethod
    def _filled(text, values):
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        return text

    def _run(self, *command, allowed=(0,)) -> str:
        done = subprocess.run([str(word) for word in command], cwd=self.root, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self._environment())
        assert done.returncode in allowed, f"{command} ended with {done.returncode}:\n{done.stdout}\n{self.log()}"
        return done.stdout

    def _environment(self):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/", env.MARKER: self.marker}

    def control(self, word: str) -> str:
        return self._run(self.folder / "apachectl", word)

    def start(self):
        self.control("start")
        files = [self.folder / "httpd.pid", self.root / "other.pid"]
        until(lambda: any(path.exists() and path.read_text().strip() for path in files), "the PidFile")
        self.pid = int(next(path for path in files if path.exists()).read_text())

    def get(self, case) -> client.Response:
        with client.Connection(self.port) as connection:
            return connection.request("GET", case.path, list(case.headers), close=True)

    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for folder in (self.folder, self.root / "logs")
                         for path in folder.glob("*err*") if path.is_file())

    def processes(self):
        return processes.of_server(self.marker, self.root, self.pid)

    def end(self):
        for one in self.processes():
            os.kill(one.pid, signal.SIGKILL)


def test_generated_server_runs(case, express, platform, root):
    server = Generated(express, platform.module, root, case)
    try:
        server.control("configtest")
        server.start()
        for _ in range(5):
            answer = server.get(case)
            assert answer.status == case.status, f"{answer.status} {answer.body[:300]}\n{server.log()}"
            assert case.body is None or answer.body == case.body
        server.control("stop")
        until(lambda: not server.processes(), "all processes to end")
    finally:
        server.end()


def test_there_are_enough_combinations():
    print(f"{len(CASES)} combinations, {len(DEFAULT)} by default", file=sys.stderr)
    assert len(CASES) >= 60
    assert len({case.options + case.target for case in CASES.values()}) >= 60
