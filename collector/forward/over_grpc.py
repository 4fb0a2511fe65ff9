"""The upstream over gRPC: the bytes as they are, on one HTTP/2 channel."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio

from collector.answer import UNAVAILABLE, Answer, details_from_header, refusal
from collector.config import UpstreamTlsConfig
from collector.signals import SIGNALS, OtlpRequest

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


# Looser than the stubs, which know no binary values.
Metadata = Any


class GrpcUpstream:
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

    async def send(self, request: OtlpRequest, timeout_seconds: float) -> Answer:
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
        return Answer(body=body)

    async def close(self) -> None:
        """Close the channel at once; calls in flight end UNAVAILABLE."""
        await self._channel.close(None)


def _metadata(headers: Mapping[str, str]) -> Metadata:
    return tuple(
        (name, base64.b64decode(value + "=" * (-len(value) % 4)))
        if name.endswith("-bin")
        else (name, value)
        for name, value in headers.items()
    )


def _refused(error: grpc.aio.AioRpcError) -> Answer:
    """Tell the upstream's own refusal from one that our client made up."""
    code, message = error.code().value[0], error.details() or ""
    if not _came_from_peer(error):
        return refusal(UNAVAILABLE, f"upstream: {_public(message)}")
    trailers: Metadata = error.trailing_metadata() or ()
    for name, value in trailers:
        if name == "grpc-status-details-bin":
            details = value if isinstance(value, bytes) else details_from_header(value)
            return Answer(code=code, message=message, details=details)
    return Answer(code=code, message=message)


def _came_from_peer(error: grpc.aio.AioRpcError) -> bool:
    # gRPC core keeps no other record of who made a status up. A reset stream is
    # reported as from the peer too, with a code that would not be retried.
    debug = error.debug_error_string() or ""
    return "from peer" in debug and "RST_STREAM" not in debug


def _public(message: str) -> str:
    """Keep the cause and leave addresses out."""
    causes = {
        "Deadline": "no answer in time",
        "onnect": "cannot be reached",
        "RST_STREAM": "broke off",
        "Socket closed": "broke off",
        "resolution": "name does not resolve",
    }
    found = [said for mark, said in causes.items() if mark in message]
    return found[0] if found else "no answer"


def _credentials(tls: UpstreamTlsConfig) -> grpc.ChannelCredentials:
    def read(path: str) -> bytes | None:
        return Path(path).read_bytes() if path else None

    return grpc.ssl_channel_credentials(
        read(tls.ca_file), read(tls.key_file), read(tls.cert_file)
    )
