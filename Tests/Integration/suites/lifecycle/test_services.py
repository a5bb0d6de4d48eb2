"""Service scripts: process groups with threads=0, whose scripts are all that their processes do."""

import signal

import pytest

from polling import until

CONFIG = """
WSGIDaemonProcess work python-home=@VENV@ threads=0 shutdown-timeout=2 @OPTIONS@
WSGIImportScript @APPS@/service.py process-group=work application-group=%{GLOBAL}
"""

#: Notes its life in the scratch directory: a line at its start, one at its end.
SERVICE = """
import os, signal, sys, threading, time
def note(text):
    with open("@SCRATCH@/life", "a") as file:
        file.write("%s %d\\n" % (text, os.getpid()))
assert threading.current_thread() is threading.main_thread()
note("begin")
@CODE@
"""

FOR_EVER = """
try:
    while True:
        time.sleep(30)
finally:
    note("end")
"""


def begin(launch, code=FOR_EVER, options="", more=""):
    server = launch(CONFIG + more, OPTIONS=options, start=False)
    save(server, code)
    return server.start()


def save(server, code):
    (server.apps / "service.py").write_text(
        SERVICE.replace("@CODE@", code).replace("@SCRATCH@", str(server.scratch)))


def life(server):
    path = server.scratch / "life"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def pid(server):
    return int((server.scratch / "life").read_text().split()[-1])


def test_script_runs_on_the_main_thread_until_httpd_stops(launch):
    server = begin(launch)
    until(lambda: life(server) == ["begin"], "the script to begin")
    server.stop()
    assert life(server) == ["begin", "end"], "SystemExit in the main thread, and nothing in the log"


@pytest.mark.parametrize("how", ["graceful", "restart"])
def test_old_process_ends_before_the_new_one_begins(launch, how):
    server = begin(launch, FOR_EVER.replace('note("end")', 'time.sleep(0.3); note("end")'))
    server.log.allow("AH00052|mod_mpm_event")
    until(lambda: life(server) == ["begin"], "the script to begin")
    getattr(server, how)()
    until(lambda: life(server)[-3:] == ["begin", "end", "begin"], "one after the other")


def test_script_that_does_not_end_is_killed_after_shutdown_timeout(launch):
    server = begin(launch, "signal.signal(signal.SIGTERM, lambda *a: note('asked'))\nwhile True: time.sleep(30)")
    server.log.expect("WSGI1012")
    until(lambda: life(server) == ["begin"], "the script to begin")
    server.graceful()
    until(lambda: life(server) == ["begin", "asked", "begin"], "a new one")
    server.stop()


def test_end_is_not_lost_where_python_drops_exceptions(launch):
    server = begin(launch, """
class Slow:
    def __del__(self):
        note("dropping")
        while True:
            time.sleep(0.01)
Slow()
""" + FOR_EVER)
    until(lambda: life(server) == ["begin", "dropping"], "the script to be in a finaliser")
    server.stop()
    assert life(server) == ["begin", "dropping", "end"]


def test_signal_handlers_are_the_scripts_own(launch):
    server = begin(launch, "signal.signal(signal.SIGUSR2, lambda *a: note('signal'))\n" + FOR_EVER)
    until(lambda: life(server) == ["begin"], "the script to begin")
    until(lambda: (server.kill(pid(server), signal.SIGUSR2), "signal" in life(server))[1], "the handler to run")


def test_killed_service_is_started_again(launch):
    server = begin(launch)
    server.log.expect("WSGI1011")
    until(lambda: life(server) == ["begin"], "the script to begin")
    server.kill(pid(server))
    until(lambda: life(server) == ["begin", "begin"], "the script to begin again")


@pytest.mark.parametrize("code", ["", "sys.exit(3)"])
def test_script_that_ends_early_backs_off_until_it_is_changed(launch, code):
    server = begin(launch, code)
    server.log.expect("WSGI1014.*work': 3 runs have ended early in a row; the next one is in 2 s")
    server.log.allow("WSGI1014", "WSGI1011.*exit code 3")
    server.log.wait_for("the next one is in 2 s")
    assert len(life(server)) == 3
    save(server, FOR_EVER.replace("note(", "note('new') or note("))
    until(lambda: len(life(server)) == 4, "the changed script to run", timeout=1.5)


def test_exception_is_logged(launch):
    server = begin(launch, "raise ValueError('in a service')")
    server.log.expect_traceback("ValueError: in a service", "WSGI0109")
    server.log.allow("WSGI1014")
    server.log.wait_for("ValueError: in a service")


def test_application_is_not_run_there(launch):
    server = begin(launch, more="""
        WSGIScriptAlias /app @APPS@/hello/app.wsgi process-group=work application-group=%{GLOBAL}""")
    server.log.expect("WSGI1070.*threads=0")
    assert server.get("/app").status == 500
    assert server.get("/ready.txt").status == 200


def test_group_without_scripts(launch):
    server = launch("WSGIDaemonProcess work python-home=@VENV@ threads=0\n")
    server.log.expect("WSGI1071")
    server.log.allow("WSGI1009", "WSGI1004")


def test_missing_script(launch):
    server = launch(CONFIG, OPTIONS="")
    server.log.expect("WSGI0105.*service.py")
    server.log.allow("WSGI0135", "WSGI1014", "FileNotFoundError", "Traceback", "  File")
    server.log.wait_for("WSGI0105")


def test_two_groups_one_changes(launch):
    """A graceful restart with another configuration reaches the group that it is about."""
    server = launch("""
        WSGIDaemonProcess one python-home=@VENV@ env=NAME=@NAME@
        WSGIDaemonProcess two python-home=@VENV@ env=NAME=fixed
        WSGIScriptAlias /one @APPS@/named.wsgi process-group=one application-group=%{GLOBAL}
        WSGIScriptAlias /two @APPS@/named.wsgi process-group=two application-group=%{GLOBAL}""",
                    NAME="before", start=False)
    (server.apps / "named.wsgi").write_text(
        "import os\ndef application(environ, start_response):\n    start_response('200 OK', [])\n"
        "    return [os.environ['NAME'].encode()]\n")
    server.start()
    assert (server.get("/one").text, server.get("/two").text) == ("before", "fixed")
    body = server._body
    server.reconfigure(body.replace("NAME=before", "NAME=after"))
    server.graceful()
    until(lambda: server.get("/one").text == "after", "the changed group")
    assert server.get("/two").text == "fixed"
