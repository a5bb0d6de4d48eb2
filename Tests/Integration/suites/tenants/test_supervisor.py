"""A hostile site and the supervisor: nothing that the site's processes send, write or hold keeps it from its work."""

import os
import pathlib
import shutil
import signal
import time

import pytest

from polling import until
from tenants.neighbours import CONFIG, HOSTILE, OTHER, copy_python, lease

#: An application that does to the supervisor what its path says. It tries the pipe that is for it, and the socket that is not.
MISCHIEF = '''
import array, fcntl, mmap, os, random, signal, socket, struct, sys, time

PIPE, CONTROL = os.dup(7), socket.socket(fileno=os.dup(3))
kept = []

def tell(packet):
    sent = 0
    try:
        os.write(PIPE, packet[:4096])
        sent += 1
    except OSError:
        pass
    try:
        CONTROL.send(packet, socket.MSG_DONTWAIT)
        sent += 1
    except OSError:
        pass
    return sent

def string(text):
    return struct.pack("=I", len(text)) + text

def script(path):
    return string(path) + string(b"") + string(b"application") + b"\\1" + string(b"")

def in_processes(count, seconds, work):
    for _ in range(count):
        if os.fork() == 0:
            end = time.monotonic() + seconds
            try:
                while time.monotonic() < end:
                    work()
            finally:
                os._exit(0)

def garbage():
    noise = random.Random(1)
    for kind in range(64):
        for payload in (b"", b"\\0", b"\\xff" * 3, b"\\xff" * 4, b"\\xff" * 8, b"\\xff" * 64, string(b"x") + b"\\xff" * 9):
            tell(struct.pack("=I", kind) + payload)
            time.sleep(0.0005)
    for number in range(2000):
        tell(noise.randbytes(1 + number % 200))
        time.sleep(0.0005)
    # Without its mode the pipe keeps no packets apart.
    fcntl.fcntl(PIPE, fcntl.F_SETFL, 0)
    for number in range(500):
        tell(noise.randbytes(1 + 9 * number % 4096))
    return b"sent"

def ready():
    for _ in range(50000):
        tell(struct.pack("=I", 32))
    return b"sent"

def linger():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one = socket.create_connection(listener.getsockname())
    kept.append(listener.accept()[0])
    one.setblocking(False)
    try:
        while True:
            one.send(b"x" * 4096)
    except BlockingIOError:
        pass
    one.setblocking(True)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
    right = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()]))]
    try:
        # Those before it give the time to be the last who closes it.
        for _ in range(20):
            CONTROL.send(struct.pack("=I", 32))
        CONTROL.sendmsg([struct.pack("=I", 32)], right)
        answer = b"sent"
    except OSError as error:
        answer = str(error.strerror).encode()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
    os.close(one.detach())
    return answer

def flood():
    os.set_blocking(PIPE, True)
    CONTROL.setblocking(True)
    packet = struct.pack("=I", 32)
    def send():
        for _ in range(100):
            try:
                os.write(PIPE, packet)
            except OSError:
                pass
            try:
                CONTROL.send(packet)
            except OSError:
                pass
    in_processes(16, 8, send)
    return b"started"

def names(kind):
    os.set_blocking(PIPE, True)
    CONTROL.setblocking(True)
    number = iter(range(10**9))
    def send():
        path = b"/%016d" % next(number)
        for way, room in ((lambda packet: os.write(PIPE, packet), 3900), (CONTROL.send, 15000)):
            name = path + b"p" * room
            body = {46: string(name), 44: string(name) + struct.pack("=qB", 1, 1)}.get(kind) or script(name)
            try:
                way(struct.pack("=I", kind) + body)
            except OSError:
                pass
    in_processes(1, 8, send)
    return b"started"

def board():
    size = 63 << 20
    try:
        os.ftruncate(5, size)
        answer = b"grown"
    except OSError as error:
        answer = error.strerror.encode()
        size = os.fstat(5).st_size
    memory = mmap.mmap(5, size)
    record = struct.pack("=IIIHHQQ40s184s", 2, 1, 0, 65535, 65535, 1, 1, b"I\\n\\x1b[31m" * 5, b"L" * 184)
    count = (size - 64) // 256
    memory[0:20] = struct.pack("=IIIII", 1, 2, 2**32 - 1, 77, 78)
    memory[64:64 + 256 * count] = record * count
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    return answer

def crash():
    line = b"\\n[Fri Nov 27 00:00:00.000000 2026] [core:emerg] [pid 1] FORGED \\x1b[31m \\xc2\\x9b1m"
    os.lseek(6, 0, 0)
    for _ in range(1_000_000 // len(line)):
        try:
            os.write(6, line)
        except OSError:
            break
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    return b"written"

def shout():
    text = b"because\\n[Fri Nov 27 00:00:00.000000 2026] [core:emerg] [pid 1] FORGED \\x1b[31mred"
    problem = string(text) + string(b"/x") + struct.pack("=q", 1) + struct.pack("=I", 1) + string(b"one\\x1b]0;t\\x07\\n" + text)
    tell(struct.pack("=I", 34) + b"\\0" + string(text))
    tell(struct.pack("=I", 45) + script(text))
    tell(struct.pack("=I", 35) + b"\\0" + problem)
    tell(struct.pack("=I", 35) + problem)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    return b"told"

def application(environ, start_response):
    name, _, number = environ["PATH_INFO"].strip("/").partition("/")
    body = globals()[name](*map(int, filter(None, [number]))) if name else str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
'''

#: What the hostile site's own processes may come to.
OF_HOSTILE = (r"WSGI10(11|12|13|14): .*hostile", r"WSGI0028: .*hostile", "WSGI0116: ", "WSGI0117: ", "WSGI0146: ",
             r"\] (\[Fri Nov 27|because$|one\\x1b)")


@pytest.fixture
def mischief(neighbours):
    """Both sites, started; the function has the hostile one do something, and returns what it answers."""
    neighbours.configure()
    neighbours.hostile.write("app.wsgi", MISCHIEF)
    neighbours.start()
    neighbours.server.wait_ready("/hostile/")
    neighbours.remember()
    neighbours.server.log.allow(*OF_HOSTILE)

    def do(what: str) -> str:
        answer = neighbours.server.get(f"/hostile/{what}", timeout=60)
        assert answer.status == 200, f"{answer.status} {answer.body!r}"
        return answer.text

    do.neighbours = neighbours
    return do


@pytest.mark.parametrize("what", ["garbage", "ready"])
def test_packets_of_nonsense(mischief, what):
    mischief(what)
    mischief.neighbours.require_unharmed()


def test_no_descriptor_reaches_it(mischief):
    """To close a socket that lingers takes an hour."""
    assert mischief("linger") == "Broken pipe"
    time.sleep(0.3)
    mischief.neighbours.require_unharmed()


def test_sixteen_processes_send_all_the_time(mischief):
    mischief("flood")
    time.sleep(0.5)
    for _ in range(3):
        mischief.neighbours.require_unharmed()


@pytest.mark.parametrize("kind", [33, 44, 45, 46], ids=["loaded", "changed", "unusable", "loading"])
def test_names_of_scripts_without_end(mischief, kind):
    mischief(f"names/{kind}")
    for _ in range(3):
        time.sleep(1)
        mischief.neighbours.require_unharmed()


def test_a_board_that_says_anything(mischief):
    """It can neither be made larger nor say more than it has threads."""
    assert mischief("board") == "Operation not permitted"
    mischief.neighbours.server.log.wait_for("WSGI1011: .*hostile.*it was running ")
    mischief.neighbours.require_unharmed()
    assert len(mischief.neighbours.server.log.text()) < 100_000


def test_a_crash_text_that_forges_lines(mischief):
    mischief("crash")
    log = mischief.neighbours.server.log
    log.wait_for("WSGI1011: .*hostile.*SIGALRM")
    log.wait_for(r"\[wsgi:error\] \[pid \d+\] \[Fri Nov 27 .*FORGED \\x1b\[31m \\x9b1m")
    mischief.neighbours.require_unharmed()
    assert len(log.text()) < 300_000, "of a crash 64 KiB are kept"


def test_texts_that_forge_lines(mischief):
    mischief("shout")
    mischief.neighbours.server.log.wait_for(r"because\\n\[Fri Nov 27 .*FORGED \\x1b\[31mred")
    mischief.neighbours.require_unharmed()


def test_a_lease_on_the_sites_python(neighbours, platform):
    """Who executes the file waits 45 s for the lease: the site's own process does, and nobody else."""
    neighbours.configure(options="python-home=@HOSTILE_HOME@/venv")
    venv = copy_python(neighbours.hostile, platform.python.venv())
    python = venv / "bin" / "python"
    program = pathlib.Path(os.path.realpath(python))

    def exchange():
        python.unlink()
        shutil.copy(program, python)
        neighbours.hostile.own()

    exchange()
    neighbours.start()
    neighbours.server.wait_ready("/hostile")
    neighbours.remember()
    exchange()
    with lease(neighbours.hostile, python):
        worker, = neighbours.workers(HOSTILE)
        neighbours.server.log.allow(*OF_HOSTILE)
        os.kill(worker.pid, signal.SIGKILL)
        for _ in range(3):
            time.sleep(1)
            neighbours.require_unharmed()
        neighbours.server.log.wait_for("WSGI0028: .*hostile.*did not begin to run .* within 10 s", timeout=15)
        neighbours.require_unharmed()
    neighbours.server.wait_ready("/hostile")


def test_a_stopped_supervisor_is_replaced(neighbours):
    """Within 30 s; meanwhile everything but replacements goes on, and so do graceful restarts."""
    neighbours.configure()
    neighbours.start()
    server, stopped = neighbours.server, neighbours.supervisor.pid
    server.log.expect(r"WSGI1010: .*\(pid %d\) has not responded for 19 s" % stopped)
    server.log.allow("WSGI1011: .*", "WSGI0117: ", "WSGI0146: ", "WSGI0084: ", "WSGI0145: ", "AH00")
    os.kill(stopped, signal.SIGSTOP)
    begun, restarts = time.monotonic(), 0
    while supervisors(server) in ([stopped], []):
        passed = time.monotonic() - begun
        assert passed < 35, "it was not replaced in time"
        assert server.get("/ready.txt", timeout=5).status == 200
        assert server.get("/other", timeout=5).status == 200, "its process goes on"
        if restarts < 2 and passed > 3 * restarts + 1:
            server.graceful()
            restarts += 1
        time.sleep(0.2)
    server.wait_ready("/other")
    until(lambda: len(neighbours.workers(OTHER)) == 1, "the processes of the new supervisor")
    neighbours.require_unharmed(same_supervisor=False)


def test_httpd_stops_with_a_stopped_supervisor(neighbours):
    neighbours.configure()
    neighbours.start()
    os.kill(neighbours.supervisor.pid, signal.SIGSTOP)
    begun = time.monotonic()
    neighbours.server.stop()
    assert time.monotonic() - begun < 10


def supervisors(server) -> list[int]:
    return [one.pid for one in server.supervisors()]


SCRIBBLER = '''
import ctypes, os, re

def application(environ, start_response):
    answer = []
    for line in open("/proc/self/maps"):
        if "wsgi-scoreboard" in line:
            start = int(line.split("-")[0], 16)
            for group in range(1024):
                ctypes.c_uint64.from_address(start + 64 + 4 * 2048 + 128 * group + 8).value = 1 << 32 | 2
            answer.append("written")
    for number in os.listdir("/proc/self/fd"):
        try:
            if "memfd:wsgi" in os.readlink("/proc/self/fd/" + number):
                os.ftruncate(int(number), 0)
                answer.append("cut off")
        except OSError as error:
            pass
    start_response("200 OK", [])
    return [" ".join(answer).encode()]
'''


def test_embedded_code_that_damages_the_scoreboard(neighbours):
    """httpd's parent, which is root, reads it when a child has ended."""
    neighbours.other.write("scribble.wsgi", SCRIBBLER)
    neighbours.configure(
        CONFIG.replace("WSGIRestrictEmbedded On", "WSGIRestrictEmbedded Off") + """
        WSGIScriptAlias /scribble @OTHER_HOME@/scribble.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}
        """)
    neighbours.start()
    server = neighbours.server
    server.log.allow("WSGI1004", "AH00", "WSGI0146")
    assert server.get("/scribble").text == "written"
    neighbours.require_unharmed()
    assert server.get("/scribble").text == "written"
    child = neighbours.child.pid
    os.kill(child, signal.SIGKILL)
    until(lambda: neighbours.server.get("/ready.txt").status == 200, "another child")
    server.log.wait_for(r"WSGI1018: .*was damaged and has been repaired \d+ times", timeout=25)
    neighbours.remember()
    neighbours.require_unharmed()
    server.graceful()
    server.wait_ready("/other")
