"""Faults in system calls of a running process, by strace; and which calls a process makes."""

import collections
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import processes
from polling import until

_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed)")


def is_possible() -> bool:
    """Whether strace is there and may trace."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


class Strace:
    """Traces a process, with a fault or without. Use as a context manager around what is to go wrong."""

    def __init__(self, pid: int, *, follow: bool, calls: str = "all", fault: str | None = None):
        self._pid, self._follow = pid, follow
        self._folder = tempfile.TemporaryDirectory(prefix="wsgi-strace-")
        self._log = pathlib.Path(self._folder.name, "log")
        self._words = ["strace", *(["-f"] if follow else []), "-qq", "-s", "40", "-o", self._log, "-e", f"trace={calls}"]
        if fault:
            self._words += ["-e", f"inject={calls}:{fault}"]

    def __enter__(self):
        self._process = subprocess.Popen([*self._words, "-p", str(self._pid)], stderr=subprocess.PIPE, text=True,
                                         start_new_session=True)
        processes.own_children.add(self._process.pid)
        until(lambda: self._is_attached() or self._process.poll() is not None, "strace to attach", timeout=10,
              interval=0.005)
        return self

    def _is_attached(self) -> bool:
        tasks = pathlib.Path("/proc", str(self._pid), "task")
        try:
            tasks = list(tasks.iterdir()) if self._follow else [tasks / str(self._pid)]
            return all("TracerPid:\t0\n" not in (task / "status").read_text() for task in tasks)
        except OSError:
            return True

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()
        processes.own_children.discard(self._process.pid)
        self.lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        self._folder.cleanup()
        # What the tracer held up goes on.
        time.sleep(0.02)

    def injected(self) -> list[str]:
        """The calls that failed on purpose."""
        return [line.partition(" ")[2].strip() for line in self.lines if "(INJECTED)" in line]

    def counts(self) -> dict[str, int]:
        """How often each call was made, by the thread that made it most often."""
        found = collections.Counter()
        for line in self.lines:
            if "resumed>" not in line and (match := _CALL.match(line if self._follow else f"0 {line}")):
                found[match[1], match[2]] += 1
        most: dict[str, int] = {}
        for (_, call), count in found.items():
            most[call] = max(most.get(call, 0), count)
        return most
