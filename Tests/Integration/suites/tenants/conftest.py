"""The server of two sites, one of which is hostile."""

import pytest

from tenants.neighbours import Neighbours, requires_root


@pytest.fixture
def neighbours(launch):
    """Both sites, not yet configured or started. The test calls configure() and start()."""
    if not requires_root():
        pytest.skip("sites of two users need root, and the accounts games and backup")
    return Neighbours(launch(start=False))
