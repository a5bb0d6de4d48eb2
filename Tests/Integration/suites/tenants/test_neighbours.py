"""The scaffold itself: an honest site is found unharmed, and harm is found."""

import os

import pytest

from tenants.neighbours import HOSTILE, OTHER


def test_an_honest_neighbour_harms_nobody(neighbours):
    neighbours.configure()
    neighbours.start()
    neighbours.server.wait_ready("/hostile")
    assert len(neighbours.workers(HOSTILE)) == 1
    neighbours.require_unharmed()


def test_a_stopped_neighbour_is_noticed(neighbours):
    """A process of the other site that cannot answer fails the check."""
    neighbours.configure()
    neighbours.start()
    worker, = neighbours.workers(OTHER)
    os.kill(worker.pid, 19)
    try:
        with pytest.raises((AssertionError, OSError)):
            neighbours.require_unharmed(kill=False)
    finally:
        os.kill(worker.pid, 18)
    neighbours.server.wait_ready("/other")
