"""A gathering connection: many packets are read at once, and none is lost or kept."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlparse

import pytest

pytest.importorskip("nats")

from replayd.workers import gathering
from replayd.workers.gathering import GatheringTransport

WHOLE = b"".join(b"%03d\r\n" % number for number in range(200))


@asynccontextmanager
async def connected(handler):
    """Yield a transport to a server of this process."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = GatheringTransport()
    async with server, asyncio.timeout(30):
        await transport.connect(urlparse(f"nats://127.0.0.1:{port}"), 32768, 5)
        try:
            yield transport
        finally:
            transport.close()
            await transport.wait_closed()


async def read_all(transport, buffer_size=32768):
    found = []
    while data := await transport.read(buffer_size):
        found.append(data)
    return found


async def in_packets(_reader, writer):
    for at in range(0, len(WHOLE), 5):
        writer.write(WHOLE[at : at + 5])
        await writer.drain()
        await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()


async def test_packets_that_follow_each_other_are_read_together(monkeypatch):
    """If it failed, a leader would be woken for every reply of every worker."""
    monkeypatch.setattr(gathering, "BUSY_SECONDS", 60.0)
    async with connected(in_packets) as transport:
        found = await read_all(transport)
    assert b"".join(found) == WHOLE
    assert len(found) < 50


async def test_a_packet_by_itself_is_read_at_once(monkeypatch):
    """If it failed, a quiet leader would answer late for nothing."""
    monkeypatch.setattr(gathering, "BUSY_SECONDS", 0.0)
    monkeypatch.setattr(gathering, "GATHER_SECONDS", 3600.0)
    async with connected(in_packets) as transport:
        assert b"".join(await read_all(transport)) == WHOLE


async def test_what_does_not_fit_is_read_without_waiting_again(monkeypatch):
    """If it failed, a burst would be read a bufferful per pause."""
    monkeypatch.setattr(gathering, "BUSY_SECONDS", 60.0)
    async with connected(in_packets) as transport:
        assert b"".join(await read_all(transport, 7)) == WHOLE


async def test_whoever_is_stopped_meanwhile_leaves_the_connection_readable(
    monkeypatch,
):
    """If it failed, a connection would stay silent for good after a reconnect."""
    monkeypatch.setattr(gathering, "BUSY_SECONDS", 60.0)
    async with connected(in_packets) as transport:
        first = await transport.read(5)
        monkeypatch.setattr(gathering, "GATHER_SECONDS", 3600.0)
        transport._is_behind = False
        reading = asyncio.ensure_future(transport.read(5))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait((reading,))
        monkeypatch.setattr(gathering, "GATHER_SECONDS", 0.0)
        rest = await read_all(transport)
    assert first + b"".join(rest) == WHOLE
