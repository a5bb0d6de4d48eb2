"""Waiting for something to become true, never for a fixed time."""

import time


def until(condition, what: str, *, timeout: float = 15, interval: float = 0.02):
    """Calls `condition` until it returns something true and returns that; fails with `what` after `timeout`."""
    deadline = time.monotonic() + timeout
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain: {what}")
        time.sleep(interval)
