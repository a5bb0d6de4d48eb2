"""WSGIApplicationGroup %{AUTO}: the main interpreter where a process group serves a single application."""

import re

import pytest

from polling import until
from shared_server import hosting

APP = "@APPS@/process/app.wsgi"
OTHER = "@APPS@/environ/app.wsgi"
SINGLE = f"WSGIScriptAlias /app {APP} process-group=site application-group=%{{AUTO}}\n"

#: What else is in the configuration, and whether "site" still serves a single application.
CASES = {
    "nothing": ("", True),
    "directive": ("", True),
    "application of another group": (f"WSGIScriptAlias /other {OTHER} process-group=other\n", True),
    "embedded application": (f"WSGIScriptAlias /other {OTHER} process-group=%{{GLOBAL}}\n", True),
    "same script elsewhere": (f"WSGIScriptAlias /again {APP} process-group=site\n", True),
    "import script": (f"WSGIImportScript {OTHER} process-group=site application-group=x\n", True),
    "another name in the script": (f"WSGIScriptAlias /again {APP} process-group=site callable-object=other\n", False),
    "second application": (f"WSGIScriptAlias /other {OTHER} process-group=site\n", False),
    "second application by its directory": (
        f"WSGIScriptAlias /other {OTHER}\n<Directory @APPS@/environ>\nWSGIProcessGroup site\n</Directory>\n", False),
    "second application of another host": (
        f"<VirtualHost *:1>\nServerName x\nWSGIScriptAlias /other {OTHER} process-group=site\n</VirtualHost>\n", False),
    "directory of scripts": ("WSGIScriptAlias /all @APPS@ process-group=site\n", False),
    "expression": (f"WSGIScriptAliasMatch ^/m {APP} process-group=site\n", False),
    "variable": (f"WSGIScriptAlias /other {OTHER} process-group=%{{ENV:GROUP}}\n", False),
    "condition": (f"WSGIScriptAlias /other {OTHER}\n<If true>\nWSGIProcessGroup site\n</If>\n", False),
    "handler script": ("WSGIHandlerScript md @APPS@/environ/app.wsgi process-group=site\n", False),
    "handler": ("<Location /handled>\nSetHandler wsgi-script\n</Location>\n<Directory @ROOT@/htdocs>\nWSGIProcessGroup site\n</Directory>\n", False),
    "handler of another group": ("<Directory @ROOT@/htdocs>\nAddHandler wsgi-script .py\n</Directory>\n", True),
}


GROUPS = "WSGIPythonHome @VENV@\nWSGIDaemonProcess site processes=1\nWSGIDaemonProcess other processes=1\n"


def begin(launch, more="", alias=SINGLE):
    server = launch(GROUPS + alias + more)
    server.log.allow("WSGI1009", "WSGI1004", "WSGI1008")
    return server


def group(server, path="/app"):
    return re.sub(r":\d+", "", server.get(path).json["application_group"])


def dumped(server):
    return server._run("-t", "-D", "DUMP_WSGI").stdout


@pytest.mark.parametrize("case", CASES)
def test_single_application(launch, case):
    more, is_single = CASES[case]
    server = begin(launch, more)
    assert group(server) == ("" if is_single else "localhost|/app")
    text = dumped(server)
    assert f"%{{AUTO}}: {'%{GLOBAL}' if is_single else '%{RESOURCE}'} " in text
    assert "Process group 'site'" in text


def test_directive(launch):
    server = begin(launch, f"WSGIProcessGroup site\nWSGIApplicationGroup %{{AUTO}}\nWSGIScriptAlias /app {APP}\n", "")
    assert group(server) == ""


def test_embedded_application_has_its_own_interpreter(launch):
    server = launch(hosting("embedded") + f"WSGIScriptAlias /app {APP} application-group=%{{AUTO}}\n")
    assert group(server) == "localhost|/app"


def test_single_handler_script(launch):
    server = begin(launch, "AddHandler md .md\n", "WSGIHandlerScript md @APPS@/process/app.wsgi process-group=site "
                   "application-group=%{AUTO}\n")
    (server.apps / "process" / "app.wsgi").write_text(
        (server.apps / "process" / "app.wsgi").read_text() + "\nhandle_request = application\n")
    (server.root / "htdocs" / "page.md").write_text("")
    assert group(server, "/page.md") == ""


def test_it_is_imported_before_the_first_request(launch):
    server = begin(launch)
    server.log.wait_for(r"Loading WSGI script .*process/app.wsgi.*process group 'site', application group ''")


def test_others_are_not_imported_before_their_first_request(launch):
    server = begin(launch, CASES["second application"][0])
    server.log.wait_for("group 'site'.* is ready")
    assert "Loading WSGI script" not in server.log.text()


def test_application_that_joins_at_a_graceful_restart(launch):
    server = begin(launch)
    assert group(server) == ""
    server.reconfigure(GROUPS + SINGLE + CASES["second application"][0])
    server.graceful()
    until(lambda: group(server) == "localhost|/app", "an interpreter of its own")


def test_script_of_an_htaccess_file_has_its_own_interpreter(launch):
    server = begin(launch, "<Directory @ROOT@/htdocs>\nAllowOverride All\nWSGIProcessGroup site\n"
                   "WSGIApplicationGroup %{AUTO}\nOptions +ExecCGI\n</Directory>\n")
    folder = server.root / "htdocs"
    (folder / "x.py").write_text((server.apps / "process" / "app.wsgi").read_text())
    (folder / ".htaccess").write_text("AddHandler wsgi-script .py\n")
    assert group(server, "/x.py") == "localhost|/x.py" and group(server) == ""


@pytest.mark.parametrize("statement, is_known", [
    (f"WSGIScriptAlias /x {APP} process-group=site application-group=%{{AUTO}}", True),
    ("WSGIApplicationGroup %{AUTO}", True), ("WSGIHandlerScript md /x.py application-group=%{AUTO}", True),
    ("WSGIProcessGroup %{AUTO}", False), (f"WSGIImportScript {APP} process-group=site application-group=%{{AUTO}}", False),
])
def test_configtest_knows_where_it_is_a_variable(launch, statement, is_known):
    server = launch(f"WSGIDaemonProcess site python-home=@VENV@\n{statement}\n", start=False)
    assert ("'%{AUTO}' is taken as a literal name" in server.test_config().stdout) is not is_known
