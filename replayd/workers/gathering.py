"""A connection that reads what gathered: of many small packets nobody wakes for each.

Every reply of a worker comes as a packet of its own. A leader that takes a thousand of
them a second spends more on being woken than on what they say, so while packets follow
each other closely it leaves the socket alone for some milliseconds.
"""

import asyncio
from typing import cast

from nats.aio.client import Client
from nats.aio.transport import TcpTransport

GATHER_SECONDS = 0.005  # how much later a reply is read than it came, at most
BUSY_SECONDS = 0.02  # between two packets; what comes more seldom is read at once


class GatheringClient(Client):
    """A client of NATS over such a connection."""

    def __init__(self) -> None:
        super().__init__()
        self._transport = GatheringTransport()


class GatheringTransport(TcpTransport):
    """A connection to one server after another, as the client picks them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._read_at = float("-inf")
        self._is_behind = False

    def __bool__(self) -> bool:
        return True  # or the client would take a plain one before it connects

    async def read(self, buffer_size: int) -> bytes:
        """Return what came, at most so many bytes; empty at the end."""
        now = asyncio.get_running_loop().time
        if not self._is_behind and now() - self._read_at < BUSY_SECONDS:
            await self._gather()
        data: bytes = await super().read(buffer_size)
        self._is_behind = len(data) == buffer_size
        self._read_at = now()
        return data

    async def _gather(self) -> None:
        assert self._io_writer is not None
        transport = cast("asyncio.Transport", self._io_writer.transport)
        if transport.is_closing():
            return
        transport.pause_reading()
        try:
            await asyncio.sleep(GATHER_SECONDS)
        finally:
            if not transport.is_closing():
                transport.resume_reading()
