"""Supervisor and workers as httpd meets them, without httpd.

    python3 Tests/Supervisor/supervisor_test.py DIRECTORY [test names]

DIRECTORY holds `wsgi-supervisor` and `_wsgi_engine.abi3.so`; `WSGI_TEST_PYTHON` names another Python for the workers.
"""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from httpd_parent import (
    DATA, END, ENVIRON, HEAD, REQUEST, Child, frame, request_head, running, wait_for,
)

DIRECTORY = os.path.abspath(sys.argv.pop(1))
SUPERVISOR = os.path.join(DIRECTORY, "wsgi-supervisor")
ENGINE = os.path.join(DIRECTORY, "_wsgi_engine.abi3.so")
PYTHON = os.environ.get("WSGI_TEST_PYTHON", "/usr/bin/python3")

SCRIPT = """
import ctypes, os, sys, time
def application(environ, start_response):
    path, query = environ['PATH_INFO'], environ['QUERY_STRING']
    body = b'Hello World!'
    if path == '/sleep':
        time.sleep(float(query))
    elif path == '/echo':
        body = environ['wsgi.input'].read()
    elif path == '/pid':
        body = str(os.getpid()).encode()
    elif path == '/environment':
        body = repr((os.getuid(), os.getcwd(), os.environ.get('HOME'), os.environ.get('USER'), os.umask(0o22))).encode()
    elif path == '/crash':
        ctypes.string_at(0)
    elif path == '/fork':
        pid = os.fork()
        if pid == 0:
            time.sleep(20)
            os._exit(0)
        body = str(pid).encode()
    elif path == '/stream':
        start_response('200 OK', [])
        return iter([b'x' * 70000] * 200)
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
"""


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def sockets(pid):
    links = [os.readlink("/proc/%d/fd/%s" % (pid, number)) for number in os.listdir("/proc/%d/fd" % pid)]
    return [link for link in links if link.startswith("socket:")]


def resident(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * 4


class SupervisorTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="wsgi-test-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.script = self.write("app.wsgi", SCRIPT)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def running(self):
        return running(SUPERVISOR, ENGINE, directory=self.directory)

    def group(self, **options):
        return dict({"name": "site", "index": 0, "slots": [0], "python": PYTHON, "graceful_timeout": 3,
                     "shutdown_timeout": 2}, **options)

    def start(self, parent, **options):
        group = self.group(**options)
        parent.configure(group)
        for slot in group["slots"]:
            wait_for(lambda: parent.generation(slot), what="first worker")
        return group

    def get(self, child, path="/", query="", **options):
        return child.request(self.script, {"PATH_INFO": path, "QUERY_STRING": query}, **options)

    def replaced(self, parent, slot, pid):
        return wait_for(lambda: parent.pid(slot) not in (0, pid) and parent.pid(slot), what="successor")

    def fetch(self, parent, path="/", query=""):
        """A request as httpd's child makes it: retried where it is proven that the application was not entered."""
        while True:
            child = Child(parent, 0)
            try:
                child.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO=path, QUERY_STRING=query))))
            except BrokenPipeError:
                child.close()
                continue
            try:
                first = child.socket.recv(1, socket.MSG_PEEK)
            except ConnectionResetError:
                child.close()
                continue
            if not first:
                child.close()
                return None
            response = child.receive()
            child.close()
            return response

    # Serving.

    def test_small_response_is_one_send(self):
        with self.running() as parent:
            self.start(parent)
            child = Child(parent, 0)
            self.get(child)
            for _ in range(20):
                child.send(frame(REQUEST, request_head(self.script, ENVIRON)))
                data, kinds = child.socket.recv(65536), []
                while data:
                    length, kind = struct.unpack_from("=IB", data)
                    kinds.append(kind)
                    data = data[8 + length:]
                self.assertEqual(kinds, [HEAD, DATA, END])

    def test_body_is_asked_for(self):
        with self.running() as parent:
            self.start(parent)
            child = Child(parent, 0)
            body = os.urandom(700_001)
            pieces = [body[at:at + 65_000] for at in range(0, len(body), 65_000)]
            response = self.get(child, "/echo", pieces=pieces, follows=len(body))
            self.assertEqual((response.outcome, response.body == body), ("end", True))
            self.assertEqual(self.get(child).body, b"Hello World!")

    def test_request_with_a_large_head(self):
        with self.running() as parent:
            self.start(parent)
            child = Child(parent, 0)
            response = child.request(self.script, {"HTTP_X_LARGE": "x" * 1_000_000})
            self.assertEqual(response.body, b"Hello World!")
            self.assertEqual(self.get(child).body, b"Hello World!")

    def test_aborted_body_leaves_the_connection_usable_or_closed(self):
        with self.running() as parent:
            self.start(parent)
            response = self.get(Child(parent, 0), "/echo", pieces=[b"abc", 1], follows=10)
            self.assertNotEqual(response.outcome, "end")
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")

    def test_nonsense_is_not_served(self):
        with self.running() as parent:
            self.start(parent)
            for data in (b"GET / HTTP/1.0\r\n\r\n", frame(DATA, b"x"), struct.pack("=IBBH", 1 << 31, 1, 0, 0),
                         frame(REQUEST, b""), frame(REQUEST, b"x" * 100)):
                child = Child(parent, 0)
                child.send(data)
                child.socket.shutdown(socket.SHUT_WR)
                self.assertNotEqual(child.receive().outcome, "end")
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            self.assertEqual(parent.generation(0), 1)

    def test_child_that_disconnects_is_no_harm(self):
        with self.running() as parent:
            self.start(parent)
            for _ in range(10):
                child = Child(parent, 0)
                child.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/stream"))))
                child.exactly(10)
                child.close()
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            self.assertEqual(parent.generation(0), 1)

    def test_connection_ends_although_the_application_forked(self):
        with self.running() as parent:
            self.start(parent)
            child = Child(parent, 0)
            forked = int(self.get(child, "/fork").body)
            self.assertTrue(is_running(forked))
            # What is left is the one that Python writes to when it meets a signal.
            wait_for(lambda: len(sockets(forked)) == 1, what="sockets are closed")
            os.kill(forked, signal.SIGTERM)
            wait_for(lambda: not is_running(forked), what="forked process dies of SIGTERM")
            self.assertEqual(parent.generation(0), 1)

    @unittest.skipUnless(os.getuid() == 0, "needs root")
    def test_foreign_user_is_turned_away(self):
        with self.running() as parent:
            self.start(parent)
            os.chmod(parent.slot(0).path, 0o777)
            code = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(1))"
            out = subprocess.run(
                ["/usr/bin/python3", "-c", code, parent.slot(0).path], user=65534, capture_output=True, text=True)
            self.assertEqual(out.stdout, "b''\n", out.stderr)
            self.assertIn("WSGI0033: A process of user id 65534", parent.text())

    @unittest.skipUnless(os.getuid() == 0 and PYTHON.startswith("/usr/"), "needs root, and a Python for everyone")
    def test_worker_runs_as_its_user(self):
        with self.running() as parent:
            self.start(
                parent, user=(65534, 65534), groups=[65534], user_name="nobody", user_home="/nonexistent", home="/tmp",
                umask=0o27, display_name="(wsgi:site)")
            body = self.get(Child(parent, 0), "/environment").body.decode()
            user = "'nobody'" if "USER" in os.environ else "None"
            self.assertEqual(body, "(65534, '/tmp', '/nonexistent', %s, 23)" % user)
            with open("/proc/%d/cmdline" % parent.pid(0)) as file:
                self.assertEqual(file.read().rstrip("\0"), "(wsgi:site)")

    # Replacement.

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

    def test_queued_request_is_served_by_the_draining_worker(self):
        with self.running() as parent:
            group = self.start(parent, threads=1)
            busy, queued, body = Child(parent, 0), Child(parent, 0), Child(parent, 0)
            old = int(self.get(queued, "/pid").body)
            self.get(body)
            busy.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/sleep", QUERY_STRING="1"))))
            time.sleep(0.1)
            queued.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/pid"))))
            body.send(frame(REQUEST, request_head(self.script, dict(ENVIRON, PATH_INFO="/echo"), follows=5)))
            parent.configure(group)
            self.replaced(parent, 0, old)
            self.assertEqual(int(queued.receive().body), old)
            # The body could not be sent any more: the request was not taken, and the child can tell.
            with self.assertRaises(ConnectionResetError):
                body.socket.recv(1)
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
            wait_for(lambda: parent.refusals(0), what="refusal")
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
            self.assertLess(used[-1][0], used[3][0] + 8, used)
            self.assertLess(used[-1][1], used[5][1] + 500, used)

    # Configurations.

    def test_groups_come_and_go(self):
        with self.running() as parent:
            one = self.start(parent, slots=[0, 1])
            pids = [parent.pid(0), parent.pid(1)]
            two = self.group(name="other", index=1, slots=[2])
            parent.configure(dict(one, slots=[0]), two)
            self.replaced(parent, 0, pids[0])
            wait_for(lambda: parent.pid(2), what="new group")
            self.assertEqual(parent.generation(1), 0)
            wait_for(lambda: not any(map(is_running, pids)), what="old workers end")
            parent.configure(two)
            wait_for(lambda: parent.state(0) == "stopped" and parent.generation(0) == 0, what="group is removed")
            self.assertEqual(parent.state(1), "serving")
            parent.configure(one, two)
            wait_for(lambda: parent.state(0) == "serving", what="group is back")

    def test_unchanged_group_goes_on_when_its_successor_cannot_start(self):
        link = os.path.join(self.directory, "python")
        os.symlink(PYTHON, link)
        with self.running() as parent:
            group = self.start(parent, python=link)
            pid = parent.pid(0)
            os.unlink(link)
            parent.configure(group)
            wait_for(lambda: parent.refusals(0), what="refusal")
            self.assertEqual((parent.pid(0), parent.state(0)), (pid, "serving"))
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            parent.configure(dict(group, threads=7))
            wait_for(lambda: parent.state(0) == "failed", what="changed group fails")
            wait_for(lambda: not is_running(pid), what="old worker ends")
            os.symlink(PYTHON, link)
            wait_for(lambda: parent.state(0) == "serving", what="group is back")

    def test_python_that_is_missing_is_explained(self):
        with self.running() as parent:
            parent.configure(
                self.group(python=os.path.join(self.directory, "venv/bin/python")),
                self.group(name="fine", index=1, slots=[1]))
            wait_for(lambda: parent.state(0) == "failed", what="failure")
            wait_for(lambda: parent.state(1) == "serving", what="the other group")
            self.assertRegex(
                parent.text(), r"WSGI0028: Unable to start a process of WSGIDaemonProcess 'site' \(test.conf:1\): .*"
                r"venv/bin/python' \(No such file or directory\): there is no '.*/venv'")

    def test_logs_are_reopened(self):
        with self.running() as parent:
            group = self.start(parent)
            parent.log_path += ".new"
            parent.log = open(parent.log_path, "ab", buffering=0)
            pid = parent.pid(0)
            parent.configure(group)
            self.replaced(parent, 0, pid)
            os.kill(parent.pid(0), signal.SIGKILL)
            wait_for(lambda: "SIGKILL" in parent.text(), what="line in the new log")

    # The end.

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


if __name__ == "__main__":
    unittest.main(warnings="ignore")
