"""Two sites of two owners in one httpd: one is hostile, and the other must not notice.

A test starts both with the fixture `neighbours`, lets the hostile site do what it does, and then calls
`require_unharmed()`, which checks what is promised to the other site and to httpd itself.
"""

import collections.abc
import contextlib
import dataclasses
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import time

import client
import processes
from polling import until
from shared_server import group_of

#: The accounts of the sites, which each Debian has; neither is httpd's own.
HOSTILE, OTHER = "games", "backup"

#: How soon the other site must answer, and have a process again when its only one was killed; in seconds.
WITHIN = 1.0

#: What httpd's children and the supervisor may have grown by, in KiB and descriptors.
GROWTH, DESCRIPTORS = 16 * 1024, 8

#: How a line of the error log begins that httpd, the module or an application's log stream has written.
_OWN_LINE = re.compile(r"\[\w{3} \w{3} \d\d [\d:.]+ \d{4}\] \[")

CONFIG = """
WSGIRestrictEmbedded On
MaxRequestWorkers 16
MaxSpareThreads 16
<Directory "@ROOT@/sites">
    Require all granted
</Directory>
WSGIDaemonProcess hostile user=@HOSTILE@ group=@HOSTILE_GROUP@ processes=1 threads=4 @HOSTILE_OPTIONS@
WSGIDaemonProcess other user=@OTHER_SITE@ group=@OTHER_GROUP@ processes=1 threads=4 python-home=@VENV@
WSGIScriptAlias /hostile @HOSTILE_HOME@/app.wsgi process-group=hostile application-group=%{GLOBAL}
WSGIScriptAlias /other @OTHER_HOME@/app.wsgi process-group=other application-group=%{GLOBAL}
"""

HELLO = '''
import os

def application(environ, start_response):
    body = f"{os.getpid()} {environ['PATH_INFO']}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
'''


@dataclasses.dataclass
class Site:
    """A folder that belongs to its user."""

    user: str
    home: pathlib.Path

    def write(self, name: str, text: str, mode: int = 0o644) -> pathlib.Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        self.own()
        return path

    def own(self) -> None:
        """Gives all that is in the folder to the site's user, links themselves and not their targets."""
        subprocess.run(["chown", "-hR", f"{self.user}:{group_of(self.user)}", self.home], check=True)

    def run(self, *words: str, **options) -> subprocess.CompletedProcess:
        """Runs a program as the site's user, without further groups."""
        return subprocess.run(self.command(*words), check=True, timeout=30, **options)

    def command(self, *words: str) -> list[str]:
        """The words that run a program as the site's user."""
        return ["setpriv", "--reuid", self.user, "--regid", group_of(self.user), "--clear-groups", *map(str, words)]


class Neighbours:
    """The server of both sites. `hostile` and `other` are their folders."""

    def __init__(self, server):
        self.server = server
        self._back = 0.0  # when the other site's process was there last after it had been killed
        self.hostile = Site(HOSTILE, server.root / "sites" / "hostile")
        self.other = Site(OTHER, server.root / "sites" / "other")
        for site in (self.hostile, self.other):
            site.home.mkdir(parents=True)
            site.write("app.wsgi", HELLO)

    def configure(self, configuration: str = CONFIG, *, options: str = "python-home=@VENV@", **values) -> None:
        """Lays out the configuration; `options` are the hostile group's, as its owner's administrator wrote them."""
        self.server.configure(
            configuration.replace("@HOSTILE_OPTIONS@", options), HOSTILE=HOSTILE, HOSTILE_GROUP=group_of(HOSTILE),
            OTHER_SITE=OTHER, OTHER_GROUP=group_of(OTHER), HOSTILE_HOME=self.hostile.home,
            OTHER_HOME=self.other.home, **values)

    def change(self, former: str, newer: str) -> None:
        """Replaces a part of the configuration that httpd reads at its next restart."""
        text = self.server.config_file.read_text()
        assert former in text, f"the configuration has no {former!r}"
        self.server.config_file.write_text(text.replace(former, newer))

    def start(self) -> "Neighbours":
        self.server.start()
        self.server.wait_ready("/other")
        self.remember()
        return self

    # What must stay as it is

    def remember(self) -> None:
        """Notes the processes, their memory and their descriptors: what follows is compared with them."""
        self._before = {one.pid: (one.resident, len(one.descriptors)) for one in self._lasting()}
        self._log_length = len(self.server.log.lines())

    def _lasting(self) -> list[processes.Process]:
        """httpd's parent and children, and the supervisor."""
        return self.server.supervisors() + [one for one in self.server.processes() if one.name in ("apache2", "httpd")]

    def children(self) -> set[int]:
        """httpd's children."""
        return {one.pid for one in self._lasting() if one.parent == self.server.pid and one.name in ("apache2", "httpd")}

    @property
    def supervisor(self) -> processes.Process:
        return self.server.supervisors()[0]

    @property
    def child(self) -> processes.Process:
        """httpd's only child."""
        return next(one for one in self.server.processes()
                    if one.name in ("apache2", "httpd") and one.parent == self.server.pid)

    def workers(self, user: str) -> list[processes.Process]:
        """The daemon processes of a site, by its user."""
        parent = self.supervisor.pid
        return [one for one in self.server.processes()
                if one.parent == parent and _user(one) == user and one.name != "wsgi-files"]

    def require_unharmed(self, *, same_supervisor: bool = True, growth: int = GROWTH, kill: bool = True) -> None:
        """Fails unless the other site, static files and the processes that last are as they should be.

        growth: the memory by which each of the lasting processes may have grown, in KiB.
        kill: whether the other site's only process is killed, too: its successor must be there within a second.
        """
        self._require_answers()
        if kill:
            self._require_successor()
        self._require_same(same_supervisor, growth)
        self.require_clean_log()

    def is_unharmed(self) -> bool:
        try:
            self.require_unharmed(kill=False)
        except AssertionError:
            return False
        return True

    def _require_answers(self) -> None:
        for path, expected in (("/ready.txt", b"ready\n"), ("/other/path", b"/path")):
            begun = time.monotonic()
            answer = self.server.get(path, timeout=5)
            taken = time.monotonic() - begun
            assert answer.status == 200 and answer.body.endswith(expected), f"{path}: {answer.status} {answer.body[:200]!r}"
            assert taken < WITHIN, f"{path} was answered after {taken:.2f} s"

    def _require_successor(self) -> None:
        time.sleep(max(0.0, self._back + 1.2 - time.monotonic()))  # one that ends earlier is a start that has failed
        pids = {one.pid for one in self.workers(OTHER)}
        assert len(pids) == 1, f"processes of the other site: {pids}"
        begun = time.monotonic()
        os.kill(*pids, 9)
        until(lambda: self._pid_that_answers() not in pids | {None}, "the other site's process to be back", timeout=10)
        self._back = time.monotonic()
        taken = self._back - begun
        self.server.log.allow("WSGI1011: .* of group .other. .* was ended by SIGKILL")
        # A thread of it may have read a request just before.
        self.server.log.allow("WSGI0146: Process group 'other'")
        assert taken < WITHIN, f"the other site's killed process was back after {taken:.2f} s"

    def _pid_that_answers(self) -> int | None:
        try:
            answer = self.server.get("/other", timeout=5)
        except (OSError, client.Cut):
            return None
        return int(answer.body.split()[0]) if answer.status == 200 else None

    def _require_same(self, same_supervisor: bool, growth: int) -> None:
        def faults():
            now = {one.pid: one for one in self._lasting()}
            for pid, (resident, descriptors) in self._before.items():
                if pid not in now:
                    if same_supervisor or processes.process(pid):
                        yield f"process {pid} is gone"
                elif now[pid].resident > resident + growth:
                    yield f"{now[pid]} grew from {resident} to {now[pid].resident} KiB"
                elif len(now[pid].descriptors) > descriptors + DESCRIPTORS:
                    yield f"{now[pid]} has {now[pid].descriptors}, had {descriptors}"

        try:
            until(lambda: not list(faults()), "", timeout=5, interval=0.1)
        except AssertionError:
            raise AssertionError("\n".join(faults())) from None

    def require_clean_log(self) -> None:
        """Fails if a line of the error log does not begin as httpd's lines do, or has a control character."""
        raw = [line for line in self.server.log.lines()[self._log_length:]
               if not _OWN_LINE.match(line) or any(ord(letter) < 32 and letter != "\t" for letter in line)]
        assert not raw, f"lines that somebody else wrote: {raw[:5]}"


def _user(one: processes.Process) -> str:
    try:
        return one.user
    except OSError:
        return ""


def copy_python(site: Site, venv: pathlib.Path, name: str = "venv") -> pathlib.Path:
    """A virtual environment of the site's own, whose files the site's user may exchange."""
    target = site.home / name
    shutil.copytree(venv, target, symlinks=True)
    site.own()
    return target


_HOLDER = """
import fcntl, os, signal, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDONLY)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def lease(site: Site, path) -> collections.abc.Iterator[None]:
    """The site's user holds a lease on one of its files: whoever opens the file waits."""
    with subprocess.Popen(site.command("/usr/bin/python3", "-c", _HOLDER, path), stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.kill()


#: For applications: the process's own UNIX stream sockets from this number on, those of httpd among them, as further descriptors.
SOCKETS = '''
import os, socket, stat

def sockets(first):
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) >= first and stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                one = socket.socket(fileno=os.dup(int(name)))
                if (one.family, one.type) == (socket.AF_UNIX, socket.SOCK_STREAM):
                    yield one
        except OSError:
            pass
'''


def requires_root() -> bool:
    return os.geteuid() == 0 and all(_exists(user) for user in (HOSTILE, OTHER))


def _exists(user: str) -> bool:
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False
