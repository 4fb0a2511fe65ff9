"""A terminal OTLP/gRPC endpoint for a moment: what `doctor` listens with."""

import asyncio
import time
from collections.abc import Callable

import grpc

from collector.otlp.signals import SIGNALS, OtlpRequest, Signal
from collector.recognise.prefilter import has_marker
from snaptrace.cli.output import CommandError
from snaptrace.runtime.config import Address

_MESSAGE_BYTES = 64 * 2**20


async def listen_for(
    listen: str,
    seconds: float,
    take: Callable[[OtlpRequest], None],
) -> None:
    """Answer success to every export for so long; `take` sees those with a marker.

    Raises:
        CommandError: the address cannot be bound.
    """
    server = grpc.aio.server(
        options=[("grpc.max_receive_message_length", _MESSAGE_BYTES)]
    )
    for signal in SIGNALS.values():
        server.add_generic_rpc_handlers((_handler(signal, take),))
    address = Address.parse(listen)
    try:
        server.add_insecure_port(address)
        await server.start()
    except RuntimeError:
        raise CommandError(f"{listen} cannot be bound; name another --listen") from None
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        pass  # Ctrl-C: report what was seen so far
    finally:
        await server.stop(0.5)


def _handler(
    signal: Signal, take: Callable[[OtlpRequest], None]
) -> "grpc.GenericRpcHandler[bytes, bytes]":
    async def export(body: bytes, _context: object) -> bytes:
        if has_marker(body):
            take(
                OtlpRequest(
                    signal=signal.name,
                    encoding="protobuf",
                    body=body,
                    received_at_ns=time.time_ns(),
                )
            )
        return b""

    method = grpc.unary_unary_rpc_method_handler(export)
    handlers = {"Export": method}
    return grpc.method_handlers_generic_handler(signal.grpc_service, handlers)
