"""Findings of `httpd -t` in a configuration that it accepts, or rejects only because of a finding."""

import pathlib
import re
import subprocess

import pytest

import env
import httpd_config

_FINDING = re.compile(r"^(WSGI\d{4}): (?:(\S+):(\d+): )?(.*)$")
_SUMMARY = re.compile(r"^mod_wsgi found (\d+) errors?: ")


def of(server, errors: int = 0) -> list[tuple[str, int | None, str]]:
    """(id, line of httpd.conf, text) of each finding. Fails unless `errors` of them are errors of `httpd -t`."""
    done = server.test_config()
    lines = done.stdout.splitlines()
    told = [int(match[1]) for line in lines if (match := _SUMMARY.match(line))]
    assert (done.returncode, told) == ((1, [errors]) if errors else (0, [])), done.stdout
    assert ("Syntax OK" in done.stdout) is (errors == 0), done.stdout
    found = []
    for line in lines:
        if match := _FINDING.match(line):
            tag, file, number, text = match.groups()
            assert file is None or file == str(server.config_file), line
            found.append((tag, number and int(number), text))
    return found


def expect(server, tag: str, directive: str, *parts: str, error: bool = False) -> str:
    """The text of the only finding. It must be about the first line with `directive`, and contain `parts`."""
    found = of(server, errors=int(error))
    assert len(found) == 1, found
    assert found[0][:2] == (tag, server.line_of(directive)), found
    for part in parts:
        assert part in found[0][2], found[0][2]
    return found[0][2]


# Configurations with findings

#: A group with its Python in another location, and one with further options.
GROUP = "WSGIDaemonProcess site python-home=@HOME@\nWSGIScriptAlias / @SITE@/app.wsgi process-group=site\n"
DAEMON = "WSGIDaemonProcess site python-home=@VENV@ @MORE@\nWSGIScriptAlias / @SITE@/app.wsgi process-group=site\n"

GRANT = "<Directory @ROOT@/site>\nRequire all granted\n</Directory>\n"


def site(launch, text, *, name="app.wsgi", **values):
    """A server that is not started, with a script in its own directory, @SITE@."""
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
