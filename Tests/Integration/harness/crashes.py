"""Crashes of httpd itself, distinguished from crashes of this module by the stack in the core file.

A known crash: when a child ends, the main thread of mod_mpm_event shuts down the connections that its threads serve. It
crashes on a connection that its thread has just destroyed (apr_os_sock_get, called by mod_mpm_event). This requires a
connection that closes at the moment of a stop or a hard restart, but no module: it happens in about 1 of 40 stops under
load, with and without this module.

If it does not crash, it writes to memory that it no longer owns. This was seen twice in about 5,000 stops: a thread
that waits in httpd's own queue wakes up after the memory of the queue was freed (ap_queue_pop_something, called by
mod_mpm_event).
"""

import pathlib
import re
import resource
import shutil
import subprocess

import env

# mod_mpm_event gets the socket's descriptor, sets its timeout and closes it.
_SOCKET = r"(#\d+ .*/libapr-1\.so.*\n)*#\d+ .*\bapr_(os_sock_get|socket_timeout_set|socket_close) \(\).*\n"
_QUEUE = r"(#\d+ .*\b(futex_wait|\w*lll_lock_wait|\w*pthread_\w+) \(.*\n)+#\d+ .*\bap_queue_pop_something \(\).*\n"
_KNOWN = re.compile(rf"({_SOCKET}|{_QUEUE})#\d+ .*/mod_mpm_event\.so")


def allow_cores() -> None:
    """Allows the processes of all servers to write core files."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def stacks(folder: pathlib.Path) -> list[str]:
    """The stack of the thread that crashed, for each core file."""
    if not shutil.which("gdb"):
        return []
    return [_stack(core) for core in sorted(folder.glob("core*"))]


def is_httpds_own(stack: str) -> bool:
    """Whether the stack shows a known crash of httpd."""
    return bool(_KNOWN.match(stack))


def _stack(core: pathlib.Path) -> str:
    """The stack of the thread that crashed and, unless the crash is a known one, the stacks of the other threads."""
    frames = [line for line in _ask(core, "bt 20").splitlines() if line.startswith("#")]
    # gdb shows the innermost frame twice: after it has loaded the file, and in the stack.
    stack = "\n".join(frames[1:])
    return stack if is_httpds_own(stack) else f"{stack}\n{_ask(core, 'thread apply all bt 20')}"


def _ask(core: pathlib.Path, command: str) -> str:
    done = subprocess.run(["gdb", "-batch", "-nx", "-ex", command, env.httpd(), core], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    return done.stdout or done.stderr
