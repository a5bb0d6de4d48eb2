"""Findings of the audits after a test. A rerun (reruns.py) may clear them, except damage."""


class Damage(str):
    """A fault that must never happen, however busy the machine is: a crash, or leftovers."""


class DamageFailure(AssertionError):
    """Fails a test, which is not run again."""


def require_none(faults: list[str]) -> None:
    """Fails with all faults if there are any."""
    if any(isinstance(one, Damage) for one in faults):
        raise DamageFailure("\n".join(faults))
    assert not faults, "\n".join(faults)
