"""What workers say to the supervisor, and what is sent where it could reach it."""

import array
import contextlib
import fcntl
import os
import signal
import socket
import struct
import time

from httpd_parent import Child, wait_for
from supervisor_case import SupervisorCase, descriptors


def lingering():
    """A TCP socket that takes an hour to close, and its other end."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one = socket.create_connection(listener.getsockname())
    other, _ = listener.accept()
    listener.close()
    one.setblocking(False)
    try:
        while True:
            one.send(b"x" * 4096)
    except BlockingIOError:
        pass
    one.setblocking(True)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
    return one, other


def helpers(parent):
    """The processes that look at files for the supervisor."""
    with open("/proc/%d/task/%d/children" % (parent.supervisor.pid, parent.supervisor.pid)) as file:
        children = file.read().split()
    found = []
    for pid in children:
        with contextlib.suppress(OSError), open("/proc/%s/comm" % pid) as file:
            if file.read() == "wsgi-files\n":
                found.append(int(pid))
    return found


class Reports(SupervisorCase):
    def lives(self, parent):
        before = parent.beats()
        wait_for(lambda: parent.beats() > before, seconds=3, what="a beat of the supervisor")

    def test_long_traceback_of_a_failed_start_is_logged_whole(self):
        preload = self.write("preload.py", "def application(environ, start_response): pass\n")
        with self.running() as parent:
            group = self.start(parent, preloads=[(preload, "", "application")])
            text = "".join("LINE%d-" % number + "x" * 9000 + "-END\n" for number in range(3))
            self.write("preload.py", "raise ValueError(%r)\n" % text)
            parent.configure(group)
            wait_for(lambda: "WSGI1013" in parent.text(), what="the failed replacement")
            log = parent.text()
            for number in range(3):
                self.assertIn("LINE%d-" % number + "x" * 9000 + "-END", log)
            self.assertIn("ValueError: LINE0", log)

    def test_longer_one_is_cut_in_the_middle(self):
        preload = self.write("preload.py", "def application(environ, start_response): pass\n")
        with self.running() as parent:
            group = self.start(parent, preloads=[(preload, "", "application")])
            self.write("preload.py", "raise ValueError('FIRST' + 'x' * 200_000 + 'LAST')\n")
            parent.configure(group)
            wait_for(lambda: "WSGI1013" in parent.text(), what="the failed replacement")
            log = parent.text()
            self.assertIn("ValueError: FIRST", log)
            self.assertIn("xLAST", log)
            self.assertRegex(log, r"\[\.\.\. \d+ bytes omitted \.\.\.\]")
            self.assertLess(len(log), 100_000)

    def test_descriptor_sent_to_a_socket_that_nobody_serves(self):
        """The supervisor closes what waits there; the descriptor must not be its to close."""
        with self.running() as parent:
            parent.configure(self.group(python=os.path.join(self.directory, "missing")))
            wait_for(lambda: parent.state(0) == "failed", what="starts fail")
            one, other = lingering()
            client = socket.socket(socket.AF_UNIX)
            client.connect(parent.slot(0).path)
            client.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()]))])
            os.close(one.detach())
            client.settimeout(5)
            with self.assertRaises(ConnectionResetError):
                client.recv(1)
            for _ in range(3):
                self.lives(parent)
            other.close()

    def test_listening_socket_of_a_removed_group_with_such_a_descriptor(self):
        with self.running() as parent:
            parent.configure(self.group(python=os.path.join(self.directory, "missing")))
            wait_for(lambda: parent.state(0) == "failed", what="starts fail")
            one, other = lingering()
            client = socket.socket(socket.AF_UNIX)
            slot = parent.slots.pop(0)
            # What waits is turned away a few times a second: this is to be there when the socket is closed.
            os.kill(parent.supervisor.pid, signal.SIGSTOP)
            client.connect(slot.path)
            client.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()]))])
            os.close(one.detach())
            slot.listener.close()
            parent.configure(self.group(name="next", index=1, slots=[1]))
            os.kill(parent.supervisor.pid, signal.SIGCONT)
            wait_for(lambda: parent.generation(1), what="the worker of the other group")
            for _ in range(3):
                self.lives(parent)
            other.close()

    def test_worker_that_closes_its_pipe_is_replaced(self):
        self.write("app.wsgi", "import os\ndef application(environ, start_response):\n"
                   "    os.close(7)\n    start_response('200 OK', [])\n    return [b'closed']\n")
        with self.running() as parent:
            self.start(parent)
            pid = parent.pid(0)
            self.assertEqual(self.get(Child(parent, 0)).body, b"closed")
            self.replaced(parent, 0, pid)
            self.assertIn("it closed its connection to the supervisor", parent.text())

    def test_worker_that_sends_all_the_time_is_read_now_and_then(self):
        self.write("app.wsgi", "import os, struct, threading, time\ndef send():\n"
                   "    end = time.monotonic() + 3\n    while time.monotonic() < end:\n"
                   "        try: os.write(7, struct.pack('=I', 32))\n        except OSError: pass\n"
                   "        time.sleep(0.00005)\n"
                   "def application(environ, start_response):\n    threading.Thread(target=send).start()\n"
                   "    start_response('200 OK', [])\n    return [b'sending']\n")
        with self.running() as parent:
            self.start(parent)
            self.assertEqual(self.get(Child(parent, 0)).body, b"sending")
            time.sleep(0.3)
            before = parent.beats()
            time.sleep(1)
            self.assertLess(parent.beats() - before, 3000, "its loop goes round once a packet")

    def test_worker_cannot_change_how_others_write_to_the_log(self):
        self.write("app.wsgi", "import fcntl, os\ndef application(environ, start_response):\n"
                   "    for number in (1, 2):\n"
                   "        fcntl.fcntl(number, fcntl.F_SETFL, os.O_DIRECT if environ['QUERY_STRING'] else 0)\n"
                   "        os.lseek(number, 0, 0)\n"
                   "    start_response('200 OK', [])\n    return [b'changed']\n")
        with self.running() as parent:
            group = self.start(parent)
            flags = fcntl.fcntl(parent.log, fcntl.F_GETFL)
            for query in ("", "direct"):
                beginning = parent.text()
                pid = parent.pid(0)
                self.assertEqual(self.get(Child(parent, 0), query=query).body, b"changed")
                self.assertEqual(fcntl.fcntl(parent.log, fcntl.F_GETFL), flags)
                # So it is with the log that a restart brings.
                parent.configure(group)
                self.replaced(parent, 0, pid)
                wait_for(lambda: "Process %d of group 'site'" % pid in parent.text()[len(beginning):], what="its end in the log")
                self.assertTrue(parent.text().startswith(beginning[:60]))

    def test_nothing_is_left_of_workers(self):
        with self.running() as parent:
            self.start(parent)
            wait_for(lambda: parent.beats() > 3 and not helpers(parent), what="some beats, and the helper's rest")
            before = descriptors(parent.supervisor.pid)
            for _ in range(5):
                pid = parent.pid(0)
                os.kill(pid, 9)
                self.replaced(parent, 0, pid)
                time.sleep(1.1)
            wait_for(lambda: descriptors(parent.supervisor.pid) == before, what="descriptors as before")
