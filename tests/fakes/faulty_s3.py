"""An object store that misbehaves: a proxy in front of a real S3 server.

Each request may run into a fault; what is behind the proxy stays whole, so that what a
program lost or doubled can be counted there.
"""

import asyncio
import random
import re
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import web
from msgspec.structs import replace

_CONTENTS = re.compile(rb"<Contents>.*?</Contents>", re.DOTALL)
DRIP_SECONDS = 0.1  # between two bytes
BEFORE = {"500": 500, "503": 503, "403": 403, "409_before": 409}
# What a fault may do to which kind of request; `put` stands for a create.
FAULTS = {
    "500": ("put", "get", "head", "list", "delete"),
    "503": ("put", "get", "head", "list", "delete"),
    "403": ("put", "get", "head", "list", "delete"),
    "reset": ("put", "get", "head", "list", "delete"),
    "hang": ("put", "get", "list"),
    "lost_answer": ("put", "delete"),
    "412_after": ("put",),
    "409_before": ("put",),
    "half_body": ("get", "list"),
    "slow_drip": ("get", "list"),
    "short_body": ("get",),
    "cut_list": ("list",),
    "early_end": ("list",),
}


class FaultySource:
    """Draws faults; `share` of the requests have one of `faults`."""

    def __init__(self, faults=(), share=1.0, seed=1):
        self.faults, self.share = tuple(faults), share
        self._rng = random.Random(seed)
        self.made = {}  # faults made, by name

    def draw(self, kind):
        possible = [fault for fault in self.faults if kind in FAULTS[fault]]
        if not possible or self._rng.random() >= self.share:
            return ""
        fault = self._rng.choice(possible)
        self.made[fault] = self.made.get(fault, 0) + 1
        return fault


def kind_of(request):
    if request.method == "GET" and "list-type" in request.query:
        return "list"
    return {"DELETE": "delete", "POST": "delete"}.get(
        request.method, request.method.lower()
    )


class Proxy:
    """Hands requests on to `address`, or makes a fault of them."""

    def __init__(self, address, source):
        self._address, self.source = address, source

    async def handle(self, request):
        fault = self.source.draw(kind_of(request))
        body = await request.read()
        if fault in BEFORE:
            return web.Response(status=BEFORE[fault], text="<Error/>")
        if fault == "hang":
            await asyncio.sleep(3600)
        status, headers, found = 0, {}, b""
        if fault != "reset":
            status, headers, found = await self._asked(request, body)
        if fault in ("reset", "lost_answer"):
            return self._broken_off(request)
        if fault == "412_after" and status < 300:
            return web.Response(status=412, text="<Error/>")
        if fault == "half_body" and len(found) > 1:
            return await self._half(request, status, headers, found)
        if fault == "slow_drip":
            return await self._drip(request, status, headers, found)
        if request.method == "HEAD":
            return web.Response(status=status, headers=headers)
        return web.Response(status=status, headers=headers, body=_less(fault, found))

    async def _asked(self, request, body):
        skipped = ("host", "content-length", "transfer-encoding", "connection")
        headers = {k: v for k, v in request.headers.items() if k.lower() not in skipped}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                self._address + request.raw_path,
                headers=headers,
                data=body or None,
                skip_auto_headers=("content-type", "accept", "user-agent"),
            ) as answer,
        ):
            kept = ["content-type", "etag", "last-modified", "content-range"]
            kept += ["content-length"] if request.method == "HEAD" else []
            told = {k: v for k, v in answer.headers.items() if k.lower() in kept}
            return answer.status, told, await answer.read()

    def _broken_off(self, request):
        request.transport.abort()
        return web.Response()

    async def _half(self, request, status, headers, found):
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(found)
        await response.prepare(request)
        await response.write(found[: len(found) // 2])
        await asyncio.sleep(0.01)
        request.transport.abort()
        return response

    async def _drip(self, request, status, headers, found):
        """Send a byte now and then: never silent, and never done in time."""
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(found)
        await response.prepare(request)
        with suppress(ConnectionError):
            for at in range(len(found)):
                await response.write(found[at : at + 1])
                await asyncio.sleep(DRIP_SECONDS)
        return response


def _less(fault, found):
    """Return an answer, or what is left of it, so that its length looks right."""
    if fault in ("short_body", "cut_list"):
        return found[: len(found) // 2]
    if fault == "early_end":
        listed = _CONTENTS.findall(found)
        for one in listed[len(listed) // 2 :]:
            found = found.replace(one, b"")
    return found


@asynccontextmanager
async def faulty(server, config, source):
    """Yield the store's configuration with a faulty proxy in front of `server`."""
    app = web.Application(client_max_size=2**30)
    proxy = Proxy(server.address, source)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    options = {**config.options, "aws_endpoint": f"http://{host}:{port}"}
    try:
        yield replace(config, options=options)
    finally:
        await runner.cleanup()
