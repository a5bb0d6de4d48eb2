"""How supervisor and workers end."""

import os
import signal
import subprocess
import sys
import time

from httpd_parent import ENVIRON, REQUEST, Child, frame, request_head, wait_for
from supervisor_case import ENGINE, SCRIPT, SUPERVISOR, SupervisorCase, is_running


class End(SupervisorCase):
    def test_stop_cuts_what_lasts_too_long(self):
        with self.running() as parent:
            self.start(parent, shutdown_timeout=1)
            child = Child(parent, 0)
            child.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/sleep", QUERY_STRING="20"))))
            time.sleep(0.1)
            pid, began = parent.pid(0), time.monotonic()
            parent.stop()
            self.assertEqual(parent.supervisor.wait(10), 0)
            self.assertLess(time.monotonic() - began, 2)
            self.assertFalse(is_running(pid))
            self.assertEqual(parent.state(0), "stopped")
            self.assertEqual(child.receive().outcome, "cut")

    def test_stop_does_not_wait_for_an_import(self):
        preload = self.write("preload.py", "import time\nprint('importing')\ntime.sleep(30)\n")
        with self.running() as parent:
            parent.configure(self.group(preloads=[(preload, "", "")]))
            wait_for(lambda: "importing" in parent.text(), what="import")
            self.assertEqual(parent.state(0), "starting")
            began = time.monotonic()
            parent.stop()
            parent.supervisor.wait(10)
            self.assertLess(time.monotonic() - began, 2)

    def test_many_slots_come_with_several_packets(self):
        with self.running() as parent:
            link = os.path.join(self.directory, "missing")
            groups = [self.group(name="g%d" % n, index=n, slots=list(range(n * 50, n * 50 + 50)), python=link)
                      for n in range(1, 6)]
            parent.configure(self.group(), *groups)
            wait_for(lambda: parent.state(0) == "serving", what="the group that can")
            wait_for(lambda: parent.state(5) == "failed", what="a group that cannot")

    def test_configuration_after_stop_starts_again(self):
        with self.running() as parent:
            group = self.start(parent)
            child = Child(parent, 0)
            child.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/sleep", QUERY_STRING="1"))))
            time.sleep(0.1)
            parent.stop()
            wait_for(lambda: parent.state(0) == "stopped", what="stop")
            parent.configure(group)
            wait_for(lambda: parent.state(0) == "serving", what="start")
            self.assertEqual(child.receive().outcome, "end")

    def test_worker_that_hangs_in_c_is_killed(self):
        self.write("app.wsgi", SCRIPT.replace("time.sleep(float(query))", "ctypes.PyDLL(None).sleep(30)"))
        with self.running() as parent:
            self.start(parent, shutdown_timeout=1)
            child = Child(parent, 0)
            child.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/sleep"))))
            time.sleep(0.1)
            began = time.monotonic()
            parent.stop()
            parent.supervisor.wait(10)
            self.assertLess(time.monotonic() - began, 3)

    def test_exit_functions_run(self):
        marker = os.path.join(self.directory, "marker")
        self.write("app.wsgi", SCRIPT + "import atexit\natexit.register(lambda: open(%r, 'w').write('x'))\n" % marker)
        with self.running() as parent:
            self.start(parent)
            self.get(Child(parent, 0))
            parent.stop()
            parent.supervisor.wait(10)
        self.assertTrue(os.path.exists(marker))

    def test_killed_supervisor_takes_its_workers_along(self):
        with self.running() as parent:
            group = self.start(parent)
            pid = parent.pid(0)
            parent.supervisor.kill()
            parent.supervisor.wait()
            wait_for(lambda: not is_running(pid), what="worker ends")
            parent.start(SUPERVISOR, os.getpid())
            parent.configure(group)
            self.replaced(parent, 0, pid)
            self.assertEqual(parent.generation(0), 2)

    def test_supervisor_that_lost_its_control_socket_leaves_the_workers_sockets(self):
        with self.running() as parent:
            group = self.start(parent)
            parent.control.close()
            parent.supervisor.wait(10)
            self.assertTrue(os.path.exists(parent.slot(0).path))
            parent.start(SUPERVISOR, os.getpid())
            parent.configure(group)
            wait_for(lambda: parent.generation(0), what="the next worker")
            self.get(Child(parent, 0))

    def test_configuration_that_could_not_be_taken_is_asked_for_again(self):
        with self.running() as parent:
            group = self.group()
            # More than the supervisor takes: some are lost, as without free descriptors.
            parent.send(1, [parent.log.fileno()] * 201)
            parent.configure(group)
            wait_for(parent.wants_configuration, what="the supervisor asks")
            self.assertFalse(parent.generation(0))
            parent.send(1)
            parent.configure(group)
            wait_for(lambda: parent.generation(0), what="the worker")

    def test_killed_parent_takes_everything_along(self):
        code = "\n".join([
            "import sys, time", "sys.path.insert(0, %r)" % os.path.dirname(os.path.abspath(__file__)),
            "from httpd_parent import *", "p = Parent(%r, %r, %r)" % (SUPERVISOR, ENGINE, self.directory),
            "p.configure(%r)" % self.group(), "wait_for(lambda: p.generation(0))",
            "keeps = os.fork()", "if keeps == 0: time.sleep(20); os._exit(0)",
            "print(p.supervisor.pid, p.pid(0), keeps, flush=True)", "time.sleep(20)",
        ])
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        supervisor, worker, keeps = map(int, process.stdout.readline().split())
        process.kill()
        process.wait()
        process.stdout.close()
        try:
            # `keeps` holds the control socket open, as mod_cgid's daemon does.
            wait_for(lambda: not is_running(supervisor) and not is_running(worker), what="everything ends")
        finally:
            os.kill(keeps, signal.SIGKILL)
