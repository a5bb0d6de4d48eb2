"""When a failed test runs again: timing on a machine that has lost its processor for a while is no defect of the product.

Once, in any case; up to MOST times when the hypervisor has given the machine's processors to others meanwhile. What is
forgiven so is printed in full. A crash or something left behind is never forgiven: pytest.ini names DamageFailure.
"""

import functools

import pytest

#: How often a test may run again.
MOST = 3

#: The seconds of processor time that must be lost for a second failure to be excused.
_LOST = 0.1

#: _stolen() when the attempt began.
_STOLEN_BEFORE = pytest.StashKey[float]()


def _stolen() -> float:
    """The seconds of processor time that the hypervisor has given to others since this machine began: proc(5)."""
    with open("/proc/stat") as file:
        fields = file.readline().split()
    return int(fields[8]) / 100


def _is_excused(item) -> bool:
    """Whether the failure of the last attempt is; pytest-rerunfailures asks after each."""
    return item.execution_count == 1 or _stolen() - item.stash[_STOLEN_BEFORE] >= _LOST


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=MOST, condition=functools.partial(_is_excused, item)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[_STOLEN_BEFORE] = _stolen()


def pytest_terminal_summary(terminalreporter):
    """Prints the failures that another run has excused: each is a test, or a product, to be made steady."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}", "_")
        for title, text in [("failure", report.longreprtext), *report.sections]:
            terminalreporter.line(f"--- {title}\n{text}")
