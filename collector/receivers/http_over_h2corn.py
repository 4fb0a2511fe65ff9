"""OTLP over HTTP on h2corn: HTTP/1.1 and HTTP/2 in Rust, the application in Python.

The listener's socket is ours, so a server can be replaced (new certificates) without
giving up the port.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h2corn

from collector.config import TlsConfig
from collector.listeners import bind, bound_address
from collector.receivers.asgi import OtlpApplication
from collector.receivers.reception import Reception
from collector.receivers.tls import modified_ns
from snaptrace.runtime.config import Address

log = logging.getLogger(__name__)

# How often certificate and token files are looked at.
_RELOAD_SECONDS = 30.0
# What one connection may have on its way to us unread, in the engine's memory; it is
# not part of what admission counts (docs/adr/0018-memory-under-load.md).
_STREAM_WINDOW_BYTES = 256 * 1024
_CONNECTION_WINDOW_BYTES = 512 * 1024


class HttpReceiver:
    """Serves HTTP on one listener."""

    def __init__(
        self,
        reception: Reception,
        listen: tuple[str, Address, TlsConfig],
        drain_seconds: float,
        on_bound: Callable[[str, str], None],
    ) -> None:
        self._reception, self._drain_seconds = reception, drain_seconds
        self._name, self._address, self._tls = listen
        self._on_bound = on_bound
        self._application: Any = OtlpApplication(reception)
        self._listener: socket.socket | None = None

    def bind(self) -> None:
        """Bind the address, before anything is promised; OSError where it cannot be."""
        self._listener = bind(self._address)
        self._on_bound(self._name, bound_address(self._listener))

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; a second generation follows renewed certificates."""
        assert self._listener is not None
        try:
            async with asyncio.TaskGroup() as generations:
                server = await self._start(generations)
                ready()
                seen = modified_ns(self._tls)
                while not stop.is_set():
                    try:
                        async with asyncio.timeout(_RELOAD_SECONDS):
                            await stop.wait()
                    except TimeoutError:
                        if (now := modified_ns(self._tls)) != seen:
                            seen = now
                            server = await self._replace(generations, server)
                server.shutdown()
        finally:
            self._listener.close()

    async def _start(self, generations: asyncio.TaskGroup) -> h2corn.Server:
        server = h2corn.Server(self._application, self._settings())
        generations.create_task(_serve_until_drained(server))
        await server.wait_started()
        return server

    async def _replace(
        self, generations: asyncio.TaskGroup, old: h2corn.Server
    ) -> h2corn.Server:
        try:
            # Checked first: a half-written certificate must not end the program.
            _check_tls(self._settings())
            new = await self._start(generations)
        except (OSError, ValueError) as error:
            log.warning("certificates were not reloaded", extra={"why": str(error)})
            return old
        log.info("certificates reloaded")
        old.shutdown()
        return new

    def _settings(self) -> h2corn.Config:
        assert self._listener is not None
        limits, tls = self._reception.limits, self._tls
        # Ours answers what is too large, in the protocol's own words; the engine's
        # bound only stops a body that goes on after that.
        everything = h2corn.RequestPolicy(
            path="/*",
            max_request_body_size=0,
            timeout_request_body_idle=float(limits.read),
            h2_timeout_response_stall=60.0,
        )
        return h2corn.Config(
            bind=(f"fd://{self._listener.fileno()}",),
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
