"""A client of the inspection page over a stored epoch."""

import pytest
from aiohttp.test_utils import TestClient, TestServer
from fakes.shown_page import shown_page


@pytest.fixture
async def page():
    """Return a client of a page over a stored epoch of `pairs`."""
    clients = []

    async def build(pairs, **more):
        shown = await shown_page(pairs, **more)
        client = TestClient(TestServer(shown.server.app()))
        await client.start_server()
        client.store, client.epoch = shown.store, shown.epoch
        client.audited = shown.audited
        clients.append(client)
        return client

    yield build
    for client in clients:
        await client.close()
