"""Scripts that are imported before the first request: WSGIImportScript, and aliases that name both their groups."""

import pytest

PYTHON = "WSGIPythonHome @VENV@\nWSGIDaemonProcess one python-home=@VENV@\nWSGIDaemonProcess two python-home=@VENV@\n"

SCRIPT = """
import mod_wsgi, os
print("imported", os.path.basename(__file__), "in", repr((mod_wsgi.process_group, mod_wsgi.application_group)))

def application(environ, start_response):
    start_response("200 OK", [])
    return [b"served"]
"""


@pytest.fixture
def serve(launch):
    """Starts a server with the scripts first.wsgi and second.wsgi in its apps; what they print is no fault."""
    def start(text, *scripts, source=SCRIPT):
        server = launch(PYTHON + text, start=False)
        for name in scripts or ("first", "second"):
            (server.apps / f"{name}.wsgi").write_text(source)
        # Not every test uses both groups.
        server.log.allow("imported", "WSGI1004", "WSGI1009")
        return server.start()
    return start


def imported(script, process, application):
    return rf"imported {script}\.wsgi in \('{process}', '{application}'\)"


@pytest.mark.parametrize("process, application, seen", [
    ("one", "%{GLOBAL}", ("one", "")), ("one", "mine", ("one", "mine")), ("%{GLOBAL}", "%{GLOBAL}", ("", "")),
    ("%{GLOBAL}", "mine", ("", "mine")),
])
def test_import_script(serve, process, application, seen):
    server = serve(f"WSGIImportScript @APPS@/first.wsgi process-group={process} application-group={application}")
    server.log.wait_for(imported("first", *seen))


@pytest.mark.parametrize("process, seen", [("one", "one"), ("%{GLOBAL}", "")])
def test_alias_with_both_groups(serve, process, seen):
    server = serve(f"WSGIScriptAlias /x @APPS@/first.wsgi process-group={process} application-group=%{{GLOBAL}}")
    server.log.wait_for(imported("first", seen, ""))
    assert server.get("/x").body == b"served"
    if process == "one":
        assert server.log.text().count("imported first") == 1


@pytest.mark.parametrize("options", ["process-group=one", "application-group=mine", "",
                                     "process-group=one application-group=%{SERVER}",
                                     "process-group=%{ENV:X} application-group=mine"])
def test_alias_whose_groups_depend_on_the_request_waits_for_it(serve, options):
    server = serve(f"SetEnv X one\nWSGIScriptAlias /x @APPS@/first.wsgi {options}\n"
                   "WSGIScriptAlias /y @APPS@/second.wsgi process-group=one application-group=%{GLOBAL}")
    assert server.get("/y").body == b"served"
    assert "imported first" not in server.log.text()
    assert server.get("/x").body == b"served"
    server.log.wait_for("imported first")


def test_scripts_of_a_group_are_imported_in_their_order(serve):
    server = serve("""
        WSGIImportScript @APPS@/second.wsgi process-group=one application-group=%{GLOBAL}
        WSGIScriptAlias /x @APPS@/first.wsgi process-group=one application-group=%{GLOBAL}
        WSGIImportScript @APPS@/second.wsgi process-group=two application-group=%{GLOBAL}""")
    server.log.wait_for(imported("first", "one", ""))
    server.log.wait_for(imported("second", "two", ""))
    text = server.log.text()
    assert text.index("second.wsgi in ('one'") < text.index("first.wsgi in ('one'")
    assert "first.wsgi in ('two'" not in text


def test_module_is_the_one_that_serves(serve):
    source = SCRIPT.replace('b"served"', "str(loaded).encode()") + "import time\nloaded = time.time()\n"
    server = serve("WSGIImportScript @APPS@/first.wsgi process-group=one application-group=%{GLOBAL}\n"
                   "WSGIScriptAlias /x @APPS@/first.wsgi process-group=one application-group=%{GLOBAL}", source=source)
    server.log.wait_for("imported first")
    first = server.get("/x").body
    assert server.get("/x").body == first
    assert server.log.text().count("imported first") == 1


def test_failure_is_logged_and_the_process_serves(serve):
    server = serve("WSGIImportScript @APPS@/first.wsgi process-group=one application-group=%{GLOBAL}\n"
                   "WSGIImportScript @APPS@/absent.wsgi process-group=one application-group=%{GLOBAL}\n"
                   "WSGIScriptAlias /hello @APPS@/hello/app.wsgi process-group=one application-group=%{GLOBAL}",
                   source="raise RuntimeError('while importing')\n")
    server.log.expect("RuntimeError: while importing", "WSGI0105.*absent.wsgi")
    server.log.allow(r"WSGI01\d\d", "Traceback", "  File", "  raise", "FileNotFoundError")
    assert server.get("/hello").body == b"hello\n"


def test_virtual_host_with_its_own_group(launch):
    server = launch("""
        <VirtualHost *:@PORT@>
            ServerName localhost
            WSGIDaemonProcess mine python-home=@VENV@
            WSGIImportScript @APPS@/hello/app.wsgi process-group=mine application-group=%{GLOBAL}
            WSGIScriptAlias /hello @APPS@/hello/app.wsgi process-group=mine application-group=%{GLOBAL}
        </VirtualHost>""")
    assert server.get("/hello").body == b"hello\n"


@pytest.mark.parametrize("text, said", [
    ("WSGIImportScript", "WSGIImportScript"),
    ("WSGIImportScript /x", "process-group"),
    ("WSGIImportScript /x process-group=one", "application-group"),
    ("WSGIImportScript /x application-group=one", "process-group"),
    ("WSGIImportScript /x process-group=one application-group=", "application-group"),
    ("WSGIImportScript /x process-group=absent application-group=one", "absent"),
    ("WSGIImportScript /x process-group=one application-group=one bogus=1", "bogus"),
    ("<VirtualHost *:80>\nServerName a.test\nWSGIDaemonProcess theirs\n</VirtualHost>\n<VirtualHost *:80>\n"
     "ServerName b.test\nWSGIImportScript /x process-group=theirs application-group=one\n</VirtualHost>",
     "not accessible here"),
    ("<VirtualHost *:80>\nServerName a.test\nWSGIDaemonProcess theirs\n</VirtualHost>\n"
     "WSGIImportScript /x process-group=theirs application-group=one", "not accessible here"),
])
def test_mistakes_are_refused(launch, text, said):
    done = launch("WSGIDaemonProcess one\n" + text, start=False).test_config()
    assert done.returncode != 0 and "WSGIImportScript" in done.stdout and said in done.stdout, done.stdout
