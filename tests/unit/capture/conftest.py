"""A capture that is on, and a model server to call."""

import pytest
from fakes.captured import capturing
from fakes.provider import FakeProvider


@pytest.fixture
def recorded():
    """Capture with the default settings."""
    with capturing() as found:
        yield found


@pytest.fixture
async def model():
    """Return a model server on loopback."""
    async with FakeProvider() as provider:
        yield provider
