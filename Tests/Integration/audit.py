"""What the audits after a test found, and which of it a second run may excuse.

Timing on a busy machine is no defect of the product: pytest-rerunfailures runs a failed test once more, and the failure that
it forgives is printed in full. A crash or something left behind is never forgiven.
"""


class Damage(str):
    """A fault that must never happen, however busy the machine: a crash, or something left behind."""


class DamageFailure(AssertionError):
    """Fails a test for good; pytest.ini names it to pytest-rerunfailures."""


def require_none(faults: list[str]) -> None:
    """Fails with all faults when there are any."""
    if any(isinstance(one, Damage) for one in faults):
        raise DamageFailure("\n".join(faults))
    assert not faults, "\n".join(faults)
