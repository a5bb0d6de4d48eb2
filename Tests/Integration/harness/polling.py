"""Waits until a condition is true, never for a fixed time."""

import time

#: The time limit of waits, in seconds. It is long, because a busy machine can stand still. No success takes so long.
PATIENCE = 60

#: The time within which processes must end after httpd has stopped, in seconds.
STOP = 20

#: The tolerated delay of a time limit, in seconds: the documented second, and half a second for the machine.
LATE = 1.5


def until(condition, what: str, *, timeout: float = PATIENCE, interval: float = 0.02):
    """Calls `condition` until its result is true, and returns the result. Fails with `what` after `timeout`."""
    deadline = time.monotonic() + timeout
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain: {what}")
        time.sleep(interval)
