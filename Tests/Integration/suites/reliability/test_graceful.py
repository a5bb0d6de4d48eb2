"""Graceful restarts under load: nothing is lost, nothing grows.

`make graceful-test` does 1,200; without WSGI_RESTARTS it is fifteen. One restart in four changes the configuration (a group comes,
goes, or gets other options), one in five comes with a changed script, one in ten follows at once.
"""

import collections
import os
import random
import signal
import statistics
import time

import pytest

import processes
from polling import until
from reliability.observation import ANY_BUT_CRASHES, Application, Clients, spread

RESTARTS = int(os.environ.get("WSGI_RESTARTS") or 15)
SEED = int(os.environ.get("WSGI_SEED") or 1)
#: What a process may grow by with each restart, in KiB and descriptors, over the second half of a long run.
MOST_KIB, MOST_DESCRIPTORS = 1.0, 0.005
#: Before that many restarts a slope says nothing.
LEAST_SAMPLES = 500
#: So many samples count as one.
BLOCK = 20

CONFIG = """
StartServers 2
ServerLimit 24
MinSpareThreads 16
MaxRequestWorkers 192
WSGIDaemonProcess main python-home=@VENV@ processes=2 @OPTIONS@
SetEnv TEST_SCRATCH @SCRATCH@
WSGIProcessGroup main
WSGIScriptAlias /witness @APPS@/witness/app.wsgi application-group=%{GLOBAL}
@MORE@
"""
PLAIN = "threads=5"
OTHER_OPTIONS = ("threads=6", "threads=5 display-name=changed", "threads=5 env=NAME=value", "threads=4 maximum-requests=5000")
SECOND_GROUP = """
WSGIDaemonProcess second python-home=@VENV@ threads=2
WSGIScriptAlias /second @APPS@/hello/app.wsgi process-group=second
"""


class Proof:
    """A server under load that is restarted again and again."""

    def __init__(self, server, clients):
        self.server, self.clients, self.draw = server, clients, random.Random(SEED)
        self.application = Application(server)
        self.outcomes = {True: collections.Counter(), False: collections.Counter()}
        self.kinds = collections.Counter()
        self.faults: list[str] = []
        self.longest = {True: [], False: []}
        self.ready: list[float] = []
        self.samples: dict[str, list[tuple[int, int, int]]] = collections.defaultdict(list)
        self.options, self.more = PLAIN, ""

    def restart(self, number: int) -> None:
        kind = self.configure()
        if self.draw.random() < 0.2:
            kind += ", script touched"
            script = self.server.apps / "witness" / "app.wsgi"
            new = script.with_suffix(".new")
            new.write_text(script.read_text() + f"# {number}\n")
            new.replace(script)
        self.kinds[kind] += 1
        self.application.update()
        # Numbers of processes come again in a long run: only those that run now are not new.
        self.application.seen.clear()
        before = {one.pid for one in self.server.processes()}
        begin = time.monotonic()
        if number % 10 == 0:
            self.server.graceful()
        else:
            os.kill(self.server.pid, signal.SIGUSR1)
        if number % 10 == 5:
            return  # the next one comes while this one is under way
        self.await_successor(number, before, begin)

    def configure(self) -> str:
        """Sometimes another configuration; what was done."""
        what = self.draw.random()
        if what < 0.75:
            return "same configuration"
        if what < 0.85:
            self.options = PLAIN if self.options != PLAIN else self.draw.choice(OTHER_OPTIONS)
            kind = "options changed"
        else:
            kind = "group removed" if self.more else "group added"
            self.more = "" if self.more else SECOND_GROUP
        self.server.reconfigure(CONFIG.replace("@MORE@", self.more), OPTIONS=self.options)
        return kind

    def await_successor(self, number: int, before: set[int], begin: float) -> None:
        def arrived():
            self.application.update()
            return len(self.application.seen - before) >= 2

        try:
            until(arrived, "two new processes", timeout=20)
            self.ready.append(time.monotonic() - begin)
        except AssertionError as failure:
            self.faults.append("\n".join([f"restart {number}: {failure}: {self.application.seen - before}; the log ends:",
                                          *self.server.log.lines()[-15:]]))
        time.sleep(self.draw.uniform(0, 0.4))

    def take_account(self) -> None:
        ended = self.clients.new()
        self.application.update()
        for attempt in ended:
            entries = self.application.entries.pop(attempt.name, [])
            self.outcomes[attempt.is_static][attempt.outcome] += 1
            self.longest[attempt.is_static].append(attempt.end - attempt.begin)
            is_wrong = len(entries) > 1 or attempt.outcome == "ok" and not entries and not attempt.is_static
            if is_wrong or attempt.outcome == "closed" and entries:
                self.faults.append(f"{attempt} has entered {entries}")
            if attempt.failed and not attempt.is_static:
                self.faults.append(f"lost: {attempt}, entered {entries}")

    def sample(self, number: int) -> None:
        """Memory and descriptors of the processes that live on, and of the oldest child."""
        children = []
        for one in self.server.processes():
            role = "parent" if one.pid == self.server.pid else "supervisor" if "wsgi-super" in one.name else None
            if role is None and "python" not in one.name and one.parent == self.server.pid:
                children.append(one)
            elif role:
                self.add(role, number, one)
        if children:
            self.add("child", number, max(children, key=lambda one: one.pid))

    def add(self, role: str, number: int, one: processes.Process) -> None:
        try:
            self.samples[role].append((number, one.resident, len(one.descriptors)))
        except OSError:
            pass

    # The report

    def text(self) -> str:
        lines = [f"{sum(self.kinds.values())} graceful restarts (seed {SEED}): "
                 + ", ".join(f"{count} {kind}" for kind, count in self.kinds.most_common())]
        for is_static, label in ((False, "application"), (True, "static file, the control")):
            outcomes = self.outcomes[is_static]
            lost = sum(count for outcome, count in outcomes.items() if outcome not in ("ok", "closed"))
            lines.append(f"{label}: {outcomes['ok']} answered, {lost} lost, {outcomes['closed']} repeated because httpd had "
                         f"closed a kept connection; ms: {spread(self.longest[is_static])} (median, 95 %, most)")
        lines.append(f"both new processes have served after {spread(self.ready)} ms")
        for role in self.samples:
            memory, descriptors = self.slopes(role)
            half = self.second_half(role)
            lines.append(f"{role}: {half[0][1]} to {half[-1][1]} KiB, {memory:+.2f} KiB per restart; {half[0][2]} to "
                         f"{half[-1][2]} descriptors, {descriptors:+.4f} per restart (second half of the run)")
        return "\n".join("    " + line for line in lines)

    def second_half(self, role: str) -> list:
        return self.samples[role][len(self.samples[role]) // 2:]

    def slopes(self, role: str) -> tuple[float, float]:
        """What a restart adds, in KiB and descriptors: the line through the second half of the samples."""
        half = self.second_half(role)
        if len({number for number, _, _ in half}) <= BLOCK:
            return 0.0, 0.0
        # The least of each block: while processes are replaced there is more.
        blocks = [half[start:start + BLOCK] for start in range(0, len(half) - BLOCK + 1, BLOCK)]
        numbers = [block[0][0] for block in blocks]
        if len(numbers) < 2:
            return 0.0, 0.0
        return tuple(statistics.linear_regression(numbers, [min(row[column] for row in block) for block in blocks]).slope
                     for column in (1, 2))


@pytest.fixture
def proof(launch):
    server = launch(CONFIG.replace("@MORE@", ""), OPTIONS=PLAIN)
    server.log.allow(ANY_BUT_CRASHES)
    server.wait_ready("/witness?short&first")
    with Clients(server, SEED, short=4, slow=3, stream=2, body=2, static=4) as clients:
        yield Proof(server, clients)


def test_graceful_restarts(proof, capsys):
    for number in range(1, RESTARTS + 1):
        proof.restart(number)
        proof.take_account()
        proof.sample(number)
        if len(proof.faults) >= 10:
            break
        if number % 50 == 0:
            with capsys.disabled():
                print(f"\n    {number} restarts, {len(proof.faults)} faults", end="", flush=True)
    time.sleep(1.5)
    proof.take_account()
    with capsys.disabled():
        print("\n" + proof.text())
    assert not proof.faults, "\n".join(proof.faults)
    if RESTARTS >= LEAST_SAMPLES:
        for role in proof.samples:
            memory, descriptors = proof.slopes(role)
            assert memory <= MOST_KIB and descriptors <= MOST_DESCRIPTORS, f"{role} grows: {memory}, {descriptors}"
