"""System calls that fail for want of descriptors, memory, processes or space: no crash, no hang, no wrong answer.

strace attaches to one process of a server, lets the n-th call of a kind fail (or all of them) while something happens, and lets go:
then everything must be as before. Which calls there are is found out by tracing the same without a fault. `make fault-test`
tries every call; without WSGI_FAULTS=all it is a few, chosen by WSGI_SEED.
"""

import collections
import concurrent.futures
import dataclasses
import hashlib
import os
import random
import re
import signal
import subprocess
import time

import pytest

import client
import env
import processes
from polling import until
from reliability.observation import ANY_BUT_CRASHES
from reliability.strace import Strace, is_possible

FAULTS = os.environ.get("WSGI_FAULTS") or "10"
SEED = int(os.environ.get("WSGI_SEED") or 1)
#: Which part of the table to try.
ONLY = re.compile(os.environ.get("WSGI_FAULTS_ONLY") or "")
#: Seconds for one answer: above the timeouts of the configuration, below which everything must end.
PATIENCE = 8
#: Seconds until full service after the last fault; a start that failed often waits this long for the next one.
RECOVERY = 20
#: So many calls of a kind are tried one by one, the first ones; further ones at growing distances.
ONE_BY_ONE = 8

CONFIG = """
StartServers 1
ServerLimit 4
ThreadsPerChild 16
MinSpareThreads 1
MaxRequestWorkers 64
WSGIDaemonProcess main python-home=@VENV@ threads=2 socket-timeout=2 connect-timeout=2 graceful-timeout=2 shutdown-timeout=2 @OPTIONS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIScriptAlias /witness @APPS@/witness/app.wsgi application-group=%{GLOBAL}
"""

#: What a call can fail with, as its manual page says. Not futex: the C library itself ends a process in which it fails, and the
#: kernel never lets it; nor close, which gives the descriptor back whatever it answers, but not when strace answers for it; nor
#: brk, whose failure is not a number but the former end of the heap.
_DESCRIPTOR = ("EMFILE", "ENFILE", "ENOMEM")
ERRORS = {
    "socket": _DESCRIPTOR, "socketpair": _DESCRIPTOR, "memfd_create": _DESCRIPTOR, "epoll_create1": _DESCRIPTOR,
    "pipe2": ("EMFILE", "ENFILE"), "pidfd_open": _DESCRIPTOR, "accept4": (*_DESCRIPTOR, "EINTR", "EAGAIN"),
    "openat": (*_DESCRIPTOR, "EINTR"), "fcntl": ("EMFILE", "EINTR", "EAGAIN"), "dup2": ("EMFILE", "EINTR"),
    "dup3": ("EMFILE", "EINTR"), "connect": ("EAGAIN", "EINTR", "ENOMEM"), "bind": ("ENOMEM", "ENOSPC"),
    "listen": ("ENOMEM",), "setsockopt": ("ENOMEM",), "getsockopt": ("ENOMEM",), "shutdown": ("EINTR",),
    "sendto": ("EAGAIN", "EINTR", "ENOMEM"), "sendmsg": ("EAGAIN", "EINTR", "ENOMEM", "EMFILE"),
    "recvfrom": ("EAGAIN", "EINTR", "ENOMEM"), "recvmsg": ("EAGAIN", "EINTR", "ENOMEM", "EMFILE"),
    "poll": ("EINTR", "ENOMEM"), "epoll_ctl": ("ENOMEM", "ENOSPC"), "epoll_wait": ("EINTR",),
    "read": ("EINTR", "EAGAIN", "ENOMEM"), "pread64": ("EINTR", "ENOMEM"), "write": ("EINTR", "EAGAIN", "ENOSPC"),
    "writev": ("EINTR", "EAGAIN", "ENOSPC"), "ftruncate": ("ENOSPC", "EINTR"), "lseek": ("ENOMEM",),
    "mmap": ("ENOMEM", "EAGAIN"), "mprotect": ("ENOMEM",), "clone": ("EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM"), "fork": ("EAGAIN", "ENOMEM"), "vfork": ("EAGAIN", "ENOMEM"), "wait4": ("EINTR",),
    "execve": ("ENOMEM", "EAGAIN", "EMFILE"), "setuid": ("EAGAIN",), "setgroups": ("ENOMEM",), "chdir": ("ENOMEM",),
    "close_range": ("EMFILE", "ENOMEM"), "newfstatat": ("ENOMEM",), "getdents64": ("ENOMEM",), "readlink": ("ENOMEM",),
    "unlink": ("ENOSPC",), "pidfd_send_signal": ("ENOMEM",), "prlimit64": ("ENOMEM",), "chown": ("ENOSPC", "ENOMEM"),
}

#: What httpd itself does in a child and in the parent, with any module, is left out.
CHILD_CALLS = frozenset({"socket", "connect", "setsockopt", "sendto", "recvmsg", "recvfrom", "shutdown", "poll", "mmap",
               "mprotect", "openat"})
PARENT_CALLS = frozenset({"socketpair", "memfd_create", "sendmsg", "bind", "listen", "ftruncate", "chown", "unlink"})


@dataclasses.dataclass(frozen=True)
class Scene:
    """A process, and what happens while its calls fail."""

    process: str
    event: str
    #: Which process is traced, and whether those that it starts are, too.
    role: str
    follow: bool
    calls: frozenset | None = None

    def __str__(self):
        return f"{self.process}, {self.event}"


SCENES = [
    Scene("worker", "requests", "worker", True),
    Scene("worker", "retire", "worker", True),
    Scene("child", "requests", "child", True, CHILD_CALLS),
    Scene("child", "retire", "child", True, CHILD_CALLS),
    Scene("supervisor", "death", "supervisor", False),
    Scene("supervisor", "graceful", "supervisor", False),
    Scene("worker that starts", "death", "supervisor", True),
    Scene("parent", "graceful", "parent", False, PARENT_CALLS),
    Scene("parent", "supervisor's death", "parent", False, PARENT_CALLS | {"pipe2", "clone", "fcntl"}),
]


@dataclasses.dataclass(frozen=True)
class Case:
    scene: Scene
    call: str
    error: str
    #: Which call of the kind; 0: all.
    number: int

    @property
    def fault(self) -> str:
        return f"error={self.error}:when={self.number or '1+'}"

    def __str__(self):
        return f"{self.scene}: {self.call} #{self.number or 'all'} {self.error}"


class Stage:
    """A server on which things go wrong."""

    def __init__(self, server):
        self.server = server
        self.faults: list[str] = []
        (server.scratch / "large").write_bytes(b"0123456789" * 40_000)
        (server.scratch / "large").chmod(0o644)

    # Who is who

    def pids(self, role: str) -> list[int]:
        found = []
        for one in self.server.processes():
            own = ("parent" if one.pid == self.server.pid else "supervisor" if one.name.startswith("wsgi-super")
                   else "worker" if "python" in one.name else "child" if one.parent == self.server.pid else "other")
            if own == role:
                found.append(one.pid)
        return sorted(found)

    def pid(self, role: str) -> int:
        return until(lambda: self.pids(role), f"a {role}", timeout=RECOVERY)[-1]

    # What happens

    def happen(self, event: str) -> list[str]:
        """The event; how the requests that go with it are answered."""
        if event == "retire":
            os.kill(self.pid("worker"), signal.SIGUSR1)
        elif event == "death":
            os.kill(self.pid("worker"), signal.SIGKILL)
        elif event == "supervisor's death":
            os.kill(self.pid("supervisor"), signal.SIGKILL)
            time.sleep(1.2)  # httpd looks once a second
        elif event == "graceful":
            workers = self.pids("worker")
            os.kill(self.server.pid, signal.SIGUSR1)
            self.wait_briefly(lambda: set(self.pids("worker")) - set(workers))
        answers = self.ask()
        return answers + self.ask() if event != "requests" else answers

    def wait_briefly(self, condition) -> None:
        try:
            until(condition, "", timeout=2)
        except AssertionError:
            pass

    def ask(self) -> list[str]:
        """Two clients; each answer in a word."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return sum(pool.map(self.ask_all, (1, 2)), [])

    def ask_all(self, number: int) -> list[str]:
        body = os.urandom(200_000)
        return [self.judge(*words) for words in (
            ("GET", f"short&{number}", None, f"short {number}".encode()),
            ("POST", f"body&{number}", body, hashlib.sha256(body).hexdigest().encode()),
            ("GET", f"stream&{number}&60", None, b"".join((f"{number} {n} " * 8192)[:8192].encode() for n in range(6))),
            ("GET", f"file&{number}", None, b"0123456789" * 40_000),
            ("GET", f"short&{number}", None, f"short {number}".encode()))]

    def judge(self, method: str, query: str, body, expected: bytes) -> str:
        try:
            answer = self.server.request(method, f"/witness?{query}", (), body, timeout=PATIENCE)
        except client.Cut:
            return "cut"
        except TimeoutError:
            return "HANG"
        except OSError:
            return "closed"
        if answer.status == 200:
            return "right" if answer.body == expected else "WRONG"
        return str(answer.status) if answer.status in (500, 502, 503, 504) else f"WRONG {answer.status}"

    def is_whole(self) -> bool:
        """Whether everything runs, nothing else does, and everything is answered."""
        supervisors = self.pids("supervisor")
        zombies = [one for one in processes.all_processes() if one.parent in supervisors and one.state == "Z"]
        return (not zombies and len(supervisors) == 1 and len(self.pids("worker")) == 1 and len(self.pids("child")) >= 1
                and set(self.ask()) == {"right"})

    # One case

    def calls(self, scene: Scene) -> dict[str, int]:
        """The calls of a scene, and how many of each."""
        with Strace(self.pid(scene.role), follow=scene.follow) as trace:
            self.happen(scene.event)
        until(self.is_whole, "full service", timeout=RECOVERY)
        return {call: count for call, count in trace.counts().items()
                if call in ERRORS and (scene.calls is None or call in scene.calls)}

    def run(self, case: Case) -> tuple[str, str] | None:
        """What came of a fault, and the call that failed; None: there was no such call this time."""
        log = len(self.server.log.lines())
        before = {role: self.pids(role) for role in ("worker", "supervisor", "child", "parent")}
        with Strace(self.pid(case.scene.role), follow=case.scene.follow, calls=case.call, fault=case.fault) as trace:
            answers = self.happen(case.scene.event)
        began = time.monotonic()
        try:
            until(self.is_whole, "full service", timeout=RECOVERY, interval=0.05)
        except AssertionError:
            now = {role: self.pids(role) for role in before}
            self.faults.append(f"{case}: no full service after {RECOVERY} s: {now}, {self.ask()}")
            self.repair()
        took = time.monotonic() - began
        if not trace.injected():
            return None
        outcome = self.outcome(case, answers, before, self.server.log.lines()[log:])
        if any(word.isupper() for word in outcome.replace(",", "").split()):
            self.faults.append(f"{case}: {outcome}; {trace.injected()[0]}")
        if took > 3:
            outcome += ", back after some seconds"
        return outcome, trace.injected()[0]

    def outcome(self, case: Case, answers: list[str], before: dict, lines: list[str]) -> str:
        words = sorted(set(answers) - {"right"}) or ["all right"]
        crash = next((line for line in lines if not re.match(ANY_BUT_CRASHES, line)), None)
        if crash and case.scene.process == "worker that starts" and is_pythons_own(case, crash):
            words.append("Python ends by itself")
            self.server.log.allow(*(re.escape(line) for line in lines if not re.match(ANY_BUT_CRASHES, line)))
        elif crash:
            words.append("CRASH")
            self.faults.append(f"{case}: {crash}")
        for role in ("supervisor", "child", "parent", "worker"):
            meant = {"worker": ("retire", "death", "graceful", "supervisor's death"), "child": ("graceful",),
                     "supervisor": ("supervisor's death",)}.get(role, ())
            if case.scene.event not in meant and self.pids(role) != before[role]:
                words.append(f"{role} replaced")
        if any("cannot start" in line or "Unable to start" in line or "WSGI0028" in line for line in lines):
            words.append("start failed and was repeated")
        return ", ".join(words)

    def repair(self) -> None:
        """A new server, when the old one has not come back."""
        self.server.stop()
        self.server.start()
        until(self.is_whole, "full service", timeout=RECOVERY)


def is_pythons_own(case: Case, line: str) -> bool:
    """Whether Python, or the loader of programs, ends like this without us, too."""
    if "Fatal Python error: init_" in line:
        return True
    trace = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={case.call}:{case.fault}"]
    done = subprocess.run(["prlimit", "--core=0", *trace, env.DEFAULT_PYTHON, "-c", "pass"], capture_output=True)
    return done.returncode < 0 or done.returncode > 128


def numbers(count: int) -> list[int]:
    """Which of `count` calls are to fail, one at a time; 0: all of them."""
    found = list(range(1, min(count, ONE_BY_ONE) + 1))
    while found[-1] < count:
        found.append(min(found[-1] * 3 // 2, count))
    return [*found, 0]


@pytest.fixture
def stage(launch):
    if not is_possible():
        pytest.skip("there is no strace, or it may not trace")
    server = launch(CONFIG, OPTIONS="")
    server.log.allow(ANY_BUT_CRASHES)
    server.wait_ready("/witness?short&first")
    return Stage(server)


def cases_of(stage: Stage) -> list[Case]:
    found = []
    for scene in SCENES:
        for call, count in sorted(stage.calls(scene).items()):
            # A call that is interrupted each time is none that ends.
            found += [Case(scene, call, error, number) for number in numbers(count) for error in ERRORS[call]
                      if number or error != "EINTR"]
    return [case for case in found if ONLY.search(str(case))]


def table(results: dict) -> str:
    """Outcomes by process, event, call and error."""
    rows = collections.defaultdict(collections.Counter)
    for case, (outcome, _) in results.items():
        rows[str(case.scene), case.call, case.error][outcome] += 1
    lines = ["| process, event | call | error | sites | outcome |", "|---|---|---|---|---|"]
    for (scene, call, error), outcomes in rows.items():
        text = "; ".join(f"{count}: {outcome}" if len(outcomes) > 1 else outcome for outcome, count in outcomes.most_common())
        lines.append(f"| {scene} | {call} | {error} | {sum(outcomes.values())} | {text} |")
    return "\n".join(lines)


def test_faults(stage, capsys):
    cases = cases_of(stage)
    total = len(cases)
    if FAULTS != "all":
        cases = random.Random(SEED).sample(cases, min(int(FAULTS), total))
    results, began = {}, time.monotonic()
    for number, case in enumerate(cases, 1):
        known = len(stage.faults)
        if result := stage.run(case):
            results[case] = result
        if number % 100 == 0 or len(stage.faults) > known:
            with capsys.disabled():
                print(f"\n    {number} of {len(cases)} after {time.monotonic() - began:.0f} s, {len(stage.faults)} faults",
                      *stage.faults[known:], sep="\n    ", end="", flush=True)
        if len(stage.faults) >= 60:
            break
    with capsys.disabled():
        print(f"\n    {len(results)} faults injected, of {len(cases)} tried and {total} known (seed {SEED})")
        if FAULTS == "all":
            print(table(results))
    assert not stage.faults, "\n".join(stage.faults)
