"""A group whose Python cannot run is reported, answers 503, and harms nobody else."""

import pathlib
import re
import subprocess

import pytest

CONFIG = """
WSGIDaemonProcess good python-home=@VENV@
WSGIDaemonProcess bad @OPTION@
WSGIScriptAlias /good @APPS@/hello/app.wsgi process-group=good
WSGIScriptAlias /bad @APPS@/hello/app.wsgi process-group=bad
"""


def empty_directory(server):
    (server.root / "nothing").mkdir()
    return f"python-home={server.root}/nothing"


def absent(server):
    return f"python-home={server.root}/absent"


def missing_executable(server):
    home = server.root / "half"
    home.mkdir()
    (home / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.2\n")
    return f"python-home={home}"


def not_a_python(server):
    home = server.root / "fake"
    (home / "bin").mkdir(parents=True)
    program = home / "bin" / "python"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return f"python-home={home}"


def not_permitted(server):
    home = server.root / "private"
    home.mkdir(mode=0o700)
    subprocess.run([server.platform.python.executable, "-m", "venv", "--without-pip", home], check=True)
    home.chmod(0o700)
    return f"python-home={home} user=daemon group=daemon"


def too_old(server):
    for found in sorted(pathlib.Path("/root/.pyenv/versions").glob("3.[89].*/bin/python3")):
        home = server.root / "old"
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "python").symlink_to(found)
        (home / "pyvenv.cfg").write_text(f"home = {found.parent}\nversion = {found.parent.parent.name}\n")
        return f"python-home={home}"
    pytest.skip("no Python older than 3.10 here")


@pytest.mark.parametrize("seed", [empty_directory, absent, missing_executable, not_a_python, not_permitted, too_old])
def test_bad_python_is_a_503_for_its_group_only(launch, seed):
    server = launch(start=False)
    server.configure(CONFIG, OPTION=seed(server))
    server.log.allow(r"WSGI\d{4}|wsgi:(error|crit|alert|warn)|Traceback|Fatal|python")
    server.start()
    server.wait_ready("/good")
    assert server.get("/bad").status == 503
    assert server.get("/good").body == b"hello\n"
    assert server.get("/ready.txt").status == 200
    line = server.line_of("WSGIDaemonProcess bad")
    text = server.log.text() + (server.root / "logs" / "output.txt").read_text()
    where = rf"httpd\.conf:{line}\b|line {line} of"
    assert any(re.search(where, entry) and "WSGIDaemonProcess" in entry for entry in text.splitlines()), text
