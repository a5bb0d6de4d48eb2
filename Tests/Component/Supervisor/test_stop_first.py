"""Groups whose former process ends before the next one starts, starts that wait for their turn, and what a process leaves."""

import os
import signal
import time

from httpd_parent import Child, wait_for
from supervisor_case import SCRIPT, SupervisorCase, is_running

LOCKED = """
import fcntl
lock = open(%r, "w")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
""" + SCRIPT


class StopFirst(SupervisorCase):
    def locked(self, text=LOCKED):
        return self.write("app.wsgi", text % os.path.join(self.directory, "lock"))

    def start(self, parent, **options):
        group = super().start(parent, **options)
        self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
        return group

    def test_successor_that_finds_a_lock_names_the_option(self):
        self.locked()
        with self.running() as parent:
            group = self.start(parent)
            pid = parent.pid(0)
            parent.configure(group)
            wait_for(lambda: parent.failed_replacements(0), what="failed replacement")
            self.assertEqual(parent.pid(0), pid)
            self.assertRegex(parent.text(), "WSGI1013: .*BlockingIOError.*replacement=stop-first")
            parent.configure(dict(group, stops_first=True))
            self.replaced(parent, 0, pid)
            wait_for(lambda: not is_running(pid), what="end")

    def test_former_process_ends_first(self):
        self.locked()
        with self.running() as parent:
            group = self.start(parent, stops_first=True)
            for _ in range(3):
                pid = parent.pid(0)
                parent.configure(group)
                self.replaced(parent, 0, pid)
                self.assertFalse(is_running(pid))
                self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            self.assertNotIn("WSGI1013", parent.text())
            os.kill(parent.pid(0), signal.SIGTERM)
            wait_for(lambda: "shutdown_signal" in parent.text(), what="signal")
            wait_for(lambda: parent.generation(0) >= 5, what="successor")

    def test_definition_that_cannot_start_is_followed_by_the_former_one(self):
        self.locked()
        with self.running() as parent:
            group = self.start(parent, stops_first=True)
            pid = parent.pid(0)
            parent.configure(dict(group, python=os.path.join(self.directory, "venv/bin/python")))
            self.replaced(parent, 0, pid)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            self.assertRegex(parent.text(), "WSGI1013: .*no process could be started with its present definition")

    def test_broken_script_fails_until_it_is_repaired(self):
        self.locked()
        with self.running() as parent:
            group = self.start(parent, stops_first=True)
            self.locked("import nosuch # %s\n")
            parent.configure(group)
            wait_for(lambda: parent.state(0) == "failed", what="failure")
            self.assertRegex(parent.text(), "WSGI1014: .*app.wsgi: ModuleNotFoundError")
            self.locked()
            wait_for(lambda: parent.state(0) == "serving", what="repair")

    def test_one_process_of_several_is_stopped_at_a_time_and_failure_stops_no_other(self):
        with self.running() as parent:
            group = self.start(parent, slots=[0, 1], stops_first=True)
            wait_for(lambda: parent.pid(1), what="second")
            pids = [parent.pid(0), parent.pid(1)]
            parent.configure(group)
            wait_for(lambda: parent.pid(0) not in (0, pids[0]) and parent.pid(1) not in (0, pids[1]), what="both")
            pids = [parent.pid(0), parent.pid(1)]
            for slot in 0, 1:
                self.assertEqual(Child(parent, slot).request(self.script).body, b"Hello World!")
            self.write("app.wsgi", "import nosuch\n")
            parent.configure(group)
            wait_for(lambda: "WSGI1014" in parent.text(), what="failure")
            self.assertEqual(parent.state(0), "serving")
            self.assertEqual(sum(map(is_running, pids)), 1)


class Starts(SupervisorCase):
    def test_no_more_start_at_a_time_than_the_limit_says(self):
        preload = self.write("preload.py", "import time\nprint('begin')\ntime.sleep(0.2)\nprint('end')\n")
        with self.running() as parent:
            groups = [self.group(name="g%d" % n, index=n, slots=[n], preloads=[(preload, "", "")]) for n in range(6)]
            for _ in range(2):
                pids = [parent.pid(n) for n in range(6)]
                parent.configure(*groups, start_limit=2)
                wait_for(lambda: all(parent.pid(n) not in (0, pids[n]) for n in range(6)), seconds=30, what="all")
            count, most = 0, 0
            for line in parent.text().splitlines():
                count += line.endswith("begin") - line.endswith("end")
                most = max(most, count)
            self.assertEqual(most, 2)

    def test_start_that_hangs_does_not_hold_up_others_for_ever(self):
        preload = self.write("preload.py", "import time\ntime.sleep(60)\n")
        with self.running() as parent:
            began = time.monotonic()
            parent.configure(self.group(name="hung", index=1, slots=[1], preloads=[(preload, "", "")]), self.group(),
                             start_limit=1)
            wait_for(lambda: parent.pid(0), seconds=20, what="the other group")
            self.assertGreater(time.monotonic() - began, 8)

    def test_group_that_nobody_serves_goes_first(self):
        preload = self.write("preload.py", "import time\ntime.sleep(0.3)\n")
        with self.running() as parent:
            groups = [self.group(name="g%d" % n, index=n, slots=[n], preloads=[(preload, "", "")]) for n in range(4)]
            parent.configure(*groups, start_limit=1)
            wait_for(lambda: all(parent.pid(n) for n in range(4)), seconds=20, what="all")
            last = self.group(name="last", index=9, slots=[9])
            parent.configure(*groups, last, start_limit=1)
            wait_for(lambda: parent.pid(9), what="the new one")
            self.assertLessEqual(sum(parent.generation(n) == 2 for n in range(4)), 1)

    def test_priority_is_lower_until_the_process_is_ready(self):
        if not may_raise_priority():
            self.skipTest("needs the right to raise priorities")
        preload = self.write(
            "preload.py", "import os, threading\nprint('nice', os.getpriority(os.PRIO_PROCESS, 0) - %d)\n"
            "threading.Thread(target=threading.Event().wait, daemon=True).start()\n" % os.nice(0))
        with self.running() as parent:
            self.start(parent, preloads=[(preload, "", "")])
            self.assertIn("nice 10", parent.text())
            pid = parent.pid(0)
            for thread in os.listdir("/proc/%d/task" % pid):
                self.assertEqual(os.getpriority(os.PRIO_PROCESS, int(thread)), os.nice(0))
            try:
                with open("/proc/%d/autogroup" % pid) as file:
                    self.assertTrue(file.read().endswith("nice 0\n"))
            except OSError:
                pass


class Children(SupervisorCase):
    PRELOAD = """
import os, subprocess, sys
code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
program = subprocess.Popen(["sleep", "60"])
deaf = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
deaf.stdout.read(1)
own = subprocess.Popen(["sleep", "60"], start_new_session=True)
code = "import os, signal, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); "
code += "signal.signal(15, signal.SIG_IGN); print(os.getpid(), flush=True); os.close(1); time.sleep(60)"
daemon = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
print("children", program.pid, deaf.pid, own.pid, int(daemon.stdout.read()))
daemon.wait()
"""

    def children_end(self, end):
        preload = self.write("preload.py", self.PRELOAD)
        with self.running() as parent:
            self.start(parent, preloads=[(preload, "", "")])
            started = list(map(int, parent.text().rsplit("children ", 1)[1].split()[:4]))
            end(parent)
            wait_for(lambda: not any(map(is_running, started)), what="children end")

    def test_what_a_process_has_started_ends_with_it_when_it_is_killed(self):
        def end(parent):
            pid = parent.pid(0)
            os.kill(pid, signal.SIGKILL)
            self.replaced(parent, 0, pid)
        self.children_end(end)

    def test_what_a_process_has_started_ends_with_httpd(self):
        def end(parent):
            parent.stop()
            self.assertEqual(parent.supervisor.wait(10), 0)
        self.children_end(end)


def may_raise_priority():
    try:
        os.nice(-1)
    except OSError:
        return False
    os.nice(1)
    return True
