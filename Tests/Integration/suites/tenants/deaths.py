"""Ways of a worker to die, or to stop."""

import os
import resource
import socket
import time

from worker_protocol import END, data, head


# Ways to die. Each is called with the connection of a request.

def _signal(number):
    return lambda connection: os.kill(os.getpid(), number)


def _exit(code):
    return lambda connection: os._exit(code)


def _after(first, then):
    def die(connection):
        connection.send(*first)
        time.sleep(0.1)
        then(connection)
    return die


def _close_all(connection):
    os.closerange(0, 4096)
    time.sleep(30)


def _close_control(connection):
    with socket.socket(fileno=os.dup(3)) as control:
        control.shutdown(socket.SHUT_RDWR)
    time.sleep(30)


def _no_descriptors(connection):
    """No further connection can be accepted."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    connection.send(head(), data(b"body"), END)
    time.sleep(2)
    os._exit(1)


def _no_memory(connection):
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))
    try:
        bytearray(1 << 26)
    finally:
        os._exit(1)


def _overflow(connection):
    """A stack that has no room any more."""
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 16, 1 << 16))
    os.execv("/proc/self/exe", ["python"] + ["x" * 60000])


def _exec(*words):
    return lambda connection: os.execv(words[0], words)


def _leave_to_a_fork(connection):
    """The connection goes on in another process, whose end the child waits for."""
    if os.fork():
        os._exit(0)
    time.sleep(0.3)
    connection.send(head(), data(b"late"), END)
    os._exit(0)


def _fork_many(connection):
    for _ in range(30):
        if os.fork() == 0:
            time.sleep(0.5)
            os._exit(0)
    os._exit(0)


def _kill_session(connection):
    os.killpg(0, 9)


def _use_processor(connection):
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    while True:
        pass


def _stop_and_go(connection):
    """Stopped for longer than a request waits, and then killed by what it has left behind."""
    if os.fork() == 0:
        time.sleep(4)
        os.kill(os.getppid(), 9)
        os._exit(0)
    os.kill(os.getpid(), 19)


DEATHS = {
    "an exit with 0": _exit(0),
    "an exit with 255": _exit(255),
    "an exit after the head": _after([head()], _exit(1)),
    "an exit within a block": _after([head(), data(b"body", length=100)], _exit(1)),
    "an exit behind the answer": _after([head(), data(b"body"), END], _exit(1)),
    "SIGKILL": _signal(9),
    "SIGSEGV": _signal(11),
    "SIGABRT": _signal(6),
    "SIGBUS": _signal(7),
    "SIGILL": _signal(4),
    "SIGTERM without a handler": _signal(15),
    "SIGXCPU": _signal(24),
    "SIGSTOP": _stop_and_go,
    "its whole session": _kill_session,
    "all descriptors closed": _close_all,
    "the control socket closed": _close_control,
    "no descriptors left": _no_descriptors,
    "no memory left": _no_memory,
    "an argument too long": _overflow,
    "another program": _exec("/bin/true"),
    "another program that stays": _exec("/bin/sleep", "1"),
    "a fork that answers": _leave_to_a_fork,
    "many forks": _fork_many,
    "no processor time left": _use_processor,
}

DEATH_SAMPLE = ["an exit within a block", "SIGSEGV", "all descriptors closed"]
