"""Rows that a contract's tests are asked of."""

import pytest

from collector.receiver import ENGINES


@pytest.fixture(params=list(ENGINES))
def engine(request):
    """Return the name of a receiver engine; a test that asks runs on each."""
    return request.param
