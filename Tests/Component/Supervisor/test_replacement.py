"""A worker and its successor."""

import os
import signal
import threading
import time

from httpd_parent import ENVIRON, REQUEST, Child, frame, request_head, wait_for
from supervisor_case import SCRIPT, SupervisorCase, descriptors, is_running, resident


class Replacement(SupervisorCase):
    def test_killed_worker_is_replaced_at_once(self):
        with self.running() as parent:
            self.start(parent)
            pid, began = parent.pid(0), time.monotonic()
            os.kill(pid, signal.SIGKILL)
            self.replaced(parent, 0, pid)
            self.assertLess(time.monotonic() - began, 1)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            self.assertIn("was ended by SIGKILL", parent.text())

    def test_crash_leaves_a_traceback(self):
        with self.running() as parent:
            self.start(parent)
            pid = parent.pid(0)
            self.assertEqual(self.get(Child(parent, 0), "/crash").outcome, "cut")
            self.replaced(parent, 0, pid)
            wait_for(lambda: "in application" in parent.text(), what="faulthandler's text")
            self.assertIn("Fatal Python error: Segmentation fault", parent.text())

    def test_request_under_way_is_finished_by_the_old_worker(self):
        with self.running() as parent:
            group = self.start(parent)
            child, idle = Child(parent, 0), Child(parent, 0)
            old = int(self.get(idle, "/pid").body)
            child.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/sleep", QUERY_STRING="1"))))
            time.sleep(0.1)
            parent.configure(group)
            self.replaced(parent, 0, old)
            self.assertEqual(idle.socket.recv(1), b"")
            response = child.receive()
            self.assertEqual((response.outcome, response.body), ("end", b"Hello World!"))
            self.assertEqual(child.socket.recv(1), b"")
            wait_for(lambda: not is_running(old), what="old worker ends")
            self.assertNotEqual(int(self.get(Child(parent, 0), "/pid").body), old)

    def test_what_a_draining_worker_has_no_thread_for_is_given_back(self):
        with self.running() as parent:
            group = self.start(parent, threads=1, graceful_timeout=15)
            busy, queued, body, new = Child(parent, 0), Child(parent, 0), Child(parent, 0), Child(parent, 0)
            old = int(self.get(queued, "/pid").body)
            self.get(body)
            busy.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/sleep", QUERY_STRING="4"))))
            time.sleep(0.1)
            queued.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/pid"))))
            body.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/echo"), follows=5)))
            new.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/pid"))))
            parent.configure(group)
            self.replaced(parent, 0, old)
            # They were not taken, and the child can tell: at once, not when the busy thread is done.
            for child in (queued, body, new):
                child.socket.settimeout(2)
                with self.assertRaises(ConnectionResetError):
                    child.socket.recv(1)
            self.assertEqual(busy.receive().outcome, "end")

    def test_graceful_signal_replaces(self):
        with self.running() as parent:
            self.start(parent)
            pid = parent.pid(0)
            os.kill(pid, signal.SIGUSR1)
            self.replaced(parent, 0, pid)
            wait_for(lambda: not is_running(pid), what="old worker ends")

    def test_terminated_worker_is_replaced(self):
        with self.running() as parent:
            self.start(parent)
            pid = parent.pid(0)
            os.kill(pid, signal.SIGTERM)
            self.replaced(parent, 0, pid)

    def test_python_signal_handlers_run(self):
        marker = os.path.join(self.directory, "marker")
        preload = self.write(
            "preload.py", "import _signal, sys\n_signal.signal(12, lambda *a: open(%r, 'w').close())\n"
            "_signal.signal(1, lambda *a: sys.exit())\n_signal.signal(21, lambda *a: 1 / 0)\n" % marker)
        with self.running() as parent:
            self.start(parent, preloads=[(preload, "", "")])
            pid = parent.pid(0)
            os.kill(pid, signal.SIGUSR2)
            wait_for(lambda: os.path.exists(marker), what="handler runs")
            os.kill(pid, signal.SIGTTIN)
            wait_for(lambda: "ZeroDivisionError" in parent.text(), what="traceback")
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            os.kill(pid, signal.SIGHUP)
            self.replaced(parent, 0, pid)

    def test_maximum_requests(self):
        with self.running() as parent:
            self.start(parent, maximum_requests=5)
            pid = parent.pid(0)
            for _ in range(5):
                self.assertEqual(self.fetch(parent).outcome, "end")
            self.replaced(parent, 0, pid)
            self.assertIn("its maximum of 5 requests", parent.text())

    def test_changed_script_asks_for_a_successor(self):
        with self.running() as parent:
            self.start(parent)
            child, pid = Child(parent, 0), parent.pid(0)

            def now():
                return os.stat(self.script).st_mtime_ns // 1000

            self.assertEqual(self.get(child, flags=1, modified=now()).outcome, "end")
            os.utime(self.script, (1, 1))
            self.assertEqual(self.get(child, flags=1, modified=now()).outcome, "reload")
            self.replaced(parent, 0, pid)
            self.assertEqual(self.get(Child(parent, 0), flags=1, modified=now()).outcome, "end")

    def test_broken_script_never_replaces_a_working_worker(self):
        with self.running() as parent:
            self.start(parent)
            child, pid = Child(parent, 0), parent.pid(0)
            self.get(child)
            time.sleep(0.1)
            self.write("app.wsgi", "raise ValueError('broken deploy')\n")
            os.kill(pid, signal.SIGUSR1)
            wait_for(lambda: parent.failed_replacements(0), what="failed replacement")
            self.assertEqual((parent.pid(0), self.get(child).body), (pid, b"Hello World!"))
            self.write("app.wsgi", SCRIPT)
            os.kill(pid, signal.SIGUSR1)
            self.replaced(parent, 0, pid)

    def test_nothing_is_lost_over_replacements(self):
        with self.running() as parent:
            group = self.start(parent, slots=[0])
            outcomes, stop = [], threading.Event()

            def load():
                while not stop.is_set():
                    response = self.fetch(parent)
                    outcomes.append(response.outcome if response else "lost")

            threads = [threading.Thread(target=load) for _ in range(3)]
            for thread in threads:
                thread.start()
            used = []
            for turn in range(30):
                pid = parent.pid(0)
                if turn % 2:
                    os.kill(pid, signal.SIGUSR1)
                else:
                    parent.configure(group)
                self.replaced(parent, 0, pid)
                used.append((descriptors(parent.supervisor.pid), resident(parent.supervisor.pid)))
            stop.set()
            for thread in threads:
                thread.join()
            self.assertEqual(set(outcomes), {"end"}, "of %d" % len(outcomes))
            # A worker that has just been started or is about to end has descriptors of its own.
            self.assertLess(used[-1][0], max(count for count, _ in used[:10]) + 8, used)
            self.assertLess(used[-1][1], used[5][1] + 500, used)
