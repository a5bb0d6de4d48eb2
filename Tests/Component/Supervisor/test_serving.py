"""Requests to a worker."""

import contextlib
import os
import resource
import signal
import socket
import struct
import subprocess
import unittest

from httpd_parent import DATA, END, ENVIRON, HEAD, REQUEST, SECRET, Child, frame, request_head, wait_for
from supervisor_case import PYTHON, SupervisorCase, descriptors, is_running, sockets


class Serving(SupervisorCase):
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
            wait_for(lambda: not sockets(forked), what="sockets are closed")
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

    def test_who_does_not_know_the_secret_is_turned_away(self):
        """Also root, and the worker's own user; whether the secret is wrong, too short, or something else."""
        with self.running() as parent:
            self.start(parent)
            known = Child(parent, 0)
            self.assertEqual(self.get(known).body, b"Hello World!")
            request = frame(REQUEST, request_head(self.script, ENVIRON))
            for secret in (b"", bytes(16), SECRET[:-1] + b"x", SECRET[:8], b"x"):
                forger = Child(parent, 0, secret=secret)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    forger.send(request)
                self.assertEqual(forger.receive().outcome, "cut", secret)
                forger.close()
            self.assertRegex(parent.text(), r"WSGI0034: A process of user id %d \(pid %d\)" % (os.getuid(), os.getpid()))
            self.assertEqual(parent.text().count("WSGI0034"), 1, "once a second")
            self.assertEqual(self.get(known).body, b"Hello World!")

    def test_connections_that_were_made_for_another_worker_of_the_slot(self):
        """Nobody has claimed a thread of this one for them: they could wait behind a busy one. They are made again."""
        with self.running() as parent:
            self.start(parent)
            for generation in (0, 2, 1 << 31):
                other = Child(parent, 0, generation=generation)
                other.send(frame(REQUEST, request_head(self.script, ENVIRON)))
                with self.assertRaises(ConnectionResetError):
                    other.socket.recv(1)
                other.close()
            self.assertNotIn("WSGI0034", parent.text())
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")

    def test_the_secret_is_in_memory_only(self):
        """Not in an environment, an argument, or a file that anybody has open."""
        with self.running() as parent:
            self.start(parent)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            for pid in (parent.pid(0), parent.supervisor.pid):
                paths = ["/proc/%d/%s" % (pid, name) for name in ("environ", "cmdline", "comm")]
                paths += ["/proc/%d/fd/%s" % (pid, number) for number in os.listdir("/proc/%d/fd" % pid)]
                for path in paths:
                    if not os.path.isfile(path):
                        continue
                    try:
                        with open(path, "rb") as file:
                            text = file.read(1 << 20)
                        name = os.readlink(path) if "/fd/" in path else path
                    except FileNotFoundError:  # closed meanwhile
                        continue
                    self.assertNotIn(SECRET, text, name)
                    self.assertNotIn(SECRET.hex().encode(), text, path)

    def test_connections_that_say_nothing_take_no_descriptors(self):
        with self.running() as parent:
            self.start(parent)
            silent = []
            while len(silent) < 300:
                with contextlib.suppress(BlockingIOError):  # the queue is full
                    silent.append(Child(parent, 0))
            pid = parent.pid(0)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            wait_for(lambda: descriptors(pid) < 130, what="the oldest are closed")
            self.assertIn("WSGI0034", parent.text())
            for one in silent:
                one.close()

    def test_short_connections_with_the_same_descriptor(self):
        """One that has gone is not taken for the one that has its number now."""
        with self.running() as parent:
            self.start(parent)
            for _ in range(400):
                child = Child(parent, 0)
                self.assertEqual(self.get(child).body, b"Hello World!")
                child.close()
            self.assertNotIn("WSGI0034", parent.text())

    def test_numbers_of_requests_come_back_in_each_frame(self):
        with self.running() as parent:
            self.start(parent)
            child = Child(parent, 0)
            for number in (0, 1, 65_535):
                for path in ("/", "/stream", "/missing"):
                    script = self.script if path != "/missing" else "/nowhere.wsgi"
                    child.send(frame(REQUEST, request_head(script, dict(ENVIRON, PATH_INFO=path)), detail=number))
                    self.assertIn(child.receive(number=number).outcome, ("end", 404, 500))

    def test_a_worker_that_is_not_dumpable(self):
        with self.running() as parent:
            self.start(parent, dumpable=False)
            status = os.stat("/proc/%d/environ" % parent.pid(0))
            self.assertEqual(status.st_uid, 0)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")

    def test_a_start_without_room_for_descriptors_is_told(self):
        """They are moved by way of numbers from 64 on, where this process may have none."""
        with self.running(open_files=64) as parent:
            parent.configure(self.group())
            wait_for(lambda: "its descriptors cannot be set up" in parent.text(), what="the reason")
            self.assertNotIn("was started: ", parent.text())

    def test_no_new_privileges(self):
        with self.running() as parent:
            self.start(parent, no_new_privileges=True)
            with open("/proc/%d/status" % parent.pid(0)) as file:
                self.assertIn("NoNewPrivs:\t1", file.read())

    def test_worker_has_its_environment_and_its_limits(self):
        with self.running() as parent:
            self.start(
                parent, environment=[("MARK", "one"), ("MARK", "two words"), ("LANG", None)], cpu=100, most_cpu=120,
                data=1 << 31, address_space=1 << 33, priority=3, lang="C")
            pid = parent.pid(0)
            with open("/proc/%d/environ" % pid) as file:
                environment = file.read().split("\0")
            self.assertIn("MARK=two words", environment)
            self.assertNotIn("MARK=one", environment)
            self.assertFalse([entry for entry in environment if entry.startswith("LANG=")])
            self.assertEqual(resource.prlimit(pid, resource.RLIMIT_CPU), (100, 120))
            self.assertEqual(resource.prlimit(pid, resource.RLIMIT_DATA), (1 << 31,) * 2)
            self.assertEqual(resource.prlimit(pid, resource.RLIMIT_AS), (1 << 33,) * 2)
            self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), 3, "a number of its own, not one more than here")

    def test_worker_runs_without_a_limit_that_is_denied(self):
        with self.running() as parent:
            self.start(parent, cpu=100, most_cpu=10)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            self.assertIn("WSGI0076: Process %d of group 'site'" % parent.pid(0), parent.text())

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
