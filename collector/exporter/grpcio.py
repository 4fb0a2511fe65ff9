"""OTLP/gRPC upstream on the reference library, one channel; `engine: grpcio`.

The client of `grpc.py` has to keep the same promise at a fraction of the cost.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio

from collector.config.relay import UpstreamTlsConfig
from collector.otlp.export_result import (
    UNAVAILABLE,
    ExportResult,
    details_from_header,
    refusal,
)
from collector.otlp.signals import SIGNALS, OtlpRequest

_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", 4 * 2**20),
    # Retrying is the client's business: it may have given up on the request.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.primary_user_agent", "snaptrace-collector"),
)
_COMPRESSION: Final = {
    "none": grpc.Compression.NoCompression,
    "gzip": grpc.Compression.Gzip,
}


# UNKNOWN, INTERNAL, CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE: what gRPC core
# gives to a failure of the connection, or of the time.
_TRANSPORT_CODES: Final = frozenset((1, 2, 4, 13, 14))
_TRANSPORT_TEXTS: Final = {
    "Deadline Exceeded": "no answer in time",
    "failed to connect": "cannot be reached",
    "DNS resolution": "name does not resolve",
    "Name or service not known": "name does not resolve",
    "empty address list": "name does not resolve",
    "RST_STREAM": "broke off",
    "GOAWAY": "broke off",
    "Cancelling all calls": "broke off",
    "Stream removed": "broke off",
    "Socket closed": "broke off",
    "Connection reset": "broke off",
    "Broken pipe": "broke off",
    "closed": "broke off",
    "Transport": "broke off",
    "http2": "speaks no gRPC",
    "No status received": "speaks no gRPC",
}
# Looser than the stubs, which know no binary values.
Metadata = Any


class GrpcioUpstream:
    """One channel; a call that never reached the upstream is UNAVAILABLE."""

    def __init__(
        self,
        target: str,
        *,
        tls: UpstreamTlsConfig | None,
        compression: str = "none",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        options, coding = list(_OPTIONS), _COMPRESSION[compression]
        if tls is None:
            channel = grpc.aio.insecure_channel(target, options, coding)
        else:
            channel = grpc.aio.secure_channel(
                target, _credentials(tls), options, coding
            )
        self._channel = channel
        self._added: Metadata = tuple((headers or {}).items())
        self._calls = {
            name: channel.unary_unary(signal.grpc_method, None, None)
            for name, signal in SIGNALS.items()
        }

    async def send(self, request: OtlpRequest, timeout_seconds: float) -> ExportResult:
        """Send one protobuf request; see `Upstream`."""
        metadata: Metadata = self._added
        if request.headers:
            metadata = (*_metadata(request.headers), *self._added)
        try:
            body = await self._calls[request.signal](
                request.body, timeout=timeout_seconds, metadata=metadata
            )
        except grpc.aio.AioRpcError as error:
            return _refused(error)
        except grpc.aio.UsageError:
            return refusal(UNAVAILABLE, "the upstream channel is closed")
        return ExportResult(body=body)

    async def close(self) -> None:
        """Close the channel immediately; calls in flight end UNAVAILABLE."""
        await self._channel.close(None)


def _metadata(headers: Mapping[str, str]) -> Metadata:
    return tuple(
        (name, base64.b64decode(value + "=" * (-len(value) % 4)))
        if name.endswith("-bin")
        else (name, value)
        for name, value in headers.items()
    )


def _refused(error: grpc.aio.AioRpcError) -> ExportResult:
    """Distinguish the upstream's own refusal from one that our client made up."""
    code, message = error.code().value[0], error.details() or ""
    trailers: Metadata = error.trailing_metadata() or ()
    for name, value in trailers:
        if name == "grpc-status-details-bin":
            details = value if isinstance(value, bytes) else details_from_header(value)
            return ExportResult(code=code, message=message, details=details)
    if cause := _transport_cause(code, message):
        return refusal(UNAVAILABLE, f"upstream: {cause}")
    return ExportResult(code=code, message=message)


def _transport_cause(code: int, message: str) -> str:
    """Say what broke where the client made the status up; empty where it did not.

    gRPC core keeps no record of who made a status up, and gives a reset stream a code
    that no client retries; so its own texts are known here. Addresses stay out of
    what is passed on.
    """
    if code not in _TRANSPORT_CODES:
        return ""
    return next(
        (said for mark, said in _TRANSPORT_TEXTS.items() if mark in message), ""
    )


def _credentials(tls: UpstreamTlsConfig) -> grpc.ChannelCredentials:
    def read(path: str) -> bytes | None:
        return Path(path).read_bytes() if path else None

    return grpc.ssl_channel_credentials(
        read(tls.ca_file), read(tls.key_file), read(tls.cert_file)
    )
