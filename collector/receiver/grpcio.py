"""Receiver on the reference gRPC library, grpc.aio; HTTP as in `native.py`.

Many times slower than the engine of our own. gRPC's core reads a whole message before
it asks us, so memory is reserved after reading there, and certificates are read at
start only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

import collector.otlp.messages  # noqa: F401 - fills the pool that reflection describes
from collector.config.relay import TlsConfig
from collector.otlp.export_result import ExportResult
from collector.otlp.signals import SIGNALS, OtlpRequest
from collector.receiver.admission import Reservation
from collector.receiver.grpc_status import base64_header
from collector.receiver.native import http_listening, reload_tokens
from collector.receiver.policy import (
    HOP_HEADER,
    SIGNAL_BY_METHOD,
    ReceiverPolicy,
    RefusedError,
)
from snaptrace.runtime.config import Address

_STATUS_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class GrpcioReceiver:
    """Serves gRPC on the first listener and HTTP on the second."""

    name = "receivers"

    def __init__(
        self,
        reception: ReceiverPolicy,
        listen: Sequence[tuple[str, Address, TlsConfig]],
        drain_seconds: float,
        on_bound: Callable[[str, str], None] = lambda _name, _address: None,
    ) -> None:
        self._reception, self._listen = reception, listen
        self._drain_seconds, self._on_bound = drain_seconds, on_bound

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop`; raise OSError if an address cannot be bound."""
        (grpc_name, grpc_address, grpc_tls), (http_name, http_address, http_tls) = (
            self._listen
        )
        server = grpc.aio.server(options=self._options())
        server.add_generic_rpc_handlers((self._handlers(),))
        status: Any = health.aio.HealthServicer()  # type: ignore[attr-defined] # not in stubs
        health_pb2_grpc.add_HealthServicer_to_server(status, server)
        services = [row.grpc_service for row in SIGNALS.values()]
        shown = [*services, health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(shown, server)
        port = _add_port(server, grpc_address, grpc_tls)
        self._on_bound(grpc_name, f"{grpc_address.rpartition(':')[0]}:{port}")
        listening = http_listening(self._reception, http_address, http_tls)
        self._on_bound(http_name, listening.bind())
        http_ready = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(
                    listening.run(http_ready.set, stop, self._drain_seconds)
                )
                await http_ready.wait()
                await server.start()
                for name in ("", *services):
                    await status.set(name, health_pb2.HealthCheckResponse.SERVING)
                ready()
                await reload_tokens(self._reception, stop)
                await status.enter_graceful_shutdown()
        finally:
            await server.stop(self._drain_seconds)

    def _options(self) -> list[tuple[str, int]]:
        limits = self._reception.limits
        return [
            # One more, so that ours is the answer at the limit itself.
            ("grpc.max_receive_message_length", int(limits.message) + 1),
            ("grpc.max_concurrent_streams", limits.streams),
            ("grpc.max_metadata_size", 65_536),
            ("grpc.so_reuseport", 0),
            # Clients may ping as often as they like.
            ("grpc.http2.min_ping_interval_without_data_ms", 1000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_ping_strikes", 0),
        ]

    def _handlers(self) -> Any:  # noqa: ANN401 - generic in the stubs only
        def make(signal: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
            async def export(body: bytes, context: Any) -> bytes:  # noqa: ANN401 - grpc's
                headers = context.invocation_metadata() or ()
                seconds = context.time_remaining()
                answer = await self._whole_call(signal, headers, body, seconds)
                if answer.code == 0:
                    return answer.body
                trailers: tuple[tuple[str, bytes], ...] = ()
                if answer.details:
                    trailers = (("grpc-status-details-bin", answer.details),)
                code = _STATUS_CODES[answer.code]
                await context.abort(code, answer.message, trailers)
                raise AssertionError("abort does not return")

            return export

        class Handlers(grpc.GenericRpcHandler):  # type: ignore[type-arg] # only in stubs
            methods: Final = {
                method: grpc.unary_unary_rpc_method_handler(make(signal), None, None)
                for method, signal in SIGNAL_BY_METHOD.items()
            }

            def service(self, call: grpc.HandlerCallDetails) -> Any:  # noqa: ANN401
                return self.methods.get(call.method)

        return Handlers()

    async def _whole_call(
        self,
        signal: str,
        metadata: Iterable[tuple[str, str | bytes]],
        body: bytes,
        timeout_seconds: float | None,
    ) -> ExportResult:
        """Answer a call that gRPC's core has read and decompressed."""
        reception = self._reception
        passed: dict[str, str] = {}
        authorization = ""
        for name, value in metadata:
            text = value if isinstance(value, str) else base64_header(value).decode()
            if name == "authorization":
                authorization = text
            if reception.headers.passes(name):
                passed[name] = f"{passed[name]},{text}" if name in passed else text
        reserved = Reservation(reception.admission)
        try:
            reception.admit(authorization, passed.get(HOP_HEADER, ""))
            if len(body) > reception.limits.message:
                raise reception.too_large()
            if not reserved.grow_to(len(body)):
                raise reception.overloaded()
            request = OtlpRequest(
                signal=signal,
                encoding="protobuf",
                body=body,
                received_at_ns=reception.clock.now_ns(),
                headers=passed,
            )
            return await reception.pass_on(request, timeout_seconds, "grpc")
        except RefusedError as error:
            code = error.answer.code
            reception.metrics.count_refusal(signal, "grpc", code, error.reason)
            return error.answer
        finally:
            reserved.release()


def _add_port(server: grpc.aio.Server, address: Address, tls: TlsConfig) -> int:
    try:
        if not tls.cert_file:
            return server.add_insecure_port(address)
        credentials = grpc.ssl_server_credentials(
            [(Path(tls.key_file).read_bytes(), Path(tls.cert_file).read_bytes())],
            Path(tls.client_ca_file).read_bytes() if tls.client_ca_file else None,
            require_client_auth=bool(tls.client_ca_file),
        )
        return server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}: {error}") from None
