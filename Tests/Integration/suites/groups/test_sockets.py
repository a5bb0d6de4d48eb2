"""A socket that cannot be made or reached is reported with the directive that says where it is; nobody else is harmed."""

import pytest

import env

CONFIG = """
WSGISocketPrefix @ROOT@/@PLACE@/wsgi
WSGIDaemonProcess one python-home=@VENV@
WSGIScriptAlias /one @APPS@/hello/app.wsgi process-group=one
"""


def serve(launch, place, expected):
    server = launch(start=False)
    server.configure(CONFIG, PLACE=place)
    server.log.expect(expected, "WSGI0117")
    server.start()
    assert server.get("/one").status == 503
    assert server.get("/ready.txt").status == 200
    line = server.line_of("WSGIDaemonProcess one")
    assert any(f"httpd.conf:{line}: WSGIDaemonProcess 'one'" in entry and "WSGISocketPrefix" in entry
               for entry in server.log.lines())


def test_directory_that_httpd_may_not_enter(launch):
    if not env.is_root():
        pytest.skip("not started by root: httpd's children are its own user")
    server = launch(start=False)
    (server.root / "closed").mkdir(mode=0o700)
    serve(lambda start: server, "closed", r"WSGI0117: .*/closed' \(mode 700\)")


def test_directory_that_does_not_exist(launch):
    serve(launch, "absent", "WSGI1007")


def test_path_that_is_too_long(launch):
    serve(launch, "x" * 120, "WSGI1007.*shorter")


def test_group_whose_socket_cannot_be_made_at_a_restart_keeps_the_former_one(launch):
    server = launch(start=False)
    server.configure(CONFIG, PLACE="run")
    server.start()
    assert server.get("/one").status == 200
    server.reconfigure(CONFIG, PLACE="absent")
    server.log.expect("WSGI1007.*continues with its present sockets")
    server.graceful()
    assert server.get("/one").status == 200
    (server.root / "absent").mkdir(mode=0o755)
    server.graceful()
    assert server.get("/one").status == 200
    assert list((server.root / "absent").glob("*.sock")) and not list((server.root / "run").glob("wsgi.*.sock"))
