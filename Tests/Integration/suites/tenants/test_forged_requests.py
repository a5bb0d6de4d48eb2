"""Who is none of httpd's children cannot have a process do anything."""

import os
import pwd
import subprocess
import sys
import textwrap

import pytest

import env
from polling import until
from tenants import wire
from tenants.neighbours import HOSTILE, OTHER

PAYLOAD = '''
import os
open(f"@OPEN@/ran-{os.getuid()}-{os.getpid()}", "w").close()

def application(environ, start_response):
    start_response("200 OK", [])
    return [b"forged"]
'''

#: Sends what is on its standard input, and writes what comes back.
FORGER = textwrap.dedent("""
    import socket, sys
    data = sys.stdin.buffer.read()
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    try:
        connection.connect(sys.argv[1])
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while block := connection.recv(65536):
            sys.stdout.buffer.write(block)
        print("ended", file=sys.stderr)
    except OSError as error:
        print(type(error).__name__, file=sys.stderr)
    """)


@pytest.fixture
def scene(neighbours):
    """Both sites, a payload that tells who has run it, and the socket of the other site."""
    folder = neighbours.server.root / "open"
    folder.mkdir()
    folder.chmod(0o777)
    script = folder / "payload.wsgi"
    script.write_text(PAYLOAD.replace("@OPEN@", str(folder)))
    neighbours.configure()
    neighbours.start()
    neighbours.server.wait_ready("/hostile")
    neighbours.script, neighbours.ran = script, lambda: sorted(path.name for path in folder.glob("ran-*"))
    return neighbours


def sockets(neighbours) -> list[str]:
    """The sockets of both groups, in the order of their definitions."""
    return sorted(map(str, (neighbours.server.root / "run").glob("wsgi.*.sock")))


def forge(user: str, path: str, data: bytes) -> tuple[bytes, str]:
    """What a process of this user gets that sends these bytes, and how that ended."""
    account = pwd.getpwnam(user)
    done = subprocess.run(
        ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "/usr/bin/python3", "-c",
         FORGER, path], input=data, capture_output=True, timeout=30, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.decode().strip()


def test_httpds_own_user_cannot_ask(scene):
    """CGI programs, applications in embedded mode and groups without user= run as that one."""
    scene.server.log.allow("WSGI0034")
    request = wire.request(scene.script)
    for path in sockets(scene):
        for data in (request, bytes(16) + request, os.urandom(16) + request, request[:16], b"x"):
            assert forge(env.httpd_user(), path, data)[0] == b""
    assert scene.ran() == []
    uid = pwd.getpwnam(env.httpd_user()).pw_uid
    scene.server.log.wait_for(rf"WSGI0034: A process of user id {uid} \(pid \d+\) has connected without the secret")
    scene.require_unharmed()


def test_forgeries_are_logged_once_a_second(scene):
    scene.server.log.allow("WSGI0034")
    request = wire.request(scene.script)
    for _ in range(10):
        forge(env.httpd_user(), sockets(scene)[1], request)
    scene.server.log.wait_for("WSGI0034")
    assert scene.server.log.text().count("WSGI0034") <= 5
    until(lambda: forge(env.httpd_user(), sockets(scene)[1], request) and
          "others were turned away" in scene.server.log.text(), "the others to be counted", interval=0.2)


@pytest.mark.parametrize("user", ["nobody", HOSTILE, OTHER])
def test_other_users_cannot_even_connect(scene, user):
    for path in sockets(scene):
        assert forge(user, path, wire.request(scene.script)) == (b"", "PermissionError")
    scene.require_unharmed()


def test_permissions_of_the_socket_are_not_what_protects(scene):
    scene.server.log.allow("WSGI0033", "WSGI0034")
    for path in sockets(scene):
        os.chmod(path, 0o666)
        for user in ("nobody", HOSTILE, OTHER, "root"):
            assert forge(user, path, wire.request(scene.script))[0] == b""
    assert scene.ran() == []
    scene.server.log.wait_for(r"WSGI0033: A process of user id \d+ \(pid \d+\) has connected and was turned away")
    scene.require_unharmed()


def test_an_application_of_httpds_user_cannot_ask(scene):
    """It has the secret of its own group, and that is of no use at another one."""
    server = scene.server
    server.log.allow("WSGI0034")
    scene.hostile.write("forger.wsgi", f'''
import socket

def application(environ, start_response):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    try:
        connection.connect({sockets(scene)[1]!r})
        connection.sendall({wire.request(scene.script)!r})
        text = b"got " + connection.recv(100)
    except OSError as error:
        text = type(error).__name__.encode()
    start_response("200 OK", [])
    return [text]
''')
    server.configure(f"WSGIDaemonProcess plain threads=2 python-home=@VENV@\n"
                     f"WSGIScriptAlias /forger {scene.hostile.home}/forger.wsgi process-group=plain "
                     f"application-group=%{{GLOBAL}}\n")
    server.write_config()
    server.graceful()
    server.wait_ready("/forger")
    assert server.get("/forger").body in (b"got ", b"ConnectionResetError", b"BrokenPipeError")
    assert scene.ran() == []
    server.log.wait_for("WSGI0034")


def test_silent_connections_do_not_use_up_descriptors(neighbours):
    """httpd's user may connect; it cannot have a process run out of descriptors by that."""
    neighbours.configure()
    neighbours.server.wrapper = ["prlimit", "--nofile=256:4096"]
    neighbours.start()
    neighbours.server.log.allow("WSGI0034")
    account = pwd.getpwnam(env.httpd_user())
    path = sockets(neighbours)[1]
    silent = f"""
import socket, sys, time
held = []
while len(held) < 600:
    one = socket.socket(socket.AF_UNIX)
    one.connect({path!r})
    held.append(one)
print("made", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
            ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "prlimit", "--nofile=1000",
             sys.executable, "-c", silent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as attacker:
        try:
            assert attacker.stdout.readline() == b"made\n"
            neighbours.server.log.wait_for("WSGI0034: .*sent nothing while many others connected")
            worker, = neighbours.workers(OTHER)
            until(lambda: len(worker.descriptors) < 120, "the oldest to be closed")
            neighbours.require_unharmed()
        finally:
            attacker.kill()
