"""A terminal OTLP endpoint for a moment, gRPC and HTTP: what `doctor` listens with."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

import grpc
from aiohttp import web

from collector.otlp.signals import SIGNALS, Encoding, OtlpRequest, Signal
from collector.recognise.prefilter import has_marker
from snaptrace.cli.output import CommandError
from snaptrace.runtime.config import Address
from snaptrace.runtime.http_server import served

_MESSAGE_BYTES = 64 * 2**20
Take = Callable[[OtlpRequest], None]


async def listen_for(
    listen: str,
    seconds: float,
    take: Take,
    *,
    http: str,
    ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Answer success to every export for so long; `take` sees those with a marker.

    `ready` hears the HTTP address once both are open.

    Raises:
        CommandError: an address cannot be bound.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),  # else it would share a running program's port
        ]
    )
    for signal in SIGNALS.values():
        server.add_generic_rpc_handlers((_handler(signal, take),))
    async with AsyncExitStack() as stack:
        try:
            server.add_insecure_port(Address.parse(listen))
            await server.start()
        except RuntimeError:
            why = f"{listen} cannot be bound; name another --listen"
            raise CommandError(why) from None
        stack.push_async_callback(server.stop, 0.5)
        try:
            bound = await stack.enter_async_context(
                served(_app(take), Address.parse(http))
            )
        except OSError:
            why = f"{http} cannot be bound; name another --listen-http"
            raise CommandError(why) from None
        ready(bound)
        with suppress(asyncio.CancelledError):  # Ctrl-C: report what was seen so far
            await asyncio.sleep(seconds)


def _taken(signal: Signal, encoding: Encoding, body: bytes, take: Take) -> None:
    if has_marker(body):
        take(
            OtlpRequest(
                signal=signal.name,
                encoding=encoding,
                body=body,
                received_at_ns=time.time_ns(),
            )
        )


def _handler(signal: Signal, take: Take) -> "grpc.GenericRpcHandler[bytes, bytes]":
    async def export(body: bytes, _context: object) -> bytes:
        _taken(signal, "protobuf", body, take)
        return b""

    method = grpc.unary_unary_rpc_method_handler(export)
    handlers = {"Export": method}
    return grpc.method_handlers_generic_handler(signal.grpc_service, handlers)


def _app(take: Take) -> web.Application:
    app = web.Application(client_max_size=_MESSAGE_BYTES)

    def route(signal: Signal) -> None:
        async def export(request: web.Request) -> web.Response:
            is_json = request.content_type == "application/json"
            body = await request.read()
            _taken(signal, "json" if is_json else "protobuf", body, take)
            return web.Response(
                body=b"{}" if is_json else b"", content_type=request.content_type
            )

        app.router.add_post(signal.http_path, export)

    for signal in SIGNALS.values():
        route(signal)
    return app
