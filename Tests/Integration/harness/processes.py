"""The processes of a server under test, read from /proc."""

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import pwd
import re

import env

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Makes orphaned descendants children of this process, so that the search for leaks finds all of them."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@dataclasses.dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    state: str
    name: str

    def __str__(self):
        return f"{self.pid} ({self.name}, state {self.state}, parent {self.parent}): {self.command_line!r}"

    @property
    def _folder(self) -> pathlib.Path:
        return pathlib.Path("/proc", str(self.pid))

    @property
    def command_line(self) -> str:
        try:
            return (self._folder / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""

    @property
    def user(self) -> str:
        return pwd.getpwuid(self._folder.stat().st_uid).pw_name

    @property
    def environment(self) -> dict[str, str]:
        try:
            words = (self._folder / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return {}
        return dict(word.partition("=")[::2] for word in words if word)

    @property
    def descriptors(self) -> dict[int, str]:
        found = {}
        with contextlib.suppress(OSError):
            for entry in os.listdir(self._folder / "fd"):
                with contextlib.suppress(OSError):
                    found[int(entry)] = os.readlink(self._folder / "fd" / entry)
        return found

    @property
    def maps(self) -> str:
        try:
            return (self._folder / "maps").read_text()
        except OSError:
            return ""

    @property
    def resident(self) -> int:
        """Resident memory in KiB."""
        for line in (self._folder / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0


def process(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:  # pathlib would take most of a scan's time
            text = file.read()
    except OSError:
        return None
    name = text[text.index("(") + 1:text.rindex(")")]
    state, parent = text[text.rindex(")") + 2:].split()[:2]
    return Process(pid, int(parent), state, name)


def all_processes() -> list[Process]:
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [found for pid in pids if (found := process(pid))]


def of_server(marker: str, root: pathlib.Path, leader: int | None) -> list[Process]:
    """The running processes of a server: by descent, by the marker in the environment, or by open files in its root."""
    everything = {found.pid: found for found in all_processes()}
    _reap(everything)
    inside = f"{root}/"

    def belongs(candidate: Process) -> bool:
        line = candidate
        while line and line.pid not in (1, os.getpid()):
            if line.pid == leader:
                return True
            line = everything.get(line.parent)
        if not line or line.pid != os.getpid():
            return False
        if candidate.environment.get(env.MARKER) == marker:
            return True
        return any(link.startswith(inside) for link in candidate.descriptors.values())

    return [one for one in everything.values() if one.state not in "ZX" and one.pid != os.getpid() and belongs(one)]


def _reap(everything: dict[int, Process]) -> None:
    """Waits for adopted orphans that have ended. Children started with subprocess are left to subprocess."""
    for one in everything.values():
        if one.parent == os.getpid() and one.state == "Z" and one.pid not in own_children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(one.pid, os.WNOHANG)


#: Children of this process that the code which started them waits for.
own_children: set[int] = set()


def peaks(server) -> dict[int, int]:
    """The peak resident memory of each process of the server, in KiB."""
    found = {}
    for process in server.processes():
        try:
            with open(f"/proc/{process.pid}/status") as status:
                found[process.pid] = int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])
        except (OSError, TypeError):
            pass
    return found
