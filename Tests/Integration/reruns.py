"""When a failed test runs again: timing on a machine that has lost its processor for a while is no defect of the product.

Once, in any case; up to MOST times when the hypervisor has given the machine's processors to others meanwhile. What is
forgiven so is printed in full. A crash or something left behind is never forgiven: pytest.ini names DamageFailure.
"""

import pytest

#: How often a test may run again.
MOST = 3

#: The seconds of processor time that must be lost for a second failure to be excused.
_LOST = 0.1


class Excuse:
    """Whether a failure of this test is excused; pytest-rerunfailures asks after each attempt."""

    def __init__(self, item):
        self._item = item
        self._stolen_before = 0.0

    def begin(self) -> None:
        """An attempt begins."""
        self._stolen_before = _stolen()

    def __call__(self) -> bool:
        return self._item.execution_count == 1 or _stolen() - self._stolen_before >= _LOST


_EXCUSE = pytest.StashKey[Excuse]()


def _stolen() -> float:
    """The seconds of processor time that the hypervisor has given to others since this machine began: proc(5)."""
    with open("/proc/stat") as file:
        fields = file.readline().split()
    return int(fields[8]) / 100


def pytest_collection_modifyitems(items):
    for item in items:
        item.stash[_EXCUSE] = Excuse(item)
        item.add_marker(pytest.mark.flaky(reruns=MOST, condition=item.stash[_EXCUSE]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[_EXCUSE].begin()


def pytest_terminal_summary(terminalreporter):
    """Prints the failures that another run has excused: each is a test, or a product, to be made steady."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}", "_")
        for title, text in [("failure", report.longreprtext), *report.sections]:
            terminalreporter.line(f"--- {title}\n{text}")
