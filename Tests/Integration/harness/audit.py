"""What the audits after a test found, and which of it another run may excuse (reruns.py): damage never."""


class Damage(str):
    """A fault that must never happen, however busy the machine: a crash, or something left behind."""


class DamageFailure(AssertionError):
    """Fails a test for good."""


def require_none(faults: list[str]) -> None:
    """Fails with all faults when there are any."""
    if any(isinstance(one, Damage) for one in faults):
        raise DamageFailure("\n".join(faults))
    assert not faults, "\n".join(faults)
