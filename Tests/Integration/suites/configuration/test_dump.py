"""`httpd -t -D DUMP_WSGI` shows where each URL leads to, and every option of every process group."""

import re
import subprocess

import pytest

import env

CONFIG = """
WSGIPythonHome @VENV@
WSGISocketPrefix @ROOT@/run/wsgi
WSGIDaemonProcess "site one" processes=2 user=@OTHER@ home=/srv display-name=%{GROUP} env=SECRET=hidden graceful-timeout=1min
WSGIScriptAlias /plain @APPS@/hello/app.wsgi
<VirtualHost *:@PORT@>
    ServerName one.test
    WSGIDaemonProcess own
    WSGIScriptAlias / @APPS@/hello/app.wsgi process-group=own application-group=%{GLOBAL}
    WSGIScriptAliasMatch ^/match/(.+) @APPS@/$1 process-group=absent
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName two.test
    WSGIProcessGroup "site one"
    WSGIScriptAlias /a @APPS@/hello/app.wsgi
    WSGIScriptAlias /b @APPS@/hello/app.wsgi
    <Location /b>
        WSGIProcessGroup %{ENV:GROUP}
        WSGIApplicationGroup shared
    </Location>
</VirtualHost>
"""


def dump(server) -> list[str]:
    server.write_config()
    done = server._run("-t", "-D", "DUMP_WSGI")
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def section(lines, title) -> dict[str, list[str]]:
    """The rows below a title by their first cell; cells are at least two spaces apart."""
    start = next(index for index, line in enumerate(lines) if line.startswith(title))
    rows = {}
    for line in lines[start + 1:]:
        if not line.startswith("    "):
            break
        first, *rest = re.split(r" {2,}", line.strip())
        rows[first] = rest
    return rows


@pytest.fixture
def lines(launch):
    server = launch(CONFIG, start=False)
    return server, dump(server)


def place(server, text):
    return f"{server.config_file}:{server.line_of(text)}"


def test_urls(lines):
    server, text = lines
    python = f"{server.platform.python.version} {server.platform.python.venv()}/bin/python"
    script = f"{server.apps}/hello/app.wsgi"
    one = section(text, f"Virtual host one.test:{server.port} ({place(server, 'ServerName one.test')[:-2]}")
    assert one["URL path"] == ["script", "process group", "application group", "Python", "defined at"]
    assert one["/"] == [script, "own", "%{GLOBAL}", python, place(server, "process-group=own")]
    assert one["~ ^/match/(.+)"][:4] == [f"{server.apps}/$1", "absent (not defined)", "%{RESOURCE}", "-"]
    assert one["/plain"][:2] == [script, "(embedded)"]
    two = section(text, f"Virtual host two.test:{server.port}")
    assert two["/a"] == [script, "site one", "%{RESOURCE}", python, place(server, "/a ")]
    assert two["/b"][1:4] == ["%{ENV:GROUP}", "shared", "-"]
    assert section(text, "Main server:")["/plain"] == [
        script, "(embedded)", "%{RESOURCE}", python, place(server, "WSGIScriptAlias /plain")]


def test_columns_line_up(lines):
    _, text = lines
    start = next(index for index, line in enumerate(text) if line.startswith("Virtual host two"))
    columns = {line.index(word) for line, word in zip(text[start + 1:start + 4], ("process group", "site one", "%{ENV"))}
    assert len(columns) == 1
    assert not any(line.endswith(" ") for line in text)


def test_options_of_a_group(lines):
    server, text = lines
    here = place(server, "WSGIDaemonProcess")
    rows = section(text, f"Process group 'site one' ({here}):")
    assert rows["visible in: all servers"] == []
    assert rows["processes"] == ["2", here]
    assert rows["threads"] == ["15", "default"]
    assert rows["graceful-timeout"] == ["60", here]
    assert rows["home"] == ["/srv", here]
    assert rows["display-name"] == ["%{GROUP}", here]
    assert rows["python-home"] == [str(server.platform.python.venv()), place(server, "WSGIPythonHome")]
    assert rows["socket-timeout"] == ["60", "httpd's Timeout"]
    assert rows["group"][1] == "httpd's Group"
    assert section(text, "Process group 'own'")[f"visible in: one.test:{server.port}"] == []


def test_secrets_are_not_shown(lines):
    _, text = lines
    assert not any("hidden" in line for line in text)
    assert section(text, "Process group 'site one'")["env"][0] == "SECRET=(not shown)"


def test_every_option_and_every_directive_of_the_whole_server_is_there(lines):
    server, text = lines
    whole = section(text, "Whole server:")
    assert whole["WSGISocketPrefix"] == [f"{server.root}/run/wsgi", place(server, f"WSGISocketPrefix {server.root}")]
    assert whole["WSGIRestrictEmbedded"] == ["Off", "default"]
    assert len(section(text, "Process group 'own'")) > 40


def test_it_goes_to_standard_output_and_findings_do_not(launch):
    server = launch("WSGIScriptAlias / /nonexistent.wsgi", start=False)
    server.write_config()
    done = subprocess.run([env.httpd(), "-f", server.config_file, "-t", "-D", "DUMP_WSGI"], capture_output=True,
                          text=True, env=server._environment())
    assert "/nonexistent.wsgi" in done.stdout and "WSGI0135" not in done.stdout
    assert "WSGI0135" in done.stderr


def test_it_stands_beside_other_dumps(launch):
    server = launch(CONFIG, start=False)
    server.write_config()
    text = server._run("-S", "-D", "DUMP_WSGI").stdout
    assert "VirtualHost configuration:" in text and "Process group 'own'" in text
