"""Resources that a server must not leave behind, and resources that must not grow while it serves."""

import os
import pathlib
import stat

import processes
from audit import Damage
from polling import STOP, until


def sockets_in(folder: pathlib.Path) -> list[str]:
    """Socket files below `folder`."""
    return [str(path) for path in folder.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]


def shared_memory() -> set[str]:
    """The names of POSIX shared memory objects, and System V segments with their creators."""
    names = {f"/dev/shm/{name}" for name in os.listdir("/dev/shm")}
    with open("/proc/sysvipc/shm") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return names | {f"sysv {row[1]} of pid {row[4]}" for row in rows}


def left_after_stop(server) -> list[str]:
    """Leftovers of `server` after its stop: processes, socket files, shared memory."""
    def gone():
        return not server.processes()

    try:
        until(gone, "", timeout=STOP)
    except AssertionError:
        pass
    faults = [f"process left: {one}" for one in server.processes()]
    faults += [f"socket file left: {path}" for path in sockets_in(server.root)]
    pids = "|".join(map(str, server.leaders))
    mine = [name for name in shared_memory() - server.shared_memory_before
            if "wsgi" in name or any(name.endswith(f"pid {pid}") for pid in server.leaders)]
    faults += [f"shared memory left: {name} (httpd was {pids})" for name in mine]
    return list(map(Damage, faults))


class DescriptorAudit:
    """Descriptor counts of the processes that continue after a test: the httpd parent and the supervisor."""

    def __init__(self, server):
        watched = [one for one in server.processes() if one.pid == server.pid or one.name.startswith("wsgi-super")]
        self._before = {one.pid: len(one.descriptors) for one in watched}

    def faults(self) -> list[str]:
        """Processes that have more descriptors than before. Waits, because descriptors may be closed with a delay."""
        def grown():
            now = {pid: processes.process(pid) for pid in self._before}
            counts = {pid: len(one.descriptors) for pid, one in now.items() if one}
            return {pid: (self._before[pid], count) for pid, count in counts.items() if count > self._before[pid]}

        try:
            until(lambda: not grown(), "", timeout=10, interval=0.1)
            return []
        except AssertionError:
            names = {pid: processes.process(pid) for pid in grown()}
            return [Damage(f"descriptors grew from {a} to {b} in {names[pid]}: {names[pid].descriptors}")
                    for pid, (a, b) in grown().items()]
