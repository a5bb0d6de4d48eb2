"""kill -9 of any process at any time, under load: what is lost, how soon everything is back, what is left behind.

`make kill-test` runs 500 kills; without WSGI_KILLS it is a dozen. The order is random, and the same for the same WSGI_SEED.
"""

import collections
import dataclasses
import os
import random
import signal
import time

import pytest

import leaks
import processes
from polling import until
from reliability.observation import ANY_BUT_CRASHES, Application, Clients, ports_of, spread

KILLS = int(os.environ.get("WSGI_KILLS") or 12)
SEED = int(os.environ.get("WSGI_SEED") or 1)

PROCESSES, THREADS = 3, 5
CAPACITY = PROCESSES * THREADS
#: Seconds after a kill until as many requests run at the same time as threads are configured.
RECOVERY = 2.0

CONFIG = f"""
StartServers 3
ServerLimit 12
MinSpareThreads 24
MaxRequestWorkers 96
WSGIDaemonProcess main python-home=@VENV@ processes={PROCESSES} threads={THREADS}
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIScriptAlias /witness @APPS@/witness/app.wsgi application-group=%{{GLOBAL}}
"""

#: What is killed, how often of a hundred.
TARGETS = {"worker": 50, "supervisor": 18, "child": 25, "parent": 7}


@dataclasses.dataclass
class Kill:
    what: str
    pid: int
    time: float = 0.0
    #: The clients' ports of the connections that it had.
    ports: set = dataclasses.field(default_factory=set)
    #: For httpd's parent: when another one answered.
    until: float = 0.0


class Proof:
    """A server under load, and the account of what its kills have cost."""

    def __init__(self, server, clients):
        self.server, self.clients = server, clients
        self.draw = random.Random(SEED)
        self.application = Application(server)
        self.kills: list[Kill] = []
        self.attempts = collections.Counter()
        self.losses = collections.defaultdict(collections.Counter)
        self.recoveries = collections.defaultdict(list)
        self.rebuilt = []
        self.faults: list[str] = []
        self.pending = []

    # What runs

    def by_role(self) -> dict[str, list[int]]:
        found = collections.defaultdict(list)
        for one in self.server.processes():
            if one.pid == self.server.pid:
                found["parent"].append(one.pid)
            elif one.name.startswith("wsgi-super"):
                found["supervisor"].append(one.pid)
            elif "python" in one.name:
                found["worker"].append(one.pid)
            else:
                found["child"].append(one.pid)
        return found

    # One round

    def round(self) -> None:
        """Some load, one kill or a few within a moment, and the way back."""
        time.sleep(self.draw.uniform(0.1, 0.7))
        self.take_account()
        is_full = self.draw.random() < 0.5
        if is_full:
            self.clients.probe(True)
            time.sleep(self.draw.uniform(0.2, 0.5))
        count = 1 if self.draw.random() < 0.85 else self.draw.randint(2, 3)
        now = []
        for _ in range(min(count, KILLS - len(self.kills))):
            if now:
                time.sleep(self.draw.uniform(0, 0.3))
            now.append(self.kill(self.draw.choices(list(TARGETS), TARGETS.values())[0]))
            if now[-1].what == "parent":
                break
        self.clients.probe(True)
        self.await_capacity(now)
        self.clients.probe(False)

    def kill(self, what: str) -> Kill:
        candidates = until(lambda: self.by_role().get(what), f"a {what} to kill", timeout=10)
        pid = self.draw.choice(sorted(candidates))
        kill = Kill(what, pid)
        self.kills.append(kill)
        if what == "child":
            # Stopped for a moment, so that its connections are known at the time of its death.
            os.kill(pid, signal.SIGSTOP)
            until(lambda: (one := processes.process(pid)) is None or one.state == "T", f"{pid} to stop")
            kill.ports = ports_of(pid, self.server.port)
        self.application.update()
        kill.time = kill.until = time.monotonic()
        if what == "parent":
            self.crash_and_start(kill)
        else:
            os.kill(pid, signal.SIGKILL)
        # Requests that still run in processes that are to go count for nothing.
        if what == "worker":
            self.application.gone.add(pid)
        elif what in ("supervisor", "parent"):
            self.application.gone |= self.application.seen
        return kill

    def crash_and_start(self, kill: Kill) -> None:
        """Everything of the old httpd must end by itself, its children, which hold the port, at once: then another starts."""
        running = self.server.processes()
        old = [one.pid for one in running]
        children = [one.pid for one in running if one.parent == self.server.pid and one.name in ("apache2", "httpd")]
        sockets = set(leaks.sockets_in(self.server.root))
        self.server.crash()
        begin = time.monotonic()

        def ended() -> bool:
            self.server.processes()  # collects those that can be
            return not any(map(processes.process, children))

        try:
            # One that is a zombie already may have threads that have yet to let go of the port.
            until(ended, "httpd's children to end", timeout=2, interval=0.005)
            self.server.start(wait=False)
            self.server.wait_ready(timeout=10)
        except AssertionError as failure:
            raise AssertionError(f"httpd does not start after its parent was killed: {failure}") from None
        self.rebuilt.append(time.monotonic() - begin)
        self.pending.append((time.monotonic() + 8, old, sockets))
        kill.until = time.monotonic()

    def await_capacity(self, kills: list[Kill]) -> None:
        """Waits until as many requests are inside the application as there are threads."""
        last = kills[-1].time
        deadline = time.monotonic() + 30
        found = None
        while found is None and time.monotonic() < deadline:
            time.sleep(0.02)
            found = self.application.update(wanted=CAPACITY)
        label = kills[0].what if len(kills) == 1 else "several"
        if found is None:
            self.faults.append(f"kill {len(self.kills)} ({label}): full capacity did not come back: "
                               f"{self.application.count} of {CAPACITY}, {dict(self.by_role())}")
            found = time.monotonic()
        self.recoveries[label].append(found - last)

    # Accounts

    def take_account(self) -> None:
        """Every attempt that has ended: right, or lost for a reason."""
        ended = self.clients.new()
        self.application.update()
        for attempt in ended:
            entries = self.application.entries.pop(attempt.name, [])
            self.attempts[attempt.outcome] += 1
            if len(entries) > 1:
                self.faults.append(f"{attempt} has run {len(entries)} times: {entries}")
            if attempt.outcome == "ok":
                if not entries and not attempt.is_static:
                    self.faults.append(f"{attempt} was answered, and never ran")
                continue
            self.explain(attempt, entries)
        self.check_pending()

    def explain(self, attempt, entries) -> None:
        """Whose fault a loss is."""
        for kill in self.kills[-40:]:
            if attempt.end < kill.time:
                continue
            if kill.what == "parent" and attempt.begin < kill.until:
                return self.note(kill, attempt, "httpd was gone")
            if kill.what == "child" and attempt.outcome == "closed" and attempt.port in kill.ports and not entries:
                return self.note(kill, attempt, "its kept connection was the killed child's, repeated")
            if attempt.begin > kill.time:
                continue
            if kill.what == "child" and attempt.port in kill.ports:
                return self.note(kill, attempt, "its connection was the killed child's")
            if kill.what == "worker" and any(pid == kill.pid for pid, _ in entries):
                return self.note(kill, attempt, "inside the application of the killed process")
            if kill.what == "worker" and not entries and attempt.detail == "502":
                return self.note(kill, attempt, "taken over by the killed process, application not entered")
        if attempt.outcome == "closed" and not entries:
            self.losses["httpd"]["closed a kept connection (repeated, not lost)"] += 1
            return None
        self.faults.append(f"lost without a reason: {attempt}, entered {entries}, kills "
                           f"{[kill for kill in self.kills[-3:]]}")
        return None

    def note(self, kill: Kill, attempt, reason: str) -> None:
        self.losses[kill.what][f"{reason} ({attempt.outcome})"] += 1

    def check_pending(self) -> None:
        """What a killed httpd had started must have ended, and its sockets must be gone."""
        for entry in [entry for entry in self.pending if entry[0] < time.monotonic()]:
            self.pending.remove(entry)
            self.check_gone(*entry[1:])

    def check_gone(self, pids: list[int], sockets: set[str]) -> None:
        living = [one for one in map(processes.process, pids) if one and one.state not in "ZX"]
        self.faults += [f"outlived its httpd: {one}" for one in living if one.pid != self.server.pid]
        self.faults += [f"socket file of a killed httpd: {path}" for path in sockets if os.path.exists(path)]

    def check_quiet(self) -> None:
        """The processes, and the memory files they hold, when nothing happens."""
        while self.pending:
            time.sleep(0.1)
            self.check_pending()
        try:
            until(lambda: self.surplus() == [], "", timeout=25, interval=0.2)
        except AssertionError:
            self.faults += self.surplus()

    def surplus(self) -> list[str]:
        found, faults = self.by_role(), []
        for what, wanted in (("parent", 1), ("supervisor", 1), ("worker", PROCESSES)):
            if len(found[what]) != wanted:
                faults.append(f"{len(found[what])} of kind {what}: {found[what]}")
        # What is there once for a server, or once for each worker.
        for what, most in (("parent", 1), ("supervisor", PROCESSES)):
            for pid in found[what]:
                one = processes.process(pid)
                files = collections.Counter(link for link in (one.descriptors.values() if one else ())
                                            if link.startswith("/memfd:wsgi"))
                faults += [f"{what} {pid} has {count} of {link}" for link, count in files.items() if count > most]
        sockets = leaks.sockets_in(self.server.root)
        if len(sockets) != PROCESSES:
            faults.append(f"socket files: {sockets}")
        if new := [name for name in leaks.shared_memory() - self.server.shared_memory_before if "wsgi" in name]:
            faults.append(f"shared memory: {new}")
        return faults

    # The report

    def text(self) -> str:
        kinds = collections.Counter(kill.what for kill in self.kills)
        lines = [f"{len(self.kills)} kills (seed {SEED}): " + ", ".join(f"{n} {what}" for what, n in kinds.items()),
                 "attempts: " + ", ".join(f"{count} {outcome}" for outcome, count in self.attempts.most_common())]
        for what, reasons in self.losses.items():
            for reason, count in reasons.most_common():
                per = f", {count / kinds[what]:.2f} per kill" if kinds[what] else ""
                lines.append(f"{what}: {count} {reason}{per}")
        for label, values in self.recoveries.items():
            lines.append(f"full capacity after {label}: {spread(values)} ms (median, 95 %, most of {len(values)})")
        if self.rebuilt:
            lines.append(f"a new httpd after a killed one answers after {spread(self.rebuilt)} ms")
        return "\n".join("    " + line for line in lines)


@pytest.fixture
def proof(launch):
    server = launch(CONFIG)
    server.log.allow(ANY_BUT_CRASHES)
    server.wait_ready("/witness?short&first")
    with Clients(server, SEED, short=4, slow=4, stream=2, body=2, static=2, probe=CAPACITY + 4) as clients:
        yield Proof(server, clients)


def test_kills(proof, capsys):
    while len(proof.kills) < KILLS and len(proof.faults) < 10:
        proof.round()
        if len(proof.kills) % 50 < 2:
            with capsys.disabled():
                print(f"\n    {len(proof.kills)} kills, {len(proof.faults)} faults", end="", flush=True)
    time.sleep(1)
    proof.take_account()
    proof.check_quiet()
    proof.take_account()
    with capsys.disabled():
        print("\n" + proof.text())
    late = [f"{label}: {value:.2f} s" for label, values in proof.recoveries.items() for value in values
            if value > RECOVERY]
    assert not proof.faults, "\n".join(proof.faults)
    assert not late, f"full capacity later than {RECOVERY} s: {late}"
