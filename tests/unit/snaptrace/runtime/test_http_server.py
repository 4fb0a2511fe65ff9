"""The server of metrics, gate and page, beside clients that say nothing."""

import asyncio
import socket
from contextlib import ExitStack

import aiohttp
from aiohttp import web

from snaptrace.runtime.config import Address
from snaptrace.runtime.http_server import served

MOST = 8


async def test_silent_connections_lock_nobody_out():
    """A few hundred idle connections would fail the probes, and restart the pod."""
    held = asyncio.Event()

    async def waits(_request):
        await held.wait()
        return web.Response(text="late")

    async def answers(_request):
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/waits", waits)
    app.router.add_get("/healthz", answers)
    async with (
        served(app, Address("127.0.0.1:0"), MOST) as address,
        aiohttp.ClientSession(f"http://{address}") as session,
    ):
        late = asyncio.ensure_future(session.get("/waits"))
        await asyncio.sleep(0)
        host, _, port = address.rpartition(":")
        with ExitStack() as silent:
            for number in range(3 * MOST):
                silent.enter_context(socket.create_connection((host, int(port))))
                if number % MOST == MOST - 1:
                    async with session.get("/healthz") as found:
                        assert await found.text() == "ok"
        held.set()
        # A request under way is never closed for others.
        async with await late as found:
            assert await found.text() == "late"
