"""What the component tests find of the build, and how those of the engine run: each file is a test on each Python."""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"
#: The Pythons beside the default one that the engine is tested with, as far as they are on this machine.
MORE_PYTHONS = ("3.12", "3.13", "3.14", "3.15")


def pytest_addoption(parser):
    parser.addoption("--build", type=pathlib.Path, default=BUILD, help="the folder of what `make` has built")


def pytest_configure(config):
    """Copies what is built: the tests run workers as another user, who may not be able to enter the checkout."""
    built = config.option.build.resolve() / "mod_wsgi"
    if not built.is_dir():
        raise pytest.UsageError(f"{built} does not exist: build it, or name another folder with --build")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="wsgi-components-", dir="/tmp"))
    config.add_cleanup(lambda: shutil.rmtree(folder))
    shutil.copytree(built, folder / "mod_wsgi", ignore=shutil.ignore_patterns("*.debug"))
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    os.environ["COMPANIONS"] = str(folder / "mod_wsgi")
    os.environ["ENGINE"] = str(folder / "mod_wsgi" / "_wsgi_engine.abi3.so")


def _pythons() -> dict[str, str]:
    """The Pythons of this machine: version and executable. The first one is Debian's, which also runs these tests."""
    found = {"{}.{}".format(*sys.version_info): "/usr/bin/python3"}
    for version in MORE_PYTHONS:
        installed = pathlib.Path.home().glob(f".pyenv/versions/{version}.*/bin/python3")
        for candidate in (pathlib.Path(f"/usr/bin/python{version}"), *sorted(installed)):
            if os.access(candidate, os.X_OK):
                found.setdefault(version, str(candidate))
    return found


PYTHONS = _pythons()


def pytest_report_header(config):
    absent = [version for version in MORE_PYTHONS if version not in PYTHONS]
    return f"Pythons: {', '.join(PYTHONS)}" + (f"; not on this machine: {', '.join(absent)}" if absent else "")


def pytest_pycollect_makemodule(module_path, parent):
    if module_path.parent.name == "Engine":
        return Program.from_parent(parent, path=module_path)


class Program(pytest.File):
    """A file of tests of the engine. It is a program, for the engine starts once in a process, and not every Python has pytest."""

    def collect(self):
        for version in PYTHONS:
            yield Run.from_parent(self, name=version)


class Run(pytest.Item):
    """A program on one of the Pythons, which the item is named after."""

    class Failure(Exception):
        """What the program has printed."""

    def runtest(self):
        done = subprocess.run([PYTHONS[self.name], "-B", self.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, errors="replace")
        cases = re.search(r"^Ran (\d+) test", done.stdout, re.MULTILINE)
        result = re.search(r"^(OK|FAILED)\b.*", done.stdout, re.MULTILINE)
        if cases and result:
            counts = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", result[0])}
            self.user_properties += [("cases", int(cases[1])), *counts.items()]
        if done.returncode != 0 or not result:
            raise self.Failure(f"{done.stdout}\n{self.path.name}: exit code {done.returncode}")

    def repr_failure(self, excinfo):
        return str(excinfo.value) if excinfo.errisinstance(self.Failure) else super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, None, f"{self.path.name} on Python {self.name}"


def pytest_terminal_summary(terminalreporter):
    """Counts the cases of unittest in the programs, which the last line counts as one test each."""
    counts = collections.Counter()
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        counts.update(dict(report.user_properties))
    if counts:
        failed = counts["failures"] + counts["errors"]
        terminalreporter.line(f"Engine: {counts['cases']} cases, {failed} failed, {counts['skipped']} skipped.")
