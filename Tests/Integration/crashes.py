"""Crashes of httpd itself, told apart from ours by the stack in the core file.

Known: when a child ends, the main thread of mod_mpm_event shuts down the connections that its threads serve, and one that
its thread has just destroyed crashes it (apr_os_sock_get, called by mod_mpm_event). It needs a connection that closes at
the very moment of a stop or a hard restart, and no module: about 1 of 40 stops under load, without this module as with it.
"""

import pathlib
import re
import resource
import shutil
import subprocess

import env

_KNOWN = re.compile(r"^#0 .*\bapr_os_sock_get \(\).*\n#1 .*/mod_mpm_event\.so", re.M)


def allow_cores() -> None:
    """Lets the processes of all servers write core files."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def are_httpds_own(folder: pathlib.Path) -> bool:
    """Whether there are core files, and each shows the known crash."""
    cores = list(folder.glob("core*"))
    return bool(cores) and bool(shutil.which("gdb")) and all(map(_is_known, cores))


def _is_known(core: pathlib.Path) -> bool:
    done = subprocess.run(["gdb", "-batch", "-nx", "-ex", "bt 3", env.httpd(), core], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    return bool(_KNOWN.search(done.stdout))
