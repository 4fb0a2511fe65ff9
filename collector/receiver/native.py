"""Default receiver: built-in gRPC and HTTP servers on the relay's event loop.

Nothing is handed over between threads. docs/adr/0029-servers-of-our-own.md has what was
measured.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from collector.config.relay import TlsConfig
from collector.net.h2_server import ServerConnection
from collector.net.http1_server import Http1Connection
from collector.net.listener import RELOAD_SECONDS, Listener, ListenerState
from collector.receiver.grpc_export import GrpcExportService
from collector.receiver.grpc_services import GrpcServices
from collector.receiver.http_export import HttpExportService
from collector.receiver.policy import ReceiverPolicy
from snaptrace.runtime.config import Address
from snaptrace.runtime.events import wait

# Requests begun and not answered, of all clients: beside their bodies, which admission
# counts, each costs about a kilobyte.
_MOST_STREAMS: Final = 16_384
Listen = tuple[str, Address, TlsConfig]


class NativeReceiver:
    """Serves gRPC on the first listener and HTTP on the second."""

    name = "receivers"

    def __init__(
        self,
        reception: ReceiverPolicy,
        listen: Sequence[Listen],
        drain_seconds: float,
        on_bound: Callable[[str, str], None] = lambda _name, _address: None,
    ) -> None:
        self._reception, self._drain_seconds = reception, drain_seconds
        self._on_bound = on_bound
        (grpc, grpc_address, grpc_tls), (http, http_address, http_tls) = listen
        self._listening = {
            grpc: grpc_listening(reception, grpc_address, grpc_tls),
            http: http_listening(reception, http_address, http_tls),
        }

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; raise OSError if an address cannot be bound."""
        waiting = len(self._listening)

        def one_ready() -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                ready()

        for name, listening in self._listening.items():
            self._on_bound(name, listening.bind())
        async with asyncio.TaskGroup() as tasks:
            for listening in self._listening.values():
                tasks.create_task(listening.run(one_ready, stop, self._drain_seconds))
            tasks.create_task(reload_tokens(self._reception, stop))


def grpc_listening(
    reception: ReceiverPolicy, address: Address, tls: TlsConfig
) -> Listener:
    """Serve OTLP over gRPC, with health and reflection."""
    shared = shared_by_all(reception)
    shared.most_streams = reception.limits.streams
    shared.all_streams = _MOST_STREAMS
    calls = GrpcExportService(reception, GrpcServices(reception.serving))
    return Listener(
        address, tls, ("h2",), shared, lambda: ServerConnection(calls, shared)
    )


def http_listening(
    reception: ReceiverPolicy, address: Address, tls: TlsConfig
) -> Listener:
    """Serve OTLP over HTTP/1.1."""
    shared = shared_by_all(reception)
    handler = HttpExportService(reception)
    return Listener(
        address, tls, ("http/1.1",), shared, lambda: Http1Connection(handler, shared)
    )


def shared_by_all(reception: ReceiverPolicy) -> ListenerState:
    """Create the state shared by the connections of one listener."""
    refused = reception.metrics.refused
    return ListenerState(
        now_seconds=reception.clock.monotonic_seconds,
        refused=lambda reason: refused.labels(reason).inc(),
        read_seconds=float(reception.limits.read),
        most_connections=reception.limits.connections,
        # So that what broken ones leave behind goes back to the system.
        note_bytes=reception.admission.note,
    )


async def reload_tokens(reception: ReceiverPolicy, stop: asyncio.Event) -> None:
    """Reload the token file periodically until `stop`."""
    while not stop.is_set():
        if not await wait(stop, RELOAD_SECONDS):
            reception.tokens.reload()
