"""The receiver that is used: gRPC on our own HTTP/2 server, HTTP on h2corn.

Connections of gRPC live on the relay's own event loop, so that nothing is handed over
between threads. docs/adr/0029-an-http2-server-of-our-own.md has both measured.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from collector.config import TlsConfig
from collector.listeners import bind, bound_address
from collector.receivers.grpc_calls import GrpcCalls
from collector.receivers.grpc_services import GrpcServices
from collector.receivers.http2 import ServerConnection
from collector.receivers.http2_streams import Limits, Shared
from collector.receivers.http_over_h2corn import HttpReceiver
from collector.receivers.reception import Reception
from collector.receivers.tls import modified_ns, server_context
from snaptrace.runtime.config import Address

log = logging.getLogger(__name__)

# How often certificate and token files are looked at.
_RELOAD_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 1.0
_DRAIN_LOOK_SECONDS: Final = 0.05
_HANDSHAKE_SECONDS: Final = 10.0
# Requests begun and not answered, of all clients: beside their bodies, which admission
# counts, each costs about a kilobyte.
_MOST_STREAMS: Final = 16_384
Listen = tuple[str, Address, TlsConfig]


class NativeReceiver:
    """Serves gRPC on the first listener and HTTP on the second."""

    name = "receivers"

    def __init__(
        self,
        reception: Reception,
        listen: Sequence[Listen],
        drain_seconds: float,
        on_bound: Callable[[str, str], None] = lambda _name, _address: None,
    ) -> None:
        grpc, http = listen
        self._parts = (
            GrpcReceiver(reception, grpc, drain_seconds, on_bound),
            HttpReceiver(reception, http, drain_seconds, on_bound),
        )

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; OSError where an address cannot be bound."""
        waiting = len(self._parts)

        def one_ready() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                ready()

        for part in self._parts:
            part.bind()  # both, before either serves
        async with asyncio.TaskGroup() as tasks:
            for part in self._parts:
                tasks.create_task(part.run(one_ready, stop))


class GrpcReceiver:
    """Serves gRPC on one listener."""

    def __init__(
        self,
        reception: Reception,
        listen: Listen,
        drain_seconds: float,
        on_bound: Callable[[str, str], None],
    ) -> None:
        self._reception, self._drain_seconds = reception, drain_seconds
        self._name, self._address, self._tls = listen
        self._on_bound = on_bound
        self._calls = GrpcCalls(reception, GrpcServices(reception.serving))
        self._connections: set[ServerConnection[Any]] = set()
        limits = reception.limits
        self._shared = Shared(
            Limits(limits.streams, _MOST_STREAMS, float(limits.read)),
            reception.clock.monotonic_seconds,
            lambda reason: reception.metrics.refused.labels(reason).inc(),
        )
        self._listener: socket.socket | None = None

    def bind(self) -> None:
        """Bind the address, before anything is promised; OSError where it cannot be."""
        self._listener = bind(self._address)
        self._on_bound(self._name, bound_address(self._listener))

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`, then answer what is in flight."""
        assert self._listener is not None
        try:
            server = await self._serve_until(ready, stop)
            server.close()
            await self._drain()
        finally:
            for connection in list(self._connections):
                connection.end()
            self._listener.close()

    async def _serve_until(
        self, ready: Callable[[], None], stop: asyncio.Event
    ) -> asyncio.Server:
        """Serve until `stop`; return what serves then."""
        server = await self._start(server_context(self._tls, ("h2",)))
        stamp = modified_ns(self._tls)
        loop = asyncio.get_running_loop()
        reload_at = loop.time() + _RELOAD_SECONDS
        look_seconds = min(_LOOK_SECONDS, float(self._reception.limits.read) / 4)
        ready()
        while not stop.is_set():
            try:
                async with asyncio.timeout(look_seconds):
                    await stop.wait()
            except TimeoutError:
                self._look()
            if loop.time() >= reload_at:
                reload_at = loop.time() + _RELOAD_SECONDS
                self._reception.tokens.reload()
                if (now := modified_ns(self._tls)) != stamp:
                    stamp = now
                    server = await self._renew(server)
        return server

    async def _start(self, context: ssl.SSLContext | None) -> asyncio.Server:
        assert self._listener is not None
        # A socket of its own: closing this server does not close the port.
        return await asyncio.get_running_loop().create_server(
            self._accept,
            sock=self._listener.dup(),
            ssl=context,
            ssl_handshake_timeout=None if context is None else _HANDSHAKE_SECONDS,
        )

    def _accept(self) -> asyncio.Protocol:
        if len(self._connections) >= self._reception.limits.connections:
            self._shared.refused("connections")
            return _Closing()
        return ServerConnection(self._calls, self._shared, self._connections)

    async def _renew(self, server: asyncio.Server) -> asyncio.Server:
        """Serve with the new certificates; clients of the old ones come again."""
        try:
            # Checked first: a half-written certificate must not end the program.
            context = server_context(self._tls, ("h2",))
        except (OSError, ssl.SSLError) as error:
            why = type(error).__name__
            log.warning("certificates were not reloaded", extra={"why": why})
            return server
        before = list(self._connections)
        new = await self._start(context)
        server.close()
        for connection in before:
            connection.leave()
        log.info("certificates reloaded")
        return new

    def _look(self) -> None:
        now_seconds = self._shared.now_seconds()
        for connection in list(self._connections):
            connection.look(now_seconds)

    async def _drain(self) -> None:
        """Answer what was sent; what outlives the drain is given up."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._drain_seconds
        while self._connections and loop.time() < ends_at:
            for connection in list(self._connections):
                connection.leave()  # some were still shaking hands when it began
            await asyncio.sleep(_DRAIN_LOOK_SECONDS)
            self._look()
        if self._connections:
            log.warning(
                "receiver did not drain", extra={"left": len(self._connections)}
            )


class _Closing(asyncio.Protocol):
    """A connection beyond the bound."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close at once: the client tries again, later or elsewhere."""
        transport.close()
