"""Groups that come, change and go."""

import os
import signal
import unittest

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
            wait_for(lambda: parent.failed_replacements(0), what="failed replacement")
            self.assertEqual((parent.pid(0), parent.state(0)), (pid, "serving"))
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")

    def test_changed_group_goes_on_when_its_successor_cannot_start(self):
        with self.running() as parent:
            group = self.start(parent)
            pid = parent.pid(0)
            changed = dict(group, python=os.path.join(self.directory, "venv/bin/python"), threads=7)
            for count in 1, 2:
                parent.configure(changed)
                wait_for(lambda: parent.failed_replacements(0) == count, what="failed replacement")
                self.assertEqual((parent.pid(0), parent.state(0)), (pid, "serving"))
                self.assertEqual(parent.text().count("WSGI1013"), count)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            os.kill(pid, signal.SIGKILL)
            again = self.replaced(parent, 0, pid)
            self.assertEqual(parent.slot_cell(0)[3], 4, "threads of the former definition")
            self.assertIn("One was started with the former definition", parent.text())
            parent.configure(dict(changed, python=PYTHON))
            self.replaced(parent, 0, again)
            self.assertEqual(parent.slot_cell(0)[3], 7)

    def test_changed_group_whose_script_is_broken_keeps_the_former_process(self):
        with self.running() as parent:
            group = self.start(parent)
            pid = parent.pid(0)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            self.write("app.wsgi", "import nosuch\n")
            parent.configure(dict(group, threads=7))
            wait_for(lambda: parent.failed_replacements(0), what="failed replacement")
            self.assertEqual(parent.pid(0), pid)
            self.assertEqual(self.get(Child(parent, 0)).body, b"Hello World!")
            # No alias names it any more: it is not in the way of the next one.
            parent.configure(dict(group, threads=7), former_scripts=[self.script])
            self.replaced(parent, 0, pid)

    @unittest.skipIf(os.getuid(), "needs root")
    def test_group_with_other_rights_does_not_go_on(self):
        with self.running() as parent:
            group = self.start(parent, user=(65534, 65534))
            pid = parent.pid(0)
            missing = os.path.join(self.directory, "venv/bin/python")
            parent.configure(dict(group, user=(65534, 65533), python=missing))
            wait_for(lambda: parent.state(0) == "failed", what="the group fails")
            wait_for(lambda: not is_running(pid), what="old worker ends")

    def test_definition_that_cannot_be_run_leaves_the_former_processes_alone(self):
        with self.running() as parent:
            group = self.start(parent)
            pid = parent.pid(0)
            for count in 1, 2:
                parent.configure(dict(group, problem="There is no user 'siet'."))
                wait_for(lambda: parent.text().count("There is no user 'siet'.") == count, what="WSGI1013")
            self.assertEqual((parent.pid(0), parent.state(0)), (pid, "serving"))
            os.kill(pid, signal.SIGKILL)
            self.replaced(parent, 0, pid)

    def test_group_that_a_restart_adds_is_said_to_be_new(self):
        with self.running() as parent:
            one = self.start(parent)
            parent.configure(one, self.group(name="other", index=1, slots=[1]))
            wait_for(lambda: parent.pid(1), what="new group")
            self.assertRegex(parent.text(), "group 'site' .* was started: httpd was started")
            self.assertRegex(parent.text(), "group 'other' .* was started: a restart of httpd has added it")

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
