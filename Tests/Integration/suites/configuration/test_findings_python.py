"""Mistakes with Python and its environments, as `httpd -t` finds them."""

import pathlib
import shutil
import subprocess
import tempfile

import pytest

import env
import findings


# Python

def test_python_home_of_an_older_python(launch):
    server = findings.site(launch, findings.GROUP, HOME="@ROOT@/venv")
    (server.root / "venv" / "bin").mkdir(parents=True)
    (server.root / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.2\n")
    server.reconfigure(findings.GRANT + findings.GROUP, SITE=server.root / "site", HOME=server.root / "venv")
    findings.expect(server, "WSGI1001", "WSGIDaemonProcess site", f"python-home={server.root}/venv", "Python 3.9.2",
                    "pyvenv.cfg", f"python3 -m venv --clear {server.root}/venv", "503", error=True)


def site_with_python(launch, name):
    """A site whose Python has this name."""
    server = findings.site(launch, "")
    python = server.root / "site" / name
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    server.configure(findings.GROUP.replace("python-home=@HOME@", f"python={python}"), SITE=server.root / "site")
    return server


def test_python_that_is_older_by_its_name(launch):
    server = site_with_python(launch, "python3.8")
    findings.expect(server, "WSGI1001", "WSGIDaemonProcess site", "Python 3.8", "3.11 or later", error=True)


def test_free_threaded_python_is_not_taken_for_an_old_one(launch):
    assert findings.of(site_with_python(launch, "python3.13t")) == []


def untested_python(server) -> pathlib.Path:
    """A virtual environment whose Python says by its names that it is 3.99; it is the default one."""
    home = server.root / "venv"
    (home / "bin").mkdir(parents=True)
    (home / "pyvenv.cfg").write_text(f"home = {env.DEFAULT_PYTHON.resolve().parent}\nversion = 3.99.1\n")
    shutil.copy(env.DEFAULT_PYTHON.resolve(), home / "bin" / "python3.99")
    (home / "bin" / "python").symlink_to("python3.99")
    return home


@pytest.mark.parametrize("text, directive", [
    (findings.GROUP, "WSGIDaemonProcess site"),
    (findings.GROUP + "WSGIDaemonProcess other python-home=@HOME@\nWSGIScriptAlias /2 @SITE@/app.wsgi process-group=other\n",
     "WSGIDaemonProcess site"),
    ("WSGIPythonHome @HOME@\nWSGIScriptAlias / @SITE@/app.wsgi\n", "WSGIPythonHome"),
])
def test_python_that_is_newer_than_the_tested_ones(launch, text, directive):
    server = findings.site(launch, "")
    server.configure(findings.GRANT + text, SITE=server.root / "site", HOME=untested_python(server))
    findings.expect(server, "WSGI1370", directive, "Python 3.99", "tested with (3.11 to 3.15)", "WSGIPerInterpreterGIL")


def test_python_that_is_newer_than_the_tested_ones_serves(launch):
    server = findings.site(launch, "")
    (server.root / "site" / "app.wsgi").write_text(
        "import sys\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [sys.executable.encode()]\n")
    home = untested_python(server)
    server.configure(findings.GRANT + findings.GROUP.replace("\n", " processes=2\n", 1), SITE=server.root / "site", HOME=home)
    server.start()
    assert server.get("/").text == str(home / "bin" / "python")
    server.log.wait_for(r"\[wsgi:notice\].* WSGI1370: .*Python 3\.99")
    assert server.log.text().count("WSGI1370") == 1


@pytest.mark.parametrize("inside", ["lib/python3", "bin"])
def test_python_home_inside_the_environment(launch, inside):
    server = findings.site(launch, "")
    home = findings.virtual_environment(server)
    (home / inside).mkdir(exist_ok=True, parents=True)
    server.configure(findings.GROUP, SITE=server.root / "site", HOME=home / inside)
    findings.expect(server, "WSGI1002", "WSGIDaemonProcess site", f"Did you mean {home}", "pyvenv.cfg", error=True)


def test_python_home_that_is_the_executable_is_refused(launch):
    done = findings.site(launch, findings.GROUP, HOME="/srv/venv/bin/python").test_config()
    assert done.returncode != 0 and "option 'python-home'" in done.stdout and "Write /srv/venv, " in done.stdout


def test_environment_whose_python_is_gone(launch):
    server = findings.site(launch, "")
    home = findings.virtual_environment(server)
    for link in (home / "bin").glob("python*"):
        link.unlink()
    (home / "bin" / "python").symlink_to("/usr/bin/python3.10-that-was-removed")
    server.configure(findings.GROUP, SITE=server.root / "site", HOME=home)
    findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", "no longer exists", f"python3 -m venv --clear {home}", error=True)


def test_environment_of_another_version_than_its_python(launch):
    server = findings.site(launch, "")
    home = findings.virtual_environment(server)
    text = (home / "pyvenv.cfg").read_text()
    made = next(line for line in text.splitlines() if line.startswith("version"))
    (home / "pyvenv.cfg").write_text(text.replace(made, "version = 3.19.1"))
    server.configure(findings.GROUP, SITE=server.root / "site", HOME=home)
    findings.expect(server, "WSGI1032", "WSGIDaemonProcess site", "made with Python 3.19.1",
                    f"python3 -m venv --clear {home}")


def test_python_home_of_the_whole_server(launch):
    server = findings.site(launch, "WSGIPythonHome /nonexistent\nWSGIDaemonProcess one\nWSGIDaemonProcess two\n"
                          "WSGIScriptAlias /1 @SITE@/app.wsgi process-group=one\n"
                          "WSGIScriptAlias /2 @SITE@/app.wsgi process-group=two\n")
    found = findings.of(server, errors=2)
    assert {one[:2] for one in found} == {("WSGI1003", server.line_of("WSGIPythonHome"))}, found
    assert "WSGIPythonHome /nonexistent" in found[0][2]


def test_python_of_embedded_mode(launch):
    server = findings.site(launch, "WSGIPythonHome /nonexistent\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    findings.expect(server, "WSGI1003", "WSGIPythonHome", "Embedded", "500")


def closed_environment(launch, *, mode_of="", mode=0o700, more="user=@OTHER@ home=/"):
    """A server with a group of another user, and a directory of its virtual environment that root has closed."""
    findings.root_only()
    server = findings.site(launch, "")
    home = findings.virtual_environment(server)
    if mode_of:
        (path,) = home.parent.glob(f"{home.name}{mode_of}")
        path.chmod(mode)
    server.configure(findings.GROUP.replace("\n", f" {more}\n", 1), SITE=server.root / "site", HOME=home)
    return server, home


def test_environment_that_the_user_may_not_enter(launch):
    server, home = closed_environment(launch, mode_of="/")
    findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", f"user '{env.other_user()}' of process group 'site'",
                    f"may not enter '{home}' (mode 0700, owner root:root)", "503", error=True)


def test_environment_in_the_home_of_root(launch):
    findings.root_only()
    if pathlib.Path("/root").stat().st_mode & 0o001:
        pytest.skip("/root is open for everybody")
    server = findings.site(launch, "")
    with tempfile.TemporaryDirectory(dir="/root") as folder:
        subprocess.run([server.platform.python.executable, "-m", "venv", "--without-pip", folder], check=True)
        server.configure(findings.GROUP.replace("\n", " user=@OTHER@ home=/\n", 1), SITE=server.root / "site", HOME=folder)
        text = findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", "may not enter '/root'", "below /srv", "503",
                               error=True)
        assert "chmod" not in text


def test_environment_of_a_python_that_the_user_may_not_reach(launch):
    # As pyenv and uv install them for root: the environment is open, and what its bin/python leads to is not.
    findings.root_only()
    server = findings.site(launch, "")
    home, closed = findings.virtual_environment(server), server.root / "closed"
    closed.mkdir(mode=0o700)
    python = (home / "bin" / "python3").resolve()
    (closed / python.name).write_bytes(b"#!/bin/sh\n")
    (closed / python.name).chmod(0o755)
    for link in (home / "bin").glob("python*"):
        link.unlink()
    (home / "bin" / "python").symlink_to(closed / python.name)
    server.configure(findings.GROUP.replace("\n", " user=@OTHER@ home=/\n", 1), SITE=server.root / "site", HOME=home)
    findings.expect(server, "WSGI1003", "WSGIDaemonProcess site", f"'{home}/bin/python' cannot be run",
                    f"may not enter '{closed}'", error=True)


def test_python_that_the_user_may_not_execute(launch):
    findings.root_only()
    server = findings.site(launch, "")
    python = server.root / "site" / "python3.11"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o744)
    server.configure(findings.GROUP.replace("python-home=@HOME@", "python=@SITE@/python3.11 user=@OTHER@ home=/"),
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
    findings.root_only()
    server = findings.site(launch, "WSGIPythonHome @ROOT@/venv\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    home = findings.virtual_environment(server)
    home.chmod(0o700)
    findings.expect(server, "WSGI1003", "WSGIPythonHome", f"httpd's user '{env.httpd_user()}' may not enter '{home}'", "500")
    home.chmod(0o755)
    (packages,) = home.glob("lib/python3.*/site-packages")
    packages.chmod(0o700)
    findings.expect(server, "WSGI1033", "WSGIPythonHome", f"no package will be found in '{packages}'")


def test_search_path_that_may_not_be_listed(launch):
    findings.root_only()
    server = findings.site(launch, findings.GROUP.replace("\n", " python-path=@SITE@/lib user=@OTHER@ home=/\n", 1), HOME="@VENV@")
    (server.root / "site" / "lib").mkdir()
    (server.root / "site" / "lib").chmod(0o711)
    findings.expect(server, "WSGI1033", "WSGIDaemonProcess site", f"may not list '{server.root}/site/lib'")


def test_search_path_that_does_not_exist(launch):
    server = findings.site(launch, findings.GROUP.replace("\n", " python-path=@SITE@:@SITE@/lib\n", 1), HOME="@VENV@")
    findings.expect(server, "WSGI1033", "WSGIDaemonProcess site", f"python-path={server.root}/site/lib",
                    "does not exist")


def test_search_path_of_embedded_mode_that_does_not_exist(launch):
    server = findings.site(launch, "WSGIPythonPath @SITE@/lib\nWSGIScriptAlias / @SITE@/app.wsgi\n")
    findings.expect(server, "WSGI1033", "WSGIPythonPath", "does not exist")
