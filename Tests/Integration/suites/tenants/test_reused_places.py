"""A group that a restart has removed leaves its place in memory and the names of its sockets to another one."""

import textwrap

from polling import until

CONFIG = """
WSGIDaemonProcess @NAME@ threads=1 python-home=@VENV@
WSGIScriptAlias /@NAME@ @APPS@/@NAME@.wsgi process-group=@NAME@ application-group=%{GLOBAL}
"""
APPLICATION = """
import pathlib
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    with open(@SEEN@, "a") as file:
        file.write(f"@NAME@ {body.decode()}\\n")
    start_response("200 OK", [])
    return [b"@NAME@"]
"""


def test_a_former_child_sends_nothing_to_the_group_in_the_place_of_its_own(launch):
    server = launch(CONFIG, NAME="first", start=False)
    seen = server.root / "seen"
    seen.touch()
    seen.chmod(0o666)
    for name in ("first", "second"):
        source = APPLICATION.replace("@NAME@", name).replace("@SEEN@", repr(str(seen)))
        (server.apps / f"{name}.wsgi").write_text(textwrap.dedent(source))
    server.log.allow("WSGI0117: Process group 'first'")
    server.start()
    assert server.get("/first").text == "first"
    with server.connect(timeout=30) as upload:
        # The child reads a small body before it looks for a process.
        upload.send_request("POST", "/first", headers=[("Content-Length", "6")], close=True)
        server.reconfigure("")
        server.graceful()
        until(lambda: server.get("/first").status == 404, "the group to be removed")
        server.reconfigure(CONFIG, NAME="second")
        server.graceful()
        until(lambda: server.get("/second").text == "second", "the group in the place of the former one")
        upload.send(b"secret")
        assert upload.read_response().status == 503
    assert seen.read_text().split() == ["first", "second"]
