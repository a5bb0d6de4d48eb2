"""Debian's own /etc/apache2, copied as it is, with a site that a2ensite enables: what `apache2ctl configtest` finds in it."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

import pytest

import env
import processes
from polling import STOP, until

DEBIAN = pathlib.Path("/etc/apache2")
SBIN = pathlib.Path("/usr/sbin")
USER = "daemon"

pytestmark = pytest.mark.skipif(
    not (env.is_root() and (DEBIAN / "mods-available").is_dir() and (SBIN / "a2ensite").exists()),
    reason="not root on a Debian with apache2")

#: A site as the README has it.
SITE = f"""
<VirtualHost *:80>
    ServerName site.test
    WSGIDaemonProcess site user={USER} home=@SITE@ processes=2 threads=5 python-home=@SITE@/venv
    WSGIScriptAlias / @SITE@/site.wsgi process-group=site application-group=%{{GLOBAL}}
    Alias /static @SITE@/static
    <Directory @SITE@>
        Require all granted
    </Directory>
    ErrorLog ${{APACHE_LOG_DIR}}/site-error.log
    CustomLog ${{APACHE_LOG_DIR}}/site-access.log combined
</VirtualHost>
"""

_FINDING = re.compile(r"^(WSGI\d{4}): (?:(\S+):(\d+): )?(.*)$", re.M)


class Machine:
    """A copy of /etc/apache2 and a directory with a site."""

    def __init__(self, root: pathlib.Path, module: pathlib.Path):
        self.root, self.site, self.etc = root, root / "srv" / "site", root / "etc" / "apache2"
        shutil.copytree(DEBIAN, self.etc, symlinks=True)
        for name in ("run", "lock", "log", "state"):
            (root / name).mkdir()
        with (self.etc / "envvars").open("a") as file:
            file.write(f"export APACHE_RUN_DIR={root}/run APACHE_LOCK_DIR={root}/lock APACHE_LOG_DIR={root}/log\n"
                       f"export APACHE_PID_FILE={root}/run/apache2.pid\n")
        # What this machine has enabled besides is not the subject.
        for name in (self.etc / "mods-enabled").glob("wsgi.*"):
            name.unlink()
        available = self.etc / "mods-available"
        text = (env.REPOSITORY / "conf" / "wsgi.load").read_text()
        (available / "wsgi.load").write_text(text.replace("@MODULES@", str(module.parent)))
        shutil.copy(env.REPOSITORY / "conf" / "wsgi.conf", available)
        (self.site / "static").mkdir(parents=True)
        (self.site / "site.wsgi").write_text((env.APPS / "hello" / "app.wsgi").read_text())
        self.run("a2enmod", "-q", "wsgi")

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "APACHE_CONFDIR": str(self.etc),
                "APACHE_STATE_DIRECTORY": str(self.root / "state"), "APACHE_STARTED_BY_SYSTEMD": "1"}

    def start(self) -> subprocess.Popen:
        """Starts httpd; since Debian 14 it stays in the foreground."""
        return subprocess.Popen([SBIN / "apache2ctl", "start"], env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def run(self, tool: str, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run([SBIN / tool, *words], env=self.environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        assert not check or done.returncode == 0, done.stdout
        return done

    def enable(self, text: str, name: str = "site") -> None:
        (self.etc / "sites-available" / f"{name}.conf").write_text(text.replace("@SITE@", str(self.site)))
        self.run("a2ensite", "-q", name)

    def configtest(self) -> tuple[int, list[tuple[str, str]], str]:
        """The exit status, (id, text) of the findings, and all that was printed."""
        done = self.run("apache2ctl", "configtest", check=False)
        found = [(match[1], match[4]) for match in _FINDING.finditer(done.stdout)]
        return done.returncode, found, done.stdout


@pytest.fixture
def machine(pytestconfig):
    with tempfile.TemporaryDirectory(prefix="wsgi-debian-", dir="/tmp") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        machine = Machine(root, pytestconfig.option.module)
        subprocess.run([env.DEFAULT_PYTHON, "-m", "venv", "--without-pip", machine.site / "venv"], check=True)
        yield machine


def without_grant(text):
    return re.sub(r" *<Directory.*?</Directory>\n", "", text, flags=re.S)


#: name: (the site's file as it was written, what was done to the files, id of the finding, its words, exit status)
MISTAKES = {
    "no Require": (without_grant, None, "WSGI1008", "Require all granted", 0),
    "a typo in <Directory>": (lambda text: text.replace("<Directory @SITE@>", "<Directory @SITE@e>"), None, "WSGI1008",
                              "AH01630", 0),
    "<Directory> of another directory": (lambda text: text.replace("<Directory @SITE@>", "<Directory @SITE@/static>"), None,
                                         "WSGI1008", "Require all granted", 0),
    "a home of its user alone": (None, f"chown {USER} @SITE@; chmod 0700 @SITE@", "WSGI0105", "chmod o+x", 0),
    "a script of root": (None, "chmod 0600 @SITE@/site.wsgi", "WSGI0105", "may not read", 0),
    "a script that is not there": (lambda text: text.replace("site.wsgi", "wsgi.py"), None, "WSGI0135", "does not exist", 0),
    "a script of a relative path": (lambda text: text.replace("/ @SITE@/site.wsgi", "/ site.wsgi"), None, "WSGI0135",
                                    "relative", 0),
    "a user that does not exist": (lambda text: text.replace(f"user={USER}", "user=siet"), None, "WSGI1005", "'siet'", 1),
    "a group that does not exist": (lambda text: text.replace(" home=", " group=siet home="), None, "WSGI1005", "'siet'", 1),
    "a home that does not exist": (lambda text: text.replace("home=@SITE@ ", "home=@SITE@/absent "), None, "WSGI1006",
                                   "does not exist", 1),
    "a system user without a home": (lambda text: text.replace(f"user={USER} home=@SITE@", "user=nobody"), None, "WSGI1006",
                                     "'/nonexistent'", 1),
    "a virtual environment that is not there": (lambda text: text.replace("/venv", "/env"), None, "WSGI1003",
                                                "@SITE@/env", 1),
    "python-home inside of it": (lambda text: text.replace("/venv", "/venv/bin"), None, "WSGI1002", "Did you mean @SITE@/venv",
                                 1),
    "python-home that is no environment": (lambda text: text.replace("/venv", ""), None, "WSGI1002", "pyvenv.cfg", 1),
    "an old virtual environment": (None, "sed -i 's/^version.*/version=3.9.2/' @SITE@/venv/pyvenv.cfg", "WSGI1001",
                                   "Python 3.9.2", 1),
    "an environment of a Python that has gone": (None, "ln -sf /usr/bin/python3.9 @SITE@/venv/bin/python3", "WSGI1003",
                                                 "no longer exists", 1),
    "an environment that the user may not enter": (None, "chmod 0700 @SITE@/venv", "WSGI1003", f"user '{USER}'", 1),
    "packages that the user may not read": (None, "chmod -R go-rwx @SITE@/venv/lib/python3/site-packages", "WSGI1033",
                                            "site-packages", 0),
    "a path that is not there": (lambda text: text.replace("python-home", "python-path=@SITE@/src python-home"), None,
                                 "WSGI1033", "@SITE@/src", 0),
    "no process group named": (lambda text: text.replace(" process-group=site application-group=%{GLOBAL}", ""), None,
                               "WSGI1004", "process-group=site", 0),
    "a process group of another name": (
        lambda text: text.replace(" process-group=site application-group=%{GLOBAL}\n",
                                  "\n    WSGIProcessGroup sites\n"), None, "WSGI0150", "did you mean 'site'?", 0),
    "Alias / as in other servers": (lambda text: text.replace("Alias /static @SITE@/static", "Alias / /var/www/html/"), None,
                                    "WSGI1081", "Alias /", 0),
    "the module of pip besides": (
        lambda text: "LoadModule wsgi_module /opt/mod_wsgi-py311.so\n" + text, None, "WSGI1031", "a2dismod wsgi", 0),
    "no directory for sockets": (lambda text: "WSGISocketPrefix /absent/wsgi\n" + text, None, "WSGI1007", "/absent", 1),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_of_the_first_hour(machine, name):
    edit, command, tag, words, status = MISTAKES[name]
    machine.enable(edit(SITE) if edit else SITE)
    if command:
        # The directory that holds site-packages has the version in its name.
        (machine.site / "venv" / "lib" / "python3").symlink_to(next((machine.site / "venv" / "lib").glob("python3.*")).name)
        subprocess.run(command.replace("@SITE@", str(machine.site)), shell=True, check=True)
    code, found, output = machine.configtest()
    assert (code, [one[0] for one in found]) == (status, [tag]), output
    assert words.replace("@SITE@", str(machine.site)) in found[0][1], output
    assert ("Syntax OK" in output) is (status == 0)


def test_virtual_environment_in_the_home_of_root(machine):
    if os.stat("/root").st_mode & 0o001:
        pytest.skip("/root is open for everybody")
    with tempfile.TemporaryDirectory(dir="/root") as folder:
        subprocess.run([env.DEFAULT_PYTHON, "-m", "venv", "--without-pip", folder], check=True)
        machine.enable(SITE.replace("@SITE@/venv", folder))
        code, found, output = machine.configtest()
    assert (code, [one[0] for one in found]) == (1, ["WSGI1003"]), output
    assert "may not enter '/root'" in output


@pytest.mark.parametrize("edit, words", [
    (lambda text: text.replace("process-group=site", "process-group=sites"), "did you mean 'site'?"),
    (lambda text: text.replace("threads=5", "thread=5"), "did you mean threads=?"),
    (lambda text: text.replace("threads=5", "request-timeout=1m"), "Write 1min."),
    (lambda text: text.replace("/venv", "/venv/bin/python3"), "Write @SITE@/venv, "),
    (lambda text: text + text.replace("threads=5", "threads=6"), "threads"),
])
def test_mistake_that_is_refused(machine, edit, words):
    machine.enable(edit(SITE))
    code, _, output = machine.configtest()
    assert code == 1 and words.replace("@SITE@", str(machine.site)) in output, output


HEALTHY = {
    "as in the README": SITE,
    "copied by certbot": SITE + SITE.replace("*:80", "*:443"),
    "embedded": SITE.replace("python-home=@SITE@/venv", "").replace("WSGIDaemonProcess", "#")
                    .replace("process-group=site", "process-group=%{GLOBAL}"),
    "below /var/www, which Debian has opened": SITE.replace("@SITE@/site.wsgi", "/var/www/html/site.wsgi"),
    "opened by .htaccess": without_grant(SITE).replace(
        "ErrorLog", "<Directory @SITE@>\nAllowOverride AuthConfig\n</Directory>\nErrorLog"),
    "opened by <Location>": without_grant(SITE).replace("ErrorLog", "<Location />\nRequire all granted\n</Location>\nErrorLog"),
    "for some addresses": SITE.replace("all granted", "ip 10.0.0.0/8"),
    "with static files, cgi-bin and a proxy for other URLs": SITE.replace(
        "Alias /static", "ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/\n    ProxyPass /node http://127.0.0.1:1/\n    Alias /static"),
    "beside another application": SITE.replace(
        "    WSGIScriptAlias", "    WSGIScriptAlias /api @SITE@/site.wsgi process-group=site\n    WSGIScriptAlias"),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_site(machine, name):
    text = HEALTHY[name]
    if "/var/www" in text:
        if not os.path.isdir("/var/www/html"):
            pytest.skip("no /var/www/html")
        # Another directory that is opened in the same way: nothing is put into the machine's own.
        conf = machine.etc / "apache2.conf"
        conf.write_text(conf.read_text().replace("<Directory /var/www/>", f"<Directory {machine.root}/srv/>"))
        text = without_grant(SITE)
    if "proxy" in name:
        machine.run("a2enmod", "-q", "proxy", "proxy_http", "cgid")
    if "htaccess" in name:
        (machine.site / ".htaccess").write_text("Require all granted\n")
    machine.enable(text)
    code, found, output = machine.configtest()
    assert (code, found) == (0, []), output
    assert "Syntax OK" in output


def test_reload_of_what_cannot_run_is_refused(machine):
    """apache2ctl tests the configuration before it reloads: the site goes on as it was."""
    port = env.free_port()
    (machine.etc / "ports.conf").write_text(f"Listen 127.0.0.1:{port}\n")
    (machine.etc / "sites-enabled" / "000-default.conf").unlink(missing_ok=True)
    machine.enable(SITE.replace("*:80", f"*:{port}"))
    starter = machine.start()
    file = machine.root / "run" / "apache2.pid"
    pid = int(until(lambda: file.exists() and file.read_text(), "the PidFile"))
    try:
        def status():
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).status
            except urllib.error.HTTPError as answer:
                return answer.code
            except OSError:
                return 0

        until(lambda: status() == 200, "the site to answer")
        for text in (SITE.replace(f"user={USER}", "user=siet"), SITE.replace("/venv", "/env")):
            machine.enable(text.replace("*:80", f"*:{port}"))
            done = machine.run("apache2ctl", "graceful", check=False)
            assert done.returncode == 1 and "WSGI100" in done.stdout, done.stdout
            assert status() == 200
        machine.enable(SITE.replace("*:80", f"*:{port}"))
        machine.run("apache2ctl", "graceful")
        assert status() == 200
    finally:
        machine.run("apache2ctl", "stop")
        starter.wait(STOP)
        until(lambda: (found := processes.process(pid)) is None or found.state in "ZX", "httpd to end", timeout=STOP)
