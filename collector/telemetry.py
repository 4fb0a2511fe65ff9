"""`/metrics`, `/healthz` and `/readyz`, on the engine that the receivers use anyway.

The general server in `snaptrace.runtime.telemetry` would bring a second HTTP stack
into the sidecar's memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import h2corn

from collector.exposition import MEDIA_TYPE, page
from collector.instruments import Registry
from collector.listeners import bind, bound_address
from snaptrace.runtime.config import Address


class RelayTelemetry:
    """Serves the registry, and says whether the relay is alive and ready.

    `refresh` runs before each scrape. `why_not_ready` returns an empty text once the
    relay can serve.
    """

    name = "telemetry"

    def __init__(
        self,
        listen: Address,
        registry: Registry,
        why_not_ready: Callable[[], str],
        refresh: Callable[[], Awaitable[None]],
        on_bound: Callable[[str, str], None] = lambda _name, _address: None,
    ) -> None:
        self._listen, self._registry = listen, registry
        self._why_not_ready, self._refresh = why_not_ready, refresh
        self._on_bound = on_bound

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; OSError where the address cannot be bound."""
        listener = bind(self._listen)
        try:
            self._on_bound("metrics", bound_address(listener))
            application: Any = self._answer
            settings = h2corn.Config(
                bind=(f"fd://{listener.fileno()}",),
                lifespan="off",
                access_log=False,
                runtime_threads=1,
                limit_connections=64,
                limit_request_head_size=16_384,
                max_request_body_size=65_536,
                timeout_graceful_shutdown=1.0,
            )
            server = h2corn.Server(application, settings)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(server.serve())
                await server.wait_started()
                ready()
                await stop.wait()
                server.shutdown()
        finally:
            listener.close()

    async def _answer(self, scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "http":
            return
        status, media_type, body = 200, "text/plain; charset=utf-8", b"ok\n"
        if scope["path"] == "/metrics":
            await self._refresh()
            media_type, body = MEDIA_TYPE, page(self._registry.families())
        elif scope["path"] == "/readyz":
            if why := self._why_not_ready():
                status, body = 503, f"{why}\n".encode()
        elif scope["path"] != "/healthz":
            status, body = 404, b"not found\n"
        headers = [
            (b"content-type", media_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        start = {"type": "http.response.start", "status": status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})
