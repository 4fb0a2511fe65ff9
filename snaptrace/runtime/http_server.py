"""One aiohttp application on one address, with a bound on its connections.

aiohttp waits for ever for the first request of a connection. Beyond the bound a new
connection takes the place of the oldest one that has no request under way, so that
silent clients cannot lock out scrapes and probes.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from snaptrace.runtime.config import Address

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_CONNECTIONS = 128


class ConnectionBound:
    """Admits connections of one server."""

    def __init__(self, most: int = MOST_CONNECTIONS) -> None:
        self._most = most
        self._open: dict[web.RequestHandler, None] = {}  # the oldest first
        self._busy: dict[object, int] = {}  # requests under way, by connection

    def admit(self, server: web.Server) -> asyncio.Protocol:
        """Make a connection's protocol; a silent one gives way to it."""
        gone = [one for one in self._open if one.transport is None]
        for one in gone:
            del self._open[one]
        if len(self._open) >= self._most:
            silent = next((one for one in self._open if one not in self._busy), None)
            if silent is not None:
                del self._open[silent]
                silent.force_close()
        made = server()
        self._open[made] = None
        return made

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note which connections have a request under way."""
        connection = request.protocol
        self._busy[connection] = self._busy.get(connection, 0) + 1
        try:
            return await handler(request)
        finally:
            self._busy[connection] -= 1
            if not self._busy[connection]:
                del self._busy[connection]
                # Whoever was answered last is closed last.
                if connection in self._open:
                    self._open[connection] = self._open.pop(connection)


@asynccontextmanager
async def served(
    app: web.Application, listen: Address, most: int = MOST_CONNECTIONS
) -> AsyncIterator[str]:
    """Serve within the block; yields `host:port` as it was bound.

    Raises:
        OSError: the address cannot be bound.
    """
    bound = ConnectionBound(most)
    app.middlewares.append(bound.watch)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        server = runner.server
        assert server is not None
        listening = await asyncio.get_running_loop().create_server(
            lambda: bound.admit(server), listen.host, listen.port
        )
        try:
            host, port = listening.sockets[0].getsockname()[:2]
            yield f"{host}:{port}"
        finally:
            listening.close()
    finally:
        await runner.cleanup()
