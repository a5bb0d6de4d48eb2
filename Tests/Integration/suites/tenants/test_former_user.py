"""After a change of user, groups or root nothing of the former user receives a byte, or lives on."""

import concurrent.futures
import os
import signal
import subprocess
import textwrap
import time

import pytest

import client
import processes
from polling import until
from tenants.neighbours import HOSTILE, SOCKETS
from shared_server import group_of

#: Takes descriptors that an application gives it, accepts and receives on them, and notes what it gets. No descendant of
#: httpd: nothing can end it.
KEEPER = textwrap.dedent("""
    import os, socket, sys, threading
    home = sys.argv[1]
    notes = os.open(home + "/stolen", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def receive(connection):
        try:
            connection.setblocking(True)
            while data := connection.recv(65536):
                os.write(notes, data)
        except OSError:
            pass

    def accept(listener):
        while True:
            try:
                # Others who have the socket may make it non-blocking again.
                connection = listener.accept()[0]
            except BlockingIOError:
                continue
            except OSError:
                return
            threading.Thread(target=receive, args=(connection,), daemon=True).start()

    def use(one):
        one.setblocking(False)
        if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            threading.Thread(target=accept, args=(one,), daemon=True).start()
        else:
            threading.Thread(target=receive, args=(one,), daemon=True).start()

    given = socket.socket(socket.AF_UNIX)
    given.bind(home + "/keeper.sock")
    given.listen()
    print("ready", flush=True)
    while True:
        connection, _ = given.accept()
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 200)
        for number in descriptors:
            use(socket.socket(fileno=number))
        connection.sendall(b"x")
    """)

#: Gives its listening socket away, and its connections to httpd.
GIVER = SOCKETS + '''
import time

def application(environ, start_response):
    if environ["PATH_INFO"] == "/give":
        mine = list(sockets(4))
        with socket.socket(socket.AF_UNIX) as keeper:
            keeper.connect("@HOME@/keeper.sock")
            socket.send_fds(keeper, [b"x"], [one.fileno() for one in mine])
            keeper.recv(1)
        for one in mine:
            one.close()
    time.sleep(0.1)  # so that more connections are needed
    start_response("200 OK", [])
    return [f"{os.getuid()} {os.getgid()} {os.getgroups()}".encode()]
'''

#: An account that neither site has.
NEXT = "daemon"

BEFORE = f"user={HOSTILE} group=@GROUP@"

CHANGES = {
    "user": f"user={NEXT} group=@GROUP@", "group": f"user={HOSTILE} group={NEXT}",
    "further groups": f"user={HOSTILE} group=@GROUP@ supplementary-groups={NEXT}",
}


@pytest.mark.parametrize("restart", ["graceful", "restart"])
@pytest.mark.parametrize("what", CHANGES)
def test_what_a_former_process_has_given_away_is_worth_nothing(neighbours, what, restart):
    home, server = neighbours.hostile.home, neighbours.server
    neighbours.hostile.write("app.wsgi", GIVER.replace("@HOME@", str(home)))
    neighbours.configure()
    neighbours.start()
    before = server.get("/hostile").body
    listener = listening(server)
    with subprocess.Popen(neighbours.hostile.command("/usr/bin/python3", "-c", KEEPER, str(home)), stdout=subprocess.PIPE,
                          cwd="/") as keeper:
        try:
            assert keeper.stdout.readline() == b"ready\n"
            assert server.get("/hostile/give").status == 200
            group = group_of(HOSTILE)
            neighbours.change(BEFORE.replace("@GROUP@", group), CHANGES[what].replace("@GROUP@", group))
            # What is asked until the processes are new ones may still belong to the former user.
            server.log.allow("WSGI")
            former = neighbours.children()
            getattr(server, restart)()
            until(lambda: answer(server) not in (before, None), "processes with the new rights")
            stolen = os.path.getsize(home / "stolen")
            with concurrent.futures.ThreadPoolExecutor(10) as pool:
                answers = list(pool.map(lambda _: answer(server), range(60)))
            assert set(answers) - {before, None} and len(set(answers)) == 1, set(answers)
            assert os.path.getsize(home / "stolen") == stolen
            assert not listening(server) & listener
        finally:
            keeper.kill()
            (home / "keeper.sock").unlink()
    server.wait_ready("/hostile")
    require_unharmed(neighbours, former)


def require_unharmed(neighbours, former: set[int]) -> None:
    """After a restart: when the former children have ended."""
    until(lambda: len(children := neighbours.children()) == 1 and not children & former, "the new child of httpd alone")
    neighbours.remember()
    neighbours.require_unharmed()


def listening(server) -> set[str]:
    """The listening socket of each daemon process of the hostile group, which is its descriptor 4."""
    return {one.descriptors.get(4) for one in server.processes() if b"hostile" in one.command_line.encode()}


def answer(server) -> bytes | None:
    try:
        found = server.get("/hostile", headers=[("Cookie", "session=secret")], timeout=3)
        return found.body if found.status == 200 else None
    except (OSError, client.Cut):
        return None


def test_requests_that_wait_are_served_by_the_new_user(neighbours):
    """Also those that stand at the former socket, where somebody who has kept it could take them."""
    server = neighbours.server
    neighbours.hostile.write("app.wsgi", '''
import os, time

def application(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [])
    return [str(os.getuid()).encode()]
''')
    neighbours.configure(options="python-home=@VENV@ graceful-timeout=20")
    neighbours.start()
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        busy = [pool.submit(server.get, "/hostile?2") for _ in range(4)]
        time.sleep(0.5)
        waiting = [pool.submit(server.get, "/hostile") for _ in range(10)]
        time.sleep(0.5)
        group = group_of(HOSTILE)
        neighbours.change(BEFORE.replace("@GROUP@", group), CHANGES["user"].replace("@GROUP@", group))
        former = neighbours.children()
        server.graceful()
        assert {one.result().status for one in busy} == {200}
        assert {one.result().status for one in waiting} == {200}
    require_unharmed(neighbours, former)


#: Starts what outlives a session: one process with a session of its own, and one whose parents have ended, which does not
#: mind SIGTERM, and starts another one when it can.
STARTER = '''
import os, subprocess, sys

DAEMON = """
import os, signal, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork(): os.setpgid(0, 0)
else: os.setsid()
with open(f"@HOME@/left-{os.getpid()}", "w"): pass
os.closerange(0, 3)
time.sleep(600)
"""

def application(environ, start_response):
    if environ["PATH_INFO"] == "/start":
        own = subprocess.Popen(["sleep", "600"], start_new_session=True, stdin=subprocess.DEVNULL)
        with open(f"@HOME@/left-{own.pid}", "w"): pass
        subprocess.Popen([sys.executable, "-c", DAEMON]).wait()
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
'''


def start_processes(server, site, path) -> set[int]:
    """Has the site's application start three processes that leave its session; their ids."""
    site.write("app.wsgi", STARTER.replace("@HOME@", str(site.home)))
    until(lambda: server.get(path + "/start").status == 200, "the application to start them")
    until(lambda: len(list(site.home.glob("left-*"))) >= 3, "three processes")
    return {int(file.name.removeprefix("left-")) for file in site.home.glob("left-*")}


def living(pids) -> list:
    return [found for pid in pids if (found := processes.process(pid)) and found.state not in "ZX"]


@pytest.mark.parametrize("end", ["killed", "replaced", "changed", "stopped"])
def test_what_an_application_has_started_ends_with_its_process(neighbours, end):
    server = neighbours.server
    neighbours.hostile.write("app.wsgi", STARTER.replace("@HOME@", str(neighbours.hostile.home)))
    neighbours.configure()
    neighbours.start()
    server.wait_ready("/hostile")
    started = start_processes(server, neighbours.hostile, "/hostile")
    lasting = start_processes(server, neighbours.other, "/other")
    worker, = [one for one in neighbours.workers(HOSTILE) if one.pid not in started]
    assert len(living(started)) == len(living(lasting)) == 3
    match end:
        case "killed":
            server.log.allow("WSGI1011")
            os.kill(worker.pid, signal.SIGKILL)
        case "replaced":
            os.kill(worker.pid, signal.SIGUSR1)
        case "changed":
            group = group_of(HOSTILE)
            neighbours.change(BEFORE.replace("@GROUP@", group), CHANGES["user"].replace("@GROUP@", group))
            server.graceful()
            lasting = set()  # a restart replaces the other site's process, too
        case "stopped":
            server.stop()
            lasting, started = set(), started | lasting
    until(lambda: not living(started), f"the end of {started}", timeout=10)
    assert len(living(lasting)) == len(lasting), "those of another site are none of its business"


#: Starts very many processes, each with a session of its own.
SWARM = '''
import os, subprocess

def application(environ, start_response):
    if environ["PATH_INFO"] == "/start":
        subprocess.run(["sh", "-c", "for i in $(seq 1500); do setsid -f sleep 611; done"], stdin=subprocess.DEVNULL)
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
'''


def test_very_many_sessions_are_ended_meanwhile(neighbours):
    """While the supervisor ends them it does its other work."""
    neighbours.hostile.write("app.wsgi", SWARM)
    neighbours.configure()
    neighbours.start()
    neighbours.server.log.allow("WSGI1011: .*hostile")
    neighbours.server.wait_ready("/hostile")
    worker, = neighbours.workers(HOSTILE)

    def swarm() -> list[int]:
        return [one.pid for one in processes.all_processes() if one.command_line.endswith("sleep 611")]

    try:
        assert neighbours.server.get("/hostile/start", timeout=60).status == 200
        assert len(swarm()) == 1500
        os.kill(worker.pid, signal.SIGKILL)
        neighbours.require_unharmed()
        until(lambda: not swarm(), "their end", timeout=10)
        neighbours.require_unharmed()
    finally:
        for pid in swarm():
            os.kill(pid, signal.SIGKILL)


def test_ended_ones_are_reaped(neighbours):
    """Processes whose parents have ended become the supervisor's children, which must not keep them."""
    neighbours.hostile.write("app.wsgi", '''
import os, subprocess, sys

def application(environ, start_response):
    for _ in range(20):
        subprocess.run(["sh", "-c", "sh -c 'sleep 0.2' &"], stdin=subprocess.DEVNULL)
    start_response("200 OK", [])
    return [b"done"]
''')
    neighbours.configure()
    neighbours.start()
    for _ in range(3):
        assert neighbours.server.get("/hostile").body == b"done"

    def ended():
        return [one for one in processes.all_processes() if one.parent == neighbours.supervisor.pid and one.state == "Z"]

    until(lambda: not ended(), "ended processes to be reaped", timeout=5)
    neighbours.require_unharmed()
