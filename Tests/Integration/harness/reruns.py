"""Reruns of failed tests: a delay on a machine that has lost its processors for a while is not a defect of the product.

A failed test always runs once again, and up to MOST times if the hypervisor has taken processor time away meanwhile
(CPU steal). Each failure that is followed by a rerun is printed in full. Crashes and leftovers are never retried:
pytest.ini names DamageFailure.
"""

import functools

import pytest

#: The maximum number of reruns of a test.
MOST = 3

#: The seconds of CPU steal that permit another rerun.
_LOST = 0.1

#: The value of _stolen() at the start of the attempt.
_STOLEN_BEFORE = pytest.StashKey[float]()


def _stolen() -> float:
    """CPU steal since this machine was booted, in seconds: proc(5)."""
    with open("/proc/stat") as file:
        fields = file.readline().split()
    return int(fields[8]) / 100


def _is_excused(item) -> bool:
    """Whether the test runs again. pytest-rerunfailures calls this after each failed attempt."""
    return item.execution_count == 1 or _stolen() - item.stash[_STOLEN_BEFORE] >= _LOST


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=MOST, condition=functools.partial(_is_excused, item)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[_STOLEN_BEFORE] = _stolen()


def pytest_terminal_summary(terminalreporter):
    """Prints the failures that were followed by a rerun. Each shows an unsteady test, or an unsteady product."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}", "_")
        for title, text in [("failure", report.longreprtext), *report.sections]:
            terminalreporter.line(f"--- {title}\n{text}")
