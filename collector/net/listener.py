"""A listening address: binding, accepting, certificate renewal and draining.

Connections live on the caller's event loop. What they speak is defined elsewhere; here
they are accepted, checked for timeouts about once per second, and drained.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final, Protocol

from msgspec import Struct

from collector.net.tls import TlsFiles, modified_ns, server_context
from collector.net.tls_accept import HANDSHAKE_BYTES, Handshakes, TlsServer

log = logging.getLogger(__name__)

# How often certificate files are looked at.
RELOAD_SECONDS: Final = 30.0
TIMEOUT_CHECK_SECONDS: Final = 1.0
_DRAIN_CHECK_SECONDS: Final = 0.05
# Share of all places that is cleared at once of clients that never asked anything: a
# look at all of them is not to be paid for every stranger.
_CLEARED_SHARE: Final = 1 / 32


class BindAddress(Protocol):
    """Host and port to bind; port 0 selects a free port."""

    @property
    def host(self) -> str:
        """Name or IP address; empty: all interfaces."""
        ...

    @property
    def port(self) -> int:
        """0 to 65535."""
        ...


def bind(address: BindAddress, backlog: int = 1024) -> socket.socket:
    """Bind and listen; raise OSError naming the address if that fails."""
    try:
        found = socket.getaddrinfo(
            address.host,
            address.port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
        family, kind, protocol, _, where = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(backlog)
            listener.settimeout(0)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise OSError(
            error.errno, f"cannot listen on {address}: {error.strerror}"
        ) from None
    return listener


def bound_address(listener: socket.socket) -> str:
    """Return `host:port`, with the actual port where 0 was configured."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class IncomingRequest(Protocol):
    """Receiving side of one request; the connection passes events to it."""

    def on_data(self, piece: bytes, *, is_last: bool) -> None:
        """Receive a piece of the body; after an early response, no further calls."""
        ...

    def check_timeouts(self, now_seconds: float) -> None:
        """Enforce timeouts. Called about once per second."""
        ...

    def cancelled(self) -> None:
        """Stop: the client no longer waits for the response."""
        ...


class Connection(Protocol):
    """One client connection."""

    def check_timeouts(self, now_seconds: float) -> None:
        """Enforce timeouts. Called about once per second."""
        ...

    def start_drain(self) -> None:
        """Start a graceful shutdown; requests already received are still answered."""
        ...

    def end(self) -> None:
        """Close immediately; requests in flight are aborted."""
        ...

    def expendable(self) -> tuple[bool, float] | None:
        """Rank for closing where places run out, lowest first; None: not to be closed.

        Whether it ever was answered, and since when it waits for its client. Never one
        that waits for an answer of ours.
        """
        ...


class ListenerState(Struct):
    """State shared by all connections of a listener."""

    now_seconds: Callable[[], float]  # monotonic
    refused: Callable[[str], None]  # counts by reason
    read_seconds: float  # for a head, and for a body
    most_connections: int
    idle_seconds: float = 180.0  # between two requests; HTTP/1.1
    most_streams: int = 1  # of a connection, at once; HTTP/2
    all_streams: int = 1  # of all connections
    open_streams: int = 0
    connections: set[Connection] = set()
    handshakes: Handshakes = {}
    # Told how many bytes handshakes hold, which are not held against the budget.
    note_bytes: Callable[[int], None] = lambda _bytes: None


_Server = asyncio.Server | TlsServer


class Listener:
    """Serves one address."""

    def __init__(
        self,
        address: BindAddress,
        tls: TlsFiles,
        alpn: Sequence[str],
        shared: ListenerState,
        make: Callable[[], asyncio.Protocol],
    ) -> None:
        """`make` makes a connection, which is in `shared.connections` while open."""
        self._address, self._tls, self._alpn = address, tls, alpn
        self._shared, self._make = shared, make
        self._listener: socket.socket | None = None

    def bind(self) -> str:
        """Bind before startup is reported; return the address with its port.

        Raises:
            OSError: it cannot be bound; the text names it.
        """
        self._listener = bind(self._address)
        return bound_address(self._listener)

    async def run(
        self, ready: Callable[[], None], stop: asyncio.Event, drain_seconds: float
    ) -> None:
        """Serve until `stop`, then finish requests in flight."""
        assert self._listener is not None
        try:
            server = await self._start(server_context(self._tls, self._alpn))
            ready()
            server = await self._serve(server, stop)
            server.close()
            await self._drain(drain_seconds)
        finally:
            for handshake in list(self._shared.handshakes):
                handshake.cancel()
            for connection in list(self._shared.connections):
                connection.end()
            self._listener.close()

    async def _serve(self, server: _Server, stop: asyncio.Event) -> _Server:
        """Look after connections and certificates; return what serves at the end."""
        loop = asyncio.get_running_loop()
        stamp, reload_at = modified_ns(self._tls), loop.time() + RELOAD_SECONDS
        check_seconds = min(TIMEOUT_CHECK_SECONDS, self._shared.read_seconds / 4)
        while not stop.is_set():
            try:
                async with asyncio.timeout(check_seconds):
                    await stop.wait()
            except TimeoutError:
                self._check_timeouts()
            if loop.time() >= reload_at:
                reload_at = loop.time() + RELOAD_SECONDS
                if (now := modified_ns(self._tls)) != stamp:
                    stamp = now
                    server = await self._renew(server)
        return server

    async def _start(self, context: ssl.SSLContext | None) -> _Server:
        assert self._listener is not None
        # A socket of its own: closing this server does not close the port.
        listener = self._listener.dup()
        if context is not None:
            handshakes = self._shared.handshakes
            return TlsServer(listener, context, handshakes, self._has_room, self._make)
        return await asyncio.get_running_loop().create_server(
            lambda: self._make() if self._has_room() else _Closing(), sock=listener
        )

    def _has_room(self) -> bool:
        count = len(self._shared.connections) + len(self._shared.handshakes)
        if count < self._shared.most_connections:
            return True
        self._shared.refused("connections")
        return self._clear()

    def _clear(self) -> bool:
        """Close connections that wait for their client; false if none does.

        Otherwise silent clients could take every place and keep it.
        """
        shared = self._shared
        ranked = [
            (rank, connection)
            for connection in shared.connections
            if (rank := connection.expendable()) is not None
        ]
        ranked.sort(key=itemgetter(0))
        strangers = sum(not was_answered for (was_answered, _), _ in ranked)
        most = max(1, min(strangers, int(shared.most_connections * _CLEARED_SHARE)))
        for _, connection in ranked[:most]:
            shared.connections.discard(connection)
            connection.end()
        return bool(ranked)

    async def _renew(self, server: _Server) -> _Server:
        """Serve with the new certificates; clients of the old ones come again."""
        try:
            # Checked first: a half-written certificate must not end the program.
            context = server_context(self._tls, self._alpn)
        except OSError as error:
            why = type(error).__name__
            log.warning("certificates could not be reloaded", extra={"why": why})
            return server
        before = list(self._shared.connections)
        new = await self._start(context)
        server.close()
        for connection in before:
            connection.start_drain()
        log.info("certificates reloaded")
        return new

    def _check_timeouts(self) -> None:
        self._shared.note_bytes(len(self._shared.handshakes) * HANDSHAKE_BYTES)
        now_seconds = self._shared.now_seconds()
        for connection in list(self._shared.connections):
            connection.check_timeouts(now_seconds)

    async def _drain(self, drain_seconds: float) -> None:
        """Answer what was sent; what outlives the drain is given up."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + drain_seconds
        while self._shared.connections and loop.time() < ends_at:
            for connection in list(self._shared.connections):
                connection.start_drain()  # some were still shaking hands when it began
            await asyncio.sleep(_DRAIN_CHECK_SECONDS)
            self._check_timeouts()
        if left := len(self._shared.connections):
            log.warning(
                "connections closed at the drain deadline", extra={"left": left}
            )


class _Closing(asyncio.Protocol):
    """A connection beyond the bound."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close at once: the client tries again, later or elsewhere."""
        transport.close()
