"""The receiver on h2corn: HTTP/2 and HTTP/1.1 in Rust, the application in Python.

One server per distinct TLS setting; the listeners' sockets are ours, so a server can
be replaced (new certificates) without giving up the port.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h2corn

from collector.config import TlsConfig
from collector.listeners import bind, bound_address
from collector.receivers.asgi import OtlpApplication
from collector.receivers.grpc_services import GrpcServices
from collector.receivers.reception import Reception
from snaptrace.runtime.config import Address

log = logging.getLogger(__name__)

# How often certificate and token files are looked at.
_RELOAD_SECONDS = 30.0
# What one connection may have on its way to us unread, in the engine's memory; it is
# not part of what admission counts (docs/adr/0018-memory-under-load.md).
_STREAM_WINDOW_BYTES = 256 * 1024
_CONNECTION_WINDOW_BYTES = 512 * 1024


class H2cornReceiver:
    """Serves gRPC and HTTP on every listener alike."""

    name = "receivers"

    def __init__(
        self,
        reception: Reception,
        listen: Sequence[tuple[str, Address, TlsConfig]],
        drain_seconds: float,
        on_bound: Callable[[str, str], None] = lambda _name, _address: None,
    ) -> None:
        self._reception, self._listen = reception, listen
        self._drain_seconds, self._on_bound = drain_seconds, on_bound
        services = GrpcServices(reception.serving)
        self._application: Any = OtlpApplication(reception, services.answer)

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; OSError where an address cannot be bound."""
        groups: dict[TlsConfig, list[socket.socket]] = {}
        sockets: list[socket.socket] = []
        try:
            for name, address, tls in self._listen:
                sockets.append(bind(address))
                self._on_bound(name, bound_address(sockets[-1]))
                groups.setdefault(tls, []).append(sockets[-1])
            waiting = len(groups)

            def one_ready() -> None:
                nonlocal waiting
                waiting -= 1
                if waiting == 0:
                    ready()

            async with asyncio.TaskGroup() as servers:
                for tls, listeners in groups.items():
                    servers.create_task(self._serve(tls, listeners, one_ready, stop))
        finally:
            for listener in sockets:
                listener.close()

    async def _serve(
        self,
        tls: TlsConfig,
        listeners: Sequence[socket.socket],
        ready: Callable[[], None],
        stop: asyncio.Event,
    ) -> None:
        """Serve one group; start a second generation when its certificates change."""
        async with asyncio.TaskGroup() as generations:
            server = await self._start(generations, tls, listeners)
            ready()
            seen = _modified_ns(tls)
            while not stop.is_set():
                try:
                    async with asyncio.timeout(_RELOAD_SECONDS):
                        await stop.wait()
                except TimeoutError:
                    self._reload_tokens()
                    if (now := _modified_ns(tls)) != seen:
                        seen = now
                        server = await self._replace(
                            generations, server, tls, listeners
                        )
            server.shutdown()

    async def _start(
        self,
        generations: asyncio.TaskGroup,
        tls: TlsConfig,
        listeners: Sequence[socket.socket],
    ) -> h2corn.Server:
        server = h2corn.Server(self._application, self._settings(tls, listeners))
        generations.create_task(_serve_until_drained(server))
        await server.wait_started()
        return server

    async def _replace(
        self,
        generations: asyncio.TaskGroup,
        old: h2corn.Server,
        tls: TlsConfig,
        listeners: Sequence[socket.socket],
    ) -> h2corn.Server:
        try:
            # Checked first: a half-written certificate must not end the program.
            h2corn_settings = self._settings(tls, listeners)
            _check_tls(h2corn_settings)
            new = await self._start(generations, tls, listeners)
        except (OSError, ValueError) as error:
            log.warning("certificates were not reloaded", extra={"why": str(error)})
            return old
        log.info("certificates reloaded")
        old.shutdown()
        return new

    def _settings(
        self, tls: TlsConfig, listeners: Sequence[socket.socket]
    ) -> h2corn.Config:
        limits = self._reception.limits
        # Ours answers what is too large, in the protocol's own words; the engine's
        # bound only stops a body that goes on after that.
        everything = h2corn.RequestPolicy(
            path="/*",
            max_request_body_size=0,
            timeout_request_body_idle=float(limits.read),
            h2_timeout_response_stall=60.0,
        )
        return h2corn.Config(
            bind=tuple(f"fd://{listener.fileno()}" for listener in listeners),
            grpc=True,
            lifespan="off",
            access_log=False,
            runtime_threads=1,
            request_policies=(everything,),
            limit_connections=limits.connections,
            max_concurrent_streams=limits.streams,
            limit_request_head_size=65_536,
            h2_max_header_list_size=65_536,
            h2_max_header_block_size=65_536,
            h2_initial_stream_window_size=_STREAM_WINDOW_BYTES,
            h2_initial_connection_window_size=_CONNECTION_WINDOW_BYTES,
            timeout_graceful_shutdown=self._drain_seconds,
            certfile=Path(tls.cert_file) if tls.cert_file else None,
            keyfile=Path(tls.key_file) if tls.key_file else None,
            ca_certs=Path(tls.client_ca_file) if tls.client_ca_file else None,
            cert_reqs="required" if tls.client_ca_file else "none",
        )

    def _reload_tokens(self) -> None:
        self._reception.tokens.reload()


async def _serve_until_drained(server: h2corn.Server) -> None:
    try:
        await server.serve()
    except RuntimeError as error:
        # Requests outlived the drain; the lifecycle says which part was late.
        log.warning("receiver did not drain", extra={"why": str(error)})


def _check_tls(settings: h2corn.Config) -> None:
    from h2corn._lib import prepare_tls  # noqa: PLC0415 - only where TLS is used
    from h2corn._server import load_tls_material  # noqa: PLC0415

    prepare_tls(settings, load_tls_material(settings))


def _modified_ns(tls: TlsConfig) -> tuple[int, ...]:
    """Return what changes when a certificate file does; zeros where one is missing."""
    stamps = []
    for name in (tls.cert_file, tls.key_file, tls.client_ca_file):
        try:
            stamps.append(Path(name).stat().st_mtime_ns if name else 0)
        except OSError:
            stamps.append(0)
    return tuple(stamps)
