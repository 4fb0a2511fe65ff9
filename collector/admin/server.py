"""`/metrics`, `/healthz` and `/readyz`, on the receivers' HTTP server.

The general server in `snaptrace.runtime.telemetry` would bring a second HTTP stack
into the sidecar's memory.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from collector.config.relay import TlsConfig
from collector.metrics.exposition import negotiated
from collector.metrics.instruments import Registry
from collector.net.http1_server import Http1Connection, Http1Exchange
from collector.net.listener import IncomingRequest, Listener, ListenerState
from snaptrace.runtime.config import Address

_CONNECTIONS = 64
_IDLE_SECONDS = 75.0  # longer than scrapes are apart
_READ_SECONDS = 10.0
_DRAIN_SECONDS = 1.0


class AdminServer:
    """Serves the metrics registry, liveness and readiness.

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
        """Serve until `stop`; raise OSError if the address cannot be bound."""
        shared = ListenerState(
            now_seconds=time.monotonic,
            refused=lambda _reason: None,
            read_seconds=_READ_SECONDS,
            most_connections=_CONNECTIONS,
            idle_seconds=_IDLE_SECONDS,
        )
        listening = Listener(
            self._listen,
            TlsConfig(),
            (),
            shared,
            lambda: Http1Connection(self, shared),
        )
        self._on_bound("metrics", listening.bind())
        await listening.run(ready, stop, _DRAIN_SECONDS)

    def open(self, exchange: Http1Exchange) -> IncomingRequest | None:
        """Answer a request; a `Handler` of `http1_server.py`."""
        if exchange.path == "/metrics":
            return _Scrape(exchange, self._page)
        status, text = 200, "ok"
        if exchange.path == "/readyz":
            if why := self._why_not_ready():
                status, text = 503, why
        elif exchange.path != "/healthz":
            status, text = 404, "not found"
        _respond(exchange, status, "text/plain; charset=utf-8", f"{text}\n".encode())
        return None

    async def _page(self, accept: str) -> tuple[str, bytes]:
        await self._refresh()
        return negotiated(self._registry.families(), accept)


class _Scrape:
    """One question for the metrics, which takes a moment to answer."""

    def __init__(
        self,
        exchange: Http1Exchange,
        make_page: Callable[[str], Awaitable[tuple[str, bytes]]],
    ) -> None:
        self._exchange, self._make_page = exchange, make_page
        self._task: asyncio.Task[None] | None = None

    def on_data(self, _piece: bytes, *, is_last: bool) -> None:
        """Answer once the request is complete; a body is ignored."""
        if is_last:
            self._task = asyncio.get_running_loop().create_task(self._answer())

    def check_timeouts(self, now_seconds: float) -> None:
        """Do nothing: no body is awaited."""

    def cancelled(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()

    async def _answer(self) -> None:
        accept = b",".join(
            value for name, value in self._exchange.fields if name.lower() == b"accept"
        )
        media_type, body = await self._make_page(accept.decode("latin-1"))
        _respond(self._exchange, 200, media_type, body)


def _respond(
    exchange: Http1Exchange, status: int, media_type: str, body: bytes
) -> None:
    exchange.respond(status, [(b"content-type", media_type.encode())], body)
