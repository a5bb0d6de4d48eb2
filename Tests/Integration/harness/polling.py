"""Waiting for something to become true, never for a fixed time."""

import time

#: How long anything is waited for, in seconds: long, as a busy machine can stand still; nothing waits that long for a success.
PATIENCE = 60

#: How long processes may take to end when httpd has stopped, in seconds.
STOP = 20

#: What a limit of the product may come late, in seconds: the one that is promised, and half of one for the machine.
LATE = 1.5


def until(condition, what: str, *, timeout: float = PATIENCE, interval: float = 0.02):
    """Calls `condition` until it returns something true and returns that; fails with `what` after `timeout`."""
    deadline = time.monotonic() + timeout
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain: {what}")
        time.sleep(interval)
