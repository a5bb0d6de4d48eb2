"""Groups that come, change and go."""

import os
import signal

from httpd_parent import Child, wait_for
from supervisor_case import PYTHON, SupervisorCase, is_running


class Configurations(SupervisorCase):
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
