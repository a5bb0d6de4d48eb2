"""Each mistake of the first hour is found by `httpd -t`, with the line to change and what to write there."""

import pathlib
import shutil
import subprocess
import tempfile

import pytest

import env
import findings
import httpd_config

GRANT = "<Directory @ROOT@/site>\nRequire all granted\n</Directory>\n"


def site(launch, text, *, name="app.wsgi", **values):
    """A server that is not started, with a script in a directory of its own; @SITE@ is that directory."""
    server = launch(start=False)
    (server.root / "site").mkdir()
    (server.root / "site" / name).write_text("def application(environ, start_response): pass\n")
    server.configure(GRANT + httpd_config.fill(text, values), SITE=server.root / "site")
    server.write_config()
    return server


def virtual_environment(server, name="venv") -> pathlib.Path:
    home = server.root / name
    subprocess.run([server.platform.python.executable, "-m", "venv", "--without-pip", home], check=True)
    return home


def root_only():
    if not env.is_root():
        pytest.skip("not started by root")


# Python

GROUP = "WSGIDaemonProcess site python-home=@HOME@\nWSGIScriptAlias / @SITE@/app.wsgi process-group=site\n"


def test_python_home_of_an_older_python(launch):
    server = site(launch, GROUP, HOME="@ROOT@/venv")
    (server.root / "venv" / "bin").mkdir(parents=True)
    (server.root / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.2\n")
    server.reconfigure(GRANT + GROUP, SITE=server.root / "site", HOME=server.root / "venv")
    findings.expect(server, "WSGI1001", "WSGIDaemonProcess site", f"python-home={server.root}/venv", "Python 3.9.2",
                    "pyvenv.cfg", f"python3 -m venv --clear {server.root}/venv", "503", error=True)


def test_python_that_is_older_by_its_name(launch):
    server = site(launch, "")
    python = server.root / "site" / "python3.8"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    server.configure(GROUP.replace("python-home=@HOME@", "python=@SITE@/python3.8"), SITE=server.root / "site")
    findings.expect(server, "WSGI1001", "WSGIDaemonProcess site", "Python 3.8", "3.11 or later", error=True)


def test_free_threaded_python_is_not_taken_for_an_old_one(launch):
    server = site(launch, "")
    python = server.root / "site" / "python3.13t"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    server.configure(GROUP.replace("python-home=@HOME@", "python=@SITE@/python3.13t"), SITE=server.root / "site")
    assert findings.of(server) == []


def untested_python(server) -> pathlib.Path:
    """A virtual environment whose Python says by its names that it is 3.99; it is the default one."""
    home = server.root / "venv"
    (home / "bin").mkdir(parents=True)
    (home / "pyvenv.cfg").write_text(f"home = {env.DEFAULT_PYTHON.resolve().parent}\nversion = 3.99.1\n")
    shutil.copy(env.DEFAULT_PYTHON.resolve(), home / "bin" / "python3.99")
    (home / "bin" / "python").symlink_to("python3.99")
    return home


@pytest.mark.parametrize("text, directive", [
    (GROUP, "WSGIDaemonProcess site"),
    (GROUP + "WSGIDaemonProcess other python-home=@HOME@\nWSGIScriptAlias /2 @SITE@/app.wsgi process-group=other\n",
     "WSGIDaemonProcess site"),
    ("WSGIPythonHome @HOME@\nWSGIScriptAlias / @SITE@/app.wsgi\n", "WSGIPythonHome"),
])
def test_python_that_is_newer_than_the_tested_ones(launch, text, directive):
    server = site(launch, "")
    server.configure(GRANT + text, SITE=server.root / "site", HOME=untested_python(server))
    findings.expect(server, "WSGI1370", directive, "Python 3.99", "tested with (3.11 to 3.15)", "WSGIPerInterpreterGIL")


def test_python_that_is_newer_than_the_tested_ones_serves(launch):
    server = site(launch, "")
    (server.root / "site" / "app.wsgi").write_text(
        "import sys\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [sys.executable.encode()]\n")
    home = untested_python(server)
    server.configure(GRANT + GROUP.replace("\n", " processes=2\n", 1), SITE=server.root / "site", HOME=home)
    server.start()
    assert server.get("/").text == str(home / "bin" / "python")
    server.log.wait_for(r"\[wsgi:notice\].* WSGI1370: .*Python 3\.99")
    assert server.log.text().count("WSGI1370") == 1


@pytest.mark.parametrize("inside", ["lib/python3", "bin"])
def test_python_home_inside_the_environment(launch, inside):
    server = site(launch, "")
    home = virtual_environment(server)
    (home / inside).mkdir(exist_ok=True, parents=True)
    server.configure(GROUP, SITE=server.root / "site", HOME=home / inside)
    findings.expect(server, "WSGI1002", "WSGIDaemonProcess site", f"Did you mean {home}", "pyvenv.cfg", error=True)


def test_python_home_that_is_the_executable_is_refused(launch):
    done = site(launch, GROUP, HOME="/srv/venv/bin/python").test_config()
    assert done.returncode != 0 and "option 'python-home'" in done.stdout and "Write /srv/venv, " in done.stdout


def test_environment_whose_python_is_gone(launch):
    server = site(launch, "")
    home = virtual_environment(server)
    for link in (home / "bin").glob("python*"):
        link.unlink()
    (home / "bin" / "python").symlink_to("/usr/bin/python3.10-that-was-removed")
    server.configure(GROUP, SITE=server.root / "site", HOME=home)
    findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", "no longer there", f"python3 -m venv --clear {home}", error=True)


def test_environment_of_another_version_than_its_python(launch):
    server = site(launch, "")
    home = virtual_environment(server)
    text = (home / "pyvenv.cfg").read_text()
    made = next(line for line in text.splitlines() if line.startswith("version"))
    (home / "pyvenv.cfg").write_text(text.replace(made, "version = 3.19.1"))
    server.configure(GROUP, SITE=server.root / "site", HOME=home)
    findings.expect(server, "WSGI1032", "WSGIDaemonProcess site", "made with Python 3.19.1",
                    f"python3 -m venv --clear {home}")


def test_python_home_of_the_whole_server(launch):
    server = site(launch, "WSGIPythonHome /nonexistent\nWSGIDaemonProcess one\nWSGIDaemonProcess two\n"
                          "WSGIScriptAlias /1 @SITE@/app.wsgi process-group=one\n"
                          "WSGIScriptAlias /2 @SITE@/app.wsgi process-group=two\n")
    found = findings.of(server, errors=2)
    assert {one[:2] for one in found} == {("WSGI1003", server.line_of("WSGIPythonHome"))}, found
    assert "WSGIPythonHome /nonexistent" in found[0][2]


def test_python_of_embedded_mode(launch):
    server = site(launch, "WSGIPythonHome /nonexistent\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    findings.expect(server, "WSGI1003", "WSGIPythonHome", "Embedded", "500")


def closed_environment(launch, *, mode_of="", mode=0o700, more="user=@OTHER@ home=/"):
    """A server with a group of another user, and a directory of its virtual environment that root has closed."""
    root_only()
    server = site(launch, "")
    home = virtual_environment(server)
    if mode_of:
        (path,) = home.parent.glob(f"{home.name}{mode_of}")
        path.chmod(mode)
    server.configure(GROUP.replace("\n", f" {more}\n", 1), SITE=server.root / "site", HOME=home)
    return server, home


def test_environment_that_the_user_may_not_enter(launch):
    server, home = closed_environment(launch, mode_of="/")
    findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", f"user '{env.other_user()}' of process group 'site'",
                    f"may not enter '{home}' (mode 0700, owner root:root)", "503", error=True)


def test_environment_in_the_home_of_root(launch):
    root_only()
    if pathlib.Path("/root").stat().st_mode & 0o001:
        pytest.skip("/root is open for everybody")
    server = site(launch, "")
    with tempfile.TemporaryDirectory(dir="/root") as folder:
        subprocess.run([server.platform.python.executable, "-m", "venv", "--without-pip", folder], check=True)
        server.configure(GROUP.replace("\n", " user=@OTHER@ home=/\n", 1), SITE=server.root / "site", HOME=folder)
        text = findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", "may not enter '/root'", "below /srv", "503",
                               error=True)
        assert "chmod" not in text


def test_environment_of_a_python_that_the_user_may_not_reach(launch):
    # As pyenv and uv install them for root: the environment is open, and what its bin/python leads to is not.
    root_only()
    server = site(launch, "")
    home, closed = virtual_environment(server), server.root / "closed"
    closed.mkdir(mode=0o700)
    python = (home / "bin" / "python3").resolve()
    (closed / python.name).write_bytes(b"#!/bin/sh\n")
    (closed / python.name).chmod(0o755)
    for link in (home / "bin").glob("python*"):
        link.unlink()
    (home / "bin" / "python").symlink_to(closed / python.name)
    server.configure(GROUP.replace("\n", " user=@OTHER@ home=/\n", 1), SITE=server.root / "site", HOME=home)
    findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", f"'{home}/bin/python' cannot be run",
                    f"may not enter '{closed}'", error=True)


def test_python_that_the_user_may_not_execute(launch):
    root_only()
    server = site(launch, "")
    python = server.root / "site" / "python3.11"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o744)
    server.configure(GROUP.replace("python-home=@HOME@", "python=@SITE@/python3.11 user=@OTHER@ home=/"),
                     SITE=server.root / "site")
    findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", f"may not execute '{python}' (mode 0744", error=True)


@pytest.mark.parametrize("rights, verb", [(0o700, "enter"), (0o711, "list")])
def test_packages_that_the_user_may_not_find(launch, rights, verb):
    server, home = closed_environment(launch, mode_of="/lib/python3.*/site-packages", mode=rights)
    (packages,) = home.glob("lib/python3.*/site-packages")
    findings.expect(server, "WSGI1033", "WSGIDaemonProcess site", f"may not {verb} '{packages}'",
                    f"user '{env.other_user()}'", f"no package will be found in '{packages}'")


@pytest.mark.parametrize("name, rights", [("bottle.py", 0o600), ("django", 0o700)])
def test_package_that_the_user_may_not_read(launch, name, rights):
    server, home = closed_environment(launch)
    (packages,) = home.glob("lib/python3.*/site-packages")
    if name.endswith(".py"):
        (packages / name).write_text("")
    else:
        (packages / name).mkdir()
    (packages / name).chmod(rights)
    findings.expect(server, "WSGI1033", "WSGIDaemonProcess site", f"'{name}' in '{packages}' cannot be imported")


def test_environment_whose_settings_the_user_may_not_read(launch):
    server, home = closed_environment(launch, mode_of="/pyvenv.cfg", mode=0o600)
    findings.expect(server, "WSGI1033", "WSGIDaemonProcess site", f"may not read '{home}/pyvenv.cfg'")


def test_environment_of_embedded_mode_that_httpd_may_not_enter(launch):
    root_only()
    server = site(launch, "WSGIPythonHome @ROOT@/venv\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    home = virtual_environment(server)
    home.chmod(0o700)
    findings.expect(server, "WSGI1003", "WSGIPythonHome", f"httpd's user '{env.httpd_user()}' may not enter '{home}'", "500")
    home.chmod(0o755)
    (packages,) = home.glob("lib/python3.*/site-packages")
    packages.chmod(0o700)
    findings.expect(server, "WSGI1033", "WSGIPythonHome", f"no package will be found in '{packages}'")


def test_search_path_that_may_not_be_listed(launch):
    root_only()
    server = site(launch, GROUP.replace("\n", " python-path=@SITE@/lib user=@OTHER@ home=/\n", 1), HOME="@VENV@")
    (server.root / "site" / "lib").mkdir()
    (server.root / "site" / "lib").chmod(0o711)
    findings.expect(server, "WSGI1033", "WSGIDaemonProcess site", f"may not list '{server.root}/site/lib'")


def test_search_path_that_does_not_exist(launch):
    server = site(launch, GROUP.replace("\n", " python-path=@SITE@:@SITE@/lib\n", 1), HOME="@VENV@")
    findings.expect(server, "WSGI1033", "WSGIDaemonProcess site", f"python-path={server.root}/site/lib",
                    "does not exist")


def test_search_path_of_embedded_mode_that_does_not_exist(launch):
    server = site(launch, "WSGIPythonPath @SITE@/lib\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    findings.expect(server, "WSGI1033", "WSGIPythonPath", "does not exist")


# Accounts and directories

DAEMON = "WSGIDaemonProcess site python-home=@VENV@ @MORE@\nWSGIScriptAlias / @SITE@/app.wsgi process-group=site\n"


@pytest.mark.parametrize("option, tool", [("user", "adduser"), ("group", "addgroup")])
def test_account_that_does_not_exist(launch, option, tool):
    server = site(launch, DAEMON, MORE=f"{option}=no-such-{option}")
    findings.expect(server, "WSGI1005", "WSGIDaemonProcess site", f"no {option} 'no-such-{option}'", tool, error=True)


@pytest.mark.parametrize("option", ["supplementary-groups", "script-user", "script-group", "socket-user"])
def test_account_of_another_option_that_does_not_exist(launch, option):
    root_only()
    server = site(launch, DAEMON, MORE=f"{option}=nobody-has-this-name")
    findings.expect(server, "WSGI1005", "WSGIDaemonProcess site", f"({option}=)", error=True)


def test_service_without_a_script(launch):
    server = site(launch, DAEMON + "WSGIDaemonProcess service python-home=@VENV@ threads=0\n", MORE="")
    findings.expect(server, "WSGI1071", "WSGIDaemonProcess service", "WSGIImportScript", "503", error=True)
    server.configure("WSGIImportScript @SITE@/app.wsgi process-group=service application-group=%{GLOBAL}",
                     SITE=server.root / "site")
    assert findings.of(server) == []


def test_every_finding_is_told_before_the_test_fails(launch):
    server = site(launch, """
        WSGIDaemonProcess one python-home=@VENV@ user=no-such-user
        WSGIDaemonProcess two python-home=/nonexistent
        WSGIScriptAlias /1 @SITE@/app.wsgi process-group=one
        WSGIScriptAlias /2 @SITE@/absent.wsgi process-group=two""")
    found = findings.of(server, errors=2)
    assert sorted(one[0] for one in found) == ["WSGI0135", "WSGI1003", "WSGI1005"], found
    lines = [line for line in server.test_config().stdout.splitlines() if line]
    last = max(index for index, line in enumerate(lines) if line.startswith("WSGI"))
    assert lines[last + 1].startswith("2 findings of mod_wsgi are errors: ")


def test_a_dump_is_printed_and_does_not_fail(launch):
    server = site(launch, DAEMON, MORE="user=no-such-user")
    server.write_config()
    for define in ("DUMP_WSGI", "DUMP_VHOSTS", "DUMP_MODULES", "DUMP_RUN_CFG"):
        done = server._run("-t", "-D", define)
        assert done.returncode == 0, done.stdout
        assert define != "DUMP_WSGI" or "Process group 'site'" in done.stdout and "WSGI1005" in done.stdout


def test_an_ordinary_user_is_told_of_accounts_only(launch):
    """Others do not see what root will see; whether an account exists they know."""
    root_only()
    server = site(launch, DAEMON, MORE="@MORE@")
    for more, code in (("env-file=@ROOT@/secret.env", 0), ("home=@ROOT@/absent", 0), ("user=no-such-user", 1)):
        server.reconfigure(GRANT + DAEMON, MORE=more.replace("@ROOT@", str(server.root)), SITE=server.root / "site")
        (server.root / "secret.env").write_text("A=1\n")
        (server.root / "secret.env").chmod(0o600)
        done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", env.httpd(), "-t", "-f",
                               server.config_file], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == code, done.stdout


def test_a_start_tolerates_what_the_test_refuses(launch):
    server = site(launch, DAEMON, MORE="user=no-such-user")
    findings.expect(server, "WSGI1005", "WSGIDaemonProcess site", error=True)
    server.log.expect("WSGI1005", "WSGI0117")
    server.start(wait=False)
    server.wait_answering()
    assert server.get("/").status == 503
    server.graceful()
    server.wait_answering()
    assert server.is_alive()


def test_home_that_does_not_exist(launch):
    server = site(launch, DAEMON, MORE="home=@SITE@/absent/deeper")
    findings.expect(server, "WSGI1006", "WSGIDaemonProcess site", f"'{server.root}/site/absent' does not exist",
                    "home=", "503", error=True)


def test_home_that_is_a_file(launch):
    server = site(launch, DAEMON, MORE="home=@SITE@/app.wsgi")
    findings.expect(server, "WSGI1006", "WSGIDaemonProcess site", "is not a directory", error=True)


def test_home_that_the_user_may_not_enter(launch):
    root_only()
    server = site(launch, DAEMON, MORE="user=@OTHER@ home=@SITE@/closed/home")
    (server.root / "site" / "closed" / "home").mkdir(parents=True)
    (server.root / "site" / "closed").chmod(0o700)
    findings.expect(server, "WSGI1006", "WSGIDaemonProcess site",
                    f"may not enter '{server.root}/site/closed' (mode 0700, owner root:root)",
                    f"chmod o+x {server.root}/site/closed", f"user '{env.other_user()}'", error=True)


def test_socket_directory_that_does_not_exist(launch):
    server = site(launch, "WSGISocketPrefix @ROOT@/absent/wsgi\n" + DAEMON, MORE="")
    findings.expect(server, "WSGI1007", "WSGISocketPrefix /tmp",
                    f"'{server.root}/absent/'", "WSGISocketPrefix /run/apache2/wsgi", error=True)


def test_socket_directory_that_httpd_may_not_enter(launch):
    root_only()
    server = site(launch, "WSGISocketPrefix @ROOT@/closed/wsgi\n" + DAEMON, MORE="")
    (server.root / "closed").mkdir(mode=0o700)
    findings.expect(server, "WSGI0117", f"WSGISocketPrefix {server.root}/closed", f"'{server.root}/closed",
                    "mode 0700", "chmod o+x", "WSGISocketPrefix /run/apache2/wsgi", error=True)


# Scripts

def test_script_that_does_not_exist(launch):
    server = site(launch, "WSGIScriptAlias / @SITE@/other.wsgi process-group=%{GLOBAL}\n")
    findings.expect(server, "WSGI0135", "WSGIScriptAlias", f"'{server.root}/site/other.wsgi' does not exist")


def test_directory_of_scripts_that_does_not_exist(launch):
    server = site(launch, "WSGIScriptAlias / @SITE@/absent/deeper/ process-group=%{GLOBAL}\n")
    findings.expect(server, "WSGI0135", "WSGIScriptAlias", f"there is no '{server.root}/site/absent'")


def test_script_in_a_directory_that_httpd_may_not_enter(launch):
    root_only()
    server = site(launch, "WSGIScriptAlias / @SITE@/app.wsgi process-group=%{GLOBAL}\n")
    (server.root / "site").chmod(0o750)
    findings.expect(server, "WSGI0105", "WSGIScriptAlias", f"httpd's user '{env.httpd_user()}' may not enter",
                    f"'{server.root}/site' (mode 0750, owner root:root)", f"chmod o+x {server.root}/site")


def test_script_that_the_group_may_not_read(launch):
    root_only()
    server = site(launch, DAEMON, MORE="user=@OTHER@ home=/")
    script = server.root / "site" / "app.wsgi"
    script.chmod(0o640)
    findings.expect(server, "WSGI0105", "WSGIScriptAlias", f"user '{env.other_user()}' of process group 'site'",
                    f"may not read '{script}' (mode 0640, owner root:root)", f"chmod o+r {script}")


def test_script_of_embedded_mode_that_httpd_may_not_read(launch):
    root_only()
    server = site(launch, "WSGIScriptAlias / @SITE@/app.wsgi process-group=%{GLOBAL}\n")
    (server.root / "site" / "app.wsgi").chmod(0o600)
    findings.expect(server, "WSGI0105", "WSGIScriptAlias", "httpd's user", "chmod o+r")


def test_script_that_only_the_group_must_read(launch):
    root_only()
    server = site(launch, DAEMON, MORE="user=@OTHER@ home=/")
    script = server.root / "site" / "app.wsgi"
    script.chmod(0o600)
    subprocess.run(["chown", env.other_user(), script], check=True)
    assert findings.of(server) == []


def test_import_script_that_does_not_exist(launch):
    server = site(launch, DAEMON + "WSGIImportScript @SITE@/warm.py process-group=site application-group=%{GLOBAL}\n",
                  MORE="")
    findings.expect(server, "WSGI0135", "WSGIImportScript", f"'{server.root}/site/warm.py' does not exist")


@pytest.mark.parametrize("directive", ["WSGIAccessScript", "WSGIAuthUserScript", "WSGIAuthGroupScript"])
def test_access_script_that_does_not_exist(launch, directive):
    server = site(launch, DAEMON + f"<Location />\n{directive} @SITE@/auth.py\n</Location>\n", MORE="")
    findings.expect(server, "WSGI0135", directive, f"'{server.root}/site/auth.py' does not exist")


# Requests that do not arrive

def test_directory_that_nothing_opens(launch):
    server = launch(start=False)
    (server.root / "site").mkdir()
    (server.root / "site" / "app.wsgi").write_text("application = None\n")
    server.configure("WSGIScriptAlias / @ROOT@/site/app.wsgi process-group=%{GLOBAL}")
    found = findings.of(server)
    assert [one[:2] for one in found] == [("WSGI1008", server.line_of("WSGIScriptAlias"))], found
    assert f"<Directory {server.root}/site> Require all granted </Directory>" in found[0][2]
    assert f"httpd.conf:{server.line_of('Require all denied')}" in found[0][2] and "403" in found[0][2]


CLOSED = "WSGIScriptAlias / @ROOT@/site/app.wsgi process-group=%{GLOBAL}\n"


@pytest.mark.parametrize("more, is_found", [
    ("", True),
    ("AccessFileName .htaccess\n", True),
    # The file is there, and is not read.
    ("AccessFileName .rules\n", True),
    ("<Directory @ROOT@/site>\nAllowOverride None\n</Directory>\n", True),
    ("AccessFileName .rules\n<Directory @ROOT@/site>\nAllowOverride AuthConfig\n</Directory>\n", False),
    ("AccessFileName .a .b\n<Directory @ROOT@/site>\nAllowOverride AuthConfig\n</Directory>\n", True),
    # A typo; sections for something else.
    ("<Directory @ROOT@/sitte>\nRequire all granted\n</Directory>\n", True),
    ("<Location />\nRequire all granted\n</Location>\n", False),
    ("<DirectoryMatch site>\nRequire all granted\n</DirectoryMatch>\n", False),
])
def test_directory_that_only_a_file_could_open(launch, more, is_found):
    server = launch(start=False)
    (server.root / "site").mkdir()
    (server.root / "site" / "app.wsgi").write_text("application = None\n")
    (server.root / "site" / ".rules").write_text("Require all granted\n")
    server.configure(CLOSED + more)
    assert [one[0] for one in findings.of(server)] == ["WSGI1008"] * is_found


# Applications that another directive hides

HIDDEN = [
    ("Alias / @ROOT@/htdocs/\n", "/"),
    ("Alias / @ROOT@/htdocs/\n", "/app"),
    ("Alias /app @ROOT@/htdocs\n", "/app"),
    ("Alias /app @ROOT@/htdocs\n", "/app/api"),
    ("ScriptAlias /app/ @ROOT@/htdocs/\n", "/app/api"),
    ("LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so\nProxyPass / http://127.0.0.1:1/\n", "/app"),
    ("WSGIScriptAlias / @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/app"),
    ("WSGIScriptAlias /app @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/app"),
]
PROXY = HIDDEN[5][0]
SEEN = [
    ("Alias /static @ROOT@/htdocs\nAlias /favicon.ico @ROOT@/htdocs/ready.txt\n", "/"),
    ("Alias /app @ROOT@/htdocs\n", "/apple"),
    ("Alias /app/static/ @ROOT@/htdocs/\n", "/app"),
    # /app itself still comes to the application.
    ("Alias /app/ @ROOT@/htdocs/\n", "/app"),
    ("AliasMatch ^/(.*)$ @ROOT@/htdocs/$1\n", "/app"),
    ("Redirect permanent /old http://example.com/\n", "/"),
    ("<Location /x>\nAlias @ROOT@/htdocs\n</Location>\n", "/"),
    ("<VirtualHost *:@PORT@>\nServerName other.test\nAlias / @ROOT@/htdocs/\n</VirtualHost>\n", "/"),
    (PROXY.replace("ProxyPass /", "ProxyPass /app !\nProxyPass /"), "/app"),
    (PROXY.replace("ProxyPass /", "ProxyPass /app/sub !\nProxyPass /"), "/app"),
    (PROXY.replace("ProxyPass /", "ProxyPassMatch ^/app !\nProxyPass /"), "/app"),
    (PROXY + "SetEnvIf Request_URI ^/app no-proxy\n", "/app"),
    (PROXY.replace("ProxyPass /", "ProxyPass /backend/"), "/"),
    ("WSGIScriptAlias /app/api @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/app"),
    ("WSGIScriptAliasMatch ^/x @SITE@/other.wsgi process-group=%{GLOBAL}\n", "/"),
    # The same twice.
    ("WSGIScriptAlias /app @SITE@/app.wsgi process-group=%{GLOBAL}\n", "/app"),
]


def hidden_site(launch, more, path):
    server = site(launch, "")
    (server.root / "site" / "other.wsgi").write_text("application = None\n")
    server.configure(f"{more}WSGIScriptAlias {path} @SITE@/app.wsgi process-group=%{{GLOBAL}}", SITE=server.root / "site")
    return server


@pytest.mark.parametrize("more, path", HIDDEN)
def test_application_that_is_hidden(launch, more, path):
    server = hidden_site(launch, more, path)
    server.write_config()
    other = more.splitlines()[-1].split(" ")
    found = findings.of(server)
    place = server.line_of(f"{path} {server.root}/site/app.wsgi")
    assert [one[:2] for one in found] == [("WSGI1081", place)], found
    assert other[0] in found[0][2] and f"httpd.conf:{server.line_of(' '.join(other[:2]) + ' ')}" in found[0][2], found


@pytest.mark.parametrize("more, path", SEEN)
def test_application_that_is_not_hidden(launch, more, path):
    assert findings.of(hidden_site(launch, more, path)) == []


def test_hidden_applications_are_hidden(launch):
    """The finding is true: what it says of the order is what httpd does."""
    server = site(launch, "Alias /one @ROOT@/htdocs/ready.txt\n"
                          "WSGIScriptAlias /one @SITE@/app.wsgi process-group=%{GLOBAL}\n")
    server.log.expect("WSGI1081")
    server.start()
    assert server.get("/one").body == b"ready\n"


def test_handler_that_takes_scripts(launch):
    server = site(launch, "AddHandler cgi-script .cgi .py\n"
                          "WSGIScriptAlias / @SITE@/app.py process-group=%{GLOBAL}\n", name="app.py")
    findings.expect(server, "WSGI1030", "WSGIScriptAlias", "cgi-script", ".wsgi",
                    f"httpd.conf:{server.line_of('AddHandler')}")


# Groups

def test_application_that_lacks_its_group(launch):
    server = site(launch, "WSGIDaemonProcess site python-home=@VENV@\n"
                          "<VirtualHost *:@PORT@>\nServerName one.test\nWSGIScriptAlias / @SITE@/app.wsgi\n</VirtualHost>\n")
    findings.expect(server, "WSGI1004", "WSGIScriptAlias", f"one.test:{server.port}", f"{server.root}/site/app.wsgi",
                    "process-group=site", "%{GLOBAL}")


def test_embedded_application_in_many_children(launch):
    server = site(launch, "WSGIScriptAlias / @SITE@/app.wsgi\n")
    assert findings.of(server) == []
    server.configure("ServerLimit 64\nMaxRequestWorkers 1024\nThreadLimit 16\nThreadsPerChild 16")
    findings.expect(server, "WSGI1004", "WSGIScriptAlias", "up to 64", "WSGIDaemonProcess")


def test_embedded_application_where_that_is_refused(launch):
    server = site(launch, "WSGIRestrictEmbedded On\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    findings.expect(server, "WSGI0143", "WSGIScriptAlias", "500", "WSGIRestrictEmbedded", "process-group=")


@pytest.mark.parametrize("where", ["{}", "<Directory @SITE@>\n{}\n</Directory>", "<Location /x>\n{}\n</Location>",
                                   "<VirtualHost *:@PORT@>\nServerName one.test\n{}\n</VirtualHost>"])
def test_group_that_is_not_defined(launch, where):
    server = site(launch, "WSGIDaemonProcess production python-home=@VENV@\n"
                          "WSGIScriptAlias /p @SITE@/app.wsgi process-group=production\n"
                          "WSGIScriptAlias / @SITE@/app.wsgi process-group=production\n"
                          + where.format("WSGIProcessGroup prodution"))
    findings.expect(server, "WSGI0150", "WSGIProcessGroup", "'prodution'", "did you mean 'production'?")


def test_group_of_another_host(launch):
    server = site(launch, """
        <VirtualHost *:@PORT@>
            ServerName one.test
            WSGIDaemonProcess one python-home=@VENV@
            WSGIScriptAlias / @SITE@/app.wsgi process-group=one
        </VirtualHost>
        <VirtualHost *:@PORT@>
            ServerName two.test
            WSGIProcessGroup one
            WSGIScriptAlias / @SITE@/app.wsgi
        </VirtualHost>""")
    findings.expect(server, "WSGI0152", "WSGIProcessGroup", "another virtual host",
                    f"httpd.conf:{server.line_of('WSGIDaemonProcess one')}", "ServerName")


@pytest.mark.parametrize("line, told", [
    ("WSGIApplicationGroup %{HOSTNAME}", "'%{HOSTNAME}' is taken as a name"),
    ("WSGIScriptAlias /v @SITE@/app.wsgi process-group=site application-group=%{ENV", "'%{ENV' is taken as a name"),
    ("WSGICallableObject %{ENV:OBJECT", "callable object '%{ENV:OBJECT' is taken as a name"),
    ("WSGIDaemonProcess shown python-home=@VENV@ display-name=site-%{GROUP}\nWSGIScriptAlias /d @SITE@/app.wsgi "
     "process-group=shown", "display-name 'site-%{GROUP}' is taken as a name, literally: the only variable is %{GROUP}, alone"),
])
def test_what_looks_like_a_variable_and_is_none(launch, line, told):
    server = site(launch, DAEMON + line + "\n", MORE="")
    findings.expect(server, "WSGI1034", " ".join(line.split()[:2]), told)


def test_group_that_nothing_uses(launch):
    server = site(launch, DAEMON + "WSGIDaemonProcess former python-home=@VENV@\n", MORE="")
    findings.expect(server, "WSGI1009", "WSGIDaemonProcess former", "'former'", "WSGIProcessGroup", "remove it")


def test_second_module(launch):
    server = site(launch, "LoadModule wsgi_module /opt/elsewhere/mod_wsgi.so\n")
    done = server.test_config()
    assert done.returncode == 0
    line = next(line for line in done.stdout.splitlines() if line.startswith("WSGI1031"))
    assert f"httpd.conf:{server.line_of('/opt/elsewhere')}: LoadModule" in line
    assert f"httpd.conf:{server.line_of('LoadModule wsgi_module')} has loaded" in line and "a2dismod" in line


# When httpd starts

def test_findings_are_logged_at_start(launch):
    server = site(launch, "WSGIDaemonProcess one python-home=@VENV@\nWSGIScriptAlias /x @SITE@/other.wsgi\n")
    where = "httpd.conf:%d: " % server.line_of("WSGIScriptAlias")
    server.log.expect("WSGI0135: .*" + where, "WSGI1004: .*" + where)
    server.start()


def test_what_fails_at_start_is_said_once(launch):
    server = site(launch, GROUP.replace("WSGIScriptAlias / ", "WSGIScriptAlias /x "), HOME="/nonexistent")
    server.log.expect("WSGI1003")
    server.start()
    assert len([line for line in server.log.lines() if "WSGI1003" in line]) == 1


# Interpreters

@pytest.mark.parametrize("pattern, options, is_found", [
    ("^/u/(.*)", "", True), ("^/u/[a-z]+", " process-group=%{GLOBAL}", True), ("^/u/x{2,}", "", True),
    ("^/u/(.*)", " application-group=%{GLOBAL}", False), ("^/u/(.*)", " application-group=one", False),
    ("^/(a|b)$", "", False), (r"^/a\+b", "", False), ("^/u/[*+]", "", False),
])
def test_interpreter_for_each_url(launch, pattern, options, is_found):
    server = site(launch, f"WSGIScriptAliasMatch {pattern} @SITE@/app.wsgi{options}\n")
    if is_found:
        findings.expect(server, "WSGI1035", "WSGIScriptAliasMatch", "an interpreter of its own", "application-group=%{GLOBAL}")
    else:
        assert findings.of(server) == []


def test_pattern_with_a_script_for_each_site_is_no_interpreter_for_each_url(launch):
    """Only files that are there get an interpreter."""
    assert findings.of(site(launch, "WSGIScriptAliasMatch ^/([a-z]+) @SITE@/$1.wsgi\n")) == []
