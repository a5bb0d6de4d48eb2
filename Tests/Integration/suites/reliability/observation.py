"""What the clients and the application have noted, put together: which request was where, and when."""

import collections
import dataclasses
import pathlib
import subprocess
import sys
import tempfile

import env
import processes

CLIENTS = pathlib.Path(__file__).parent / "clients.py"

#: Everything that is logged but a crash, for proofs in which processes are ended, and things fail, all the time.
ANY_BUT_CRASHES = r"^(?!.*(exit signal (Seg|Abo|Tra|Ill|Bus)|SIG(SEGV|ABRT|TRAP|ILL|BUS)|Fatal|Sanitizer))"


class Lines:
    """The complete lines that were added to a file since the last look."""

    def __init__(self, path: pathlib.Path):
        self._path, self._offset, self._rest = path, 0, b""

    def new(self) -> list[str]:
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode() for line in lines]


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One request as its client saw it."""

    name: str
    kind: str
    begin: float
    end: float
    outcome: str
    port: int
    detail: str

    @classmethod
    def parse(cls, line: str) -> "Attempt":
        name, kind, begin, end, outcome, port, detail = line.split(" ", 6)
        return cls(name, kind, float(begin), float(end), outcome, int(port), detail)

    @property
    def failed(self) -> bool:
        return self.outcome not in ("ok", "closed")

    @property
    def is_static(self) -> bool:
        return self.kind == "static"


class Application:
    """Who is inside the application, from its own notes."""

    def __init__(self, server):
        self._lines = Lines(server.scratch / "notes")
        #: By request, the processes that it has entered, with the time; those that are accounted for are forgotten.
        self.entries: dict[str, list[tuple[int, float]]] = collections.defaultdict(list)
        #: By process, the requests inside.
        self.inside: dict[int, set[str]] = collections.defaultdict(set)
        #: Processes that do not count any more.
        self.gone: set[int] = set()
        #: Every process that was ever entered.
        self.seen: set[int] = set()

    def update(self, wanted: int = 0) -> float | None:
        """Takes in the new notes. The time at which `wanted` requests were inside processes that count, if it came."""
        when = None
        for line in self._lines.new():
            what, name, pid, time = line.split()
            pid, time = int(pid), float(time)
            self.seen.add(pid)
            if what == "E":
                self.entries[name].append((pid, time))
                self.inside[pid].add(name)
            else:
                self.inside[pid].discard(name)
            if when is None and wanted and self.count >= wanted:
                when = time
        return when

    @property
    def count(self) -> int:
        """Requests inside processes that count."""
        return sum(len(names) for pid, names in self.inside.items() if pid not in self.gone)


class Clients:
    """The process of the clients, and what they have recorded. Use as a context manager."""

    def __init__(self, server, seed: int, **counts: int):
        # Not in the server's own folder: whoever has a file open there counts as one of its processes.
        self._folder = tempfile.TemporaryDirectory(prefix="wsgi-clients-")
        self._path = pathlib.Path(self._folder.name, "records")
        self._lines = Lines(self._path)
        words = [f"{kind}={count}" for kind, count in counts.items()]
        self._command = [sys.executable, "-B", CLIENTS, str(server.port), self._path, str(seed), *words]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, text=True,
                                         env={"PYTHONPATH": str(env.HARNESS), "PATH": "/usr/bin:/bin"})
        processes.own_children.add(self._process.pid)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        processes.own_children.discard(self._process.pid)
        self._folder.cleanup()

    def probe(self, on: bool) -> None:
        """Wakes or rests the clients of the kind `probe`."""
        self._process.stdin.write(f"probe {'on' if on else 'off'}\n")
        self._process.stdin.flush()

    def new(self) -> list[Attempt]:
        """What was recorded since the last look."""
        assert self._process.poll() is None, "the clients have ended"
        return [Attempt.parse(line) for line in self._lines.new()]


def ports_of(pid: int, server_port: int) -> set[int]:
    """The clients' ports of the TCP connections that a process has."""
    owned = set()
    for link in pathlib.Path("/proc", str(pid), "fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            owned.add(target[8:-1])
    ports = set()
    for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        if int(fields[1].split(":")[1], 16) == server_port and fields[9] in owned:
            ports.add(int(fields[2].split(":")[1], 16))
    return ports


def spread(values) -> str:
    """Median, 95th percentile and maximum, in milliseconds."""
    values = sorted(values)
    if not values:
        return "-"
    return " / ".join(f"{values[min(int(len(values) * share), len(values) - 1)] * 1000:.0f}" for share in (0.5, 0.95, 1))
