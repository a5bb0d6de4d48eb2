"""What connections between httpd and daemon processes are like: buffers, queues, waiting times, stacks."""

import concurrent.futures
import contextlib
import ctypes
import os
import signal
import socket
import time

import pytest

from evaluation import ask, configuration
from polling import LATE, until

_PIDFD_GETFD = 438


def descriptor_of(pid, number) -> socket.socket:
    """A copy of a socket of another process."""
    process = os.pidfd_open(pid)
    try:
        copy = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, process, number, 0)
    finally:
        os.close(process)
    if copy < 0:
        pytest.skip(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
    return socket.socket(fileno=copy)


def buffers(pid) -> dict[int, tuple[int, int]]:
    """Send and receive buffer of each UNIX stream socket of a process, by descriptor."""
    found = {}
    for number in map(int, os.listdir(f"/proc/{pid}/fd")):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{number}")
        except FileNotFoundError:  # closed meanwhile
            continue
        if not target.startswith("socket:"):
            continue
        with descriptor_of(pid, number) as one:
            if (one.family, one.type) == (socket.AF_UNIX, socket.SOCK_STREAM):
                found[number] = tuple(one.getsockopt(socket.SOL_SOCKET, name)
                                      for name in (socket.SO_SNDBUF, socket.SO_RCVBUF))
    return found


def test_sizes_of_buffers(launch):
    server = launch(configuration("daemon", "send-buffer-size=40000 receive-buffer-size=24000"))
    pid, child = ask(server, "import os\n[os.getpid(), int(environ['mod_wsgi.server_pid'])]")
    # The kernel doubles what is asked for. Number 4 is the listening socket; the connection is kept.
    found = buffers(pid)
    assert found.pop(4) == (80000, 48000)
    assert set(found.values()) == {(80000, 48000)}
    # What httpd sends is what the process receives ahead.
    assert (48000, 80000) in buffers(child).values()


def test_default_sizes_of_buffers(launch):
    server = launch(configuration("daemon"))
    with socket.socket(socket.AF_UNIX) as fresh:
        default = tuple(fresh.getsockopt(socket.SOL_SOCKET, name) for name in (socket.SO_SNDBUF, socket.SO_RCVBUF))
    assert set(buffers(ask(server, "import os\nos.getpid()")).values()) == {default}


def test_sizes_change_at_a_graceful_restart(launch):
    server = launch(configuration("daemon"))
    server.reconfigure(configuration("daemon", "send-buffer-size=40000"))
    server.graceful()

    def is_new() -> bool:
        with contextlib.suppress(OSError):  # the former process may end meanwhile
            return buffers(ask(server, "import os\nos.getpid()")).get(4, (0,))[0] == 80000
        return False

    until(is_new, "the new size")


def test_bodies_larger_than_small_buffers_pass_in_both_directions(launch):
    server = launch(configuration("daemon", "send-buffer-size=512 receive-buffer-size=512"))
    text = "x" * 3_000_000
    assert ask(server, f"len('{text}')") == len(text)
    assert ask(server, "'x' * 3_000_000") == text


STACK = """
import ctypes
library = ctypes.CDLL(None)
library.pthread_self.restype = ctypes.c_void_p
attributes = ctypes.create_string_buffer(256)
size = ctypes.c_size_t()
library.pthread_getattr_np(ctypes.c_void_p(library.pthread_self()), attributes)
library.pthread_attr_getstacksize(attributes, ctypes.byref(size))
size.value
"""


@pytest.mark.parametrize("option, size", [("stack-size=4M", 4 << 20), ("stack-size=655360", 655360)])
def test_stack_of_request_threads(launch, option, size):
    server = launch(configuration("daemon", option))
    assert size <= ask(server, STACK) < size + (64 << 10)


WAITING = """
WSGIDaemonProcess main python-home=@VENV@ processes=1 @OPTIONS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIScriptAlias /wait @APPS@/wait/app.wsgi
WSGIScriptAlias /pid @APPS@/pid/app.wsgi
"""


def timed(server, path, **options):
    began = time.monotonic()
    status = server.get(path, **options).status
    return status, time.monotonic() - began


def test_as_many_requests_wait_as_the_backlog_says(launch):
    server = launch(WAITING, OPTIONS="threads=1 listen-backlog=2")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        first = pool.submit(server.get, "/wait?0")
        server.note("began-0")
        others = [pool.submit(server.get, f"/wait?{number}") for number in range(1, 6)]
        until(lambda: sum(other.done() for other in others) == 3, "the requests beyond the backlog to be refused")
        assert {other.result().status for other in others if other.done()} == {503}
        server.log.wait_for("WSGI0116: .*'main'")
        server.tell("go")
        assert first.result().status == 200
        assert sorted(other.result().status for other in others) == [200, 200, 503, 503, 503]


def test_a_request_that_waits_too_long_for_a_thread(launch):
    server = launch(WAITING, OPTIONS="threads=1 queue-timeout=1")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first = pool.submit(server.get, "/wait?0")
        server.note("began-0")
        status, took = timed(server, "/wait?1")
        assert status == 504 and 0.9 < took < 1 + LATE
        server.log.wait_for(r"WSGI0084: .*'main': no thread became free within 1 s \(queue-timeout\)")
        server.tell("go")
        assert first.result().status == 200
    assert not (server.scratch / "began-1").exists()
    assert server.get("/pid").status == 200


def test_the_backlog_of_the_socket(launch):
    server = launch(configuration("daemon", "listen-backlog=7"))
    table = os.popen("ss -xlH").read()
    line = next((line for line in table.splitlines() if f"{server.root}/run/wsgi" in line), None)
    if line is None:
        pytest.skip("there is no ss")
    assert line.split()[3] == "7"


def stopped(server, pid):
    """A process that takes no connections, until it is continued."""
    server.kill(pid, signal.SIGSTOP)
    return pid


def test_a_connection_waits_as_long_as_connect_timeout_says(launch):
    # Two connections may wait at the socket; a third finds no room there.
    server = launch(WAITING, OPTIONS="threads=6 listen-backlog=1 connect-timeout=1 socket-timeout=20")
    pid = stopped(server, int(server.get("/pid", headers={"Connection": "close"}).text))
    try:
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            answers = [pool.submit(timed, server, "/pid") for _ in range(5)]
            until(lambda: sum(answer.done() for answer in answers) >= 2, "the requests without a connection to end")
            ended = [answer.result() for answer in answers if answer.done()]
            assert {status for status, _ in ended} == {503}
            assert all(1 <= seconds < 1 + LATE for _, seconds in ended)
            server.log.wait_for("WSGI0117: |WSGI0116: ")
            server.kill(pid, signal.SIGCONT)
            assert 200 in {answer.result()[0] for answer in answers}
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_answer_is_waited_for_as_long_as_socket_timeout_says(launch):
    server = launch(WAITING, OPTIONS="threads=2 socket-timeout=1 connect-timeout=1")
    status, seconds = timed(server, "/wait?1")
    assert status == 504 and 1 <= seconds < 1 + LATE
    server.log.wait_for("WSGI0145: ")
    server.tell("go")
    server.log.allow("WSGI")  # what the process says of a connection that has gone


def test_socket_timeout_is_that_of_httpd_by_default(launch):
    server = launch("Timeout 2\n" + WAITING, OPTIONS="threads=2")
    status, seconds = timed(server, "/wait?1")
    assert status == 504 and 2 <= seconds < 2 + LATE
    server.log.wait_for("WSGI0145: ")
    server.tell("go")
    server.log.allow("WSGI")
