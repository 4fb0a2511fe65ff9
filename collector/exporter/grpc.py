"""OTLP/gRPC upstream: forwards bytes unchanged on one HTTP/2 connection.

Source: grpc/doc/PROTOCOL-HTTP2.md and http-grpc-status-mapping.md.
"""

import asyncio
import gzip
import math
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from collector.config.relay import UpstreamTlsConfig
from collector.errors import BodyTooLargeError, BodyUndecodableError
from collector.exporter.tls_reload import tls_context
from collector.net.h2_call import BrokenCallError, Reply
from collector.net.h2_client import Http2Connection
from collector.net.h2_hpack import header_field
from collector.otlp.compression import decompress
from collector.otlp.export_result import (
    ACCEPTED,
    DEADLINE_EXCEEDED,
    PERMISSION_DENIED,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNIMPLEMENTED,
    ExportResult,
    details_from_header,
    refusal,
)
from collector.otlp.signals import SIGNALS, OtlpRequest
from snaptrace.runtime.backoff import Backoff

_PORT: Final = 4317
_UNKNOWN: Final = 2
_CODES: Final = range(17)
# Where something before the upstream answered, in HTTP's words; the rest is a failure
# on the way.
_CODE_BY_HTTP: Final = {
    "401": UNAUTHENTICATED,
    "403": PERMISSION_DENIED,
    "404": UNIMPLEMENTED,
}
_ANSWER_BYTES: Final = 4 * 2**20
# Up to this size a body is copied behind its five bytes: one piece costs less.
_ONE_PIECE_BYTES: Final = 16_384
_KNOWN_BLOCKS: Final = 256
_CONNECT_SECONDS: Final = 20.0
_NEARLY: Final = 0.9  # of a deadline
_RECONNECT: Final = Backoff(0.2, 5.0)


class GrpcUpstream:
    """One connection, opened on demand; a request never sent is UNAVAILABLE.

    After a failure to connect, requests are refused for a while without another try.
    """

    def __init__(
        self,
        target: str,
        *,
        tls: UpstreamTlsConfig | None,
        compression: str = "none",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        parts = urlsplit(f"//{target}")
        self._host, self._port = parts.hostname or "", parts.port or _PORT
        self._tls = None if tls is None else tls_context(tls)
        if self._tls is not None:
            self._tls.set_alpn_protocols(["h2"])
        self._compress = compression == "gzip"
        self._beginnings = {
            name: _beginning(signal.grpc_method, target, compression, tls is not None)
            for name, signal in SIGNALS.items()
        }
        self._added = _fields(headers or {})
        self._blocks: dict[tuple[object, ...], bytes] = {}
        self._connection: Http2Connection | None = None
        self._connecting: asyncio.Task[Http2Connection] | None = None
        self._failures = 0  # to connect, in a row
        self._retry_at_seconds = 0.0
        self._closed = False

    async def send(self, request: OtlpRequest, timeout_seconds: float) -> ExportResult:
        """Send one protobuf request; see `Upstream`."""
        block = self._block(request) + _timeout(timeout_seconds)
        body, is_compressed = request.body, b"\0"
        if self._compress:
            body, is_compressed = gzip.compress(body, 1), b"\1"
        prefix = is_compressed + len(body).to_bytes(4, "big")
        whole = len(body) < _ONE_PIECE_BYTES
        pieces = (prefix + body,) if whole else (prefix, body)
        started_seconds = time.monotonic()
        try:
            connection = self._connection or await self._connected(timeout_seconds)
            reply = await connection.send(block, pieces, timeout_seconds)
        except BrokenCallError as error:
            return refusal(UNAVAILABLE, f"upstream: {error}")
        answer = _answer_of(reply)
        if answer.code == DEADLINE_EXCEEDED:
            passed_seconds = time.monotonic() - started_seconds
            if passed_seconds >= _NEARLY * timeout_seconds:
                # The deadline that we gave it; its clock was first to notice.
                return refusal(UNAVAILABLE, "upstream: no answer in time")
        return answer

    async def close(self) -> None:
        """Close the connection immediately; calls in flight end UNAVAILABLE."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.close()

    def _block(self, request: OtlpRequest) -> bytes:
        """Return the headers of a request but for its deadline."""
        key = (request.signal, *request.headers.items())
        block = self._blocks.get(key)
        if block is None:
            beginning = self._beginnings[request.signal]
            block = beginning + _fields(request.headers) + self._added
            if len(self._blocks) >= _KNOWN_BLOCKS:
                self._blocks.clear()
            self._blocks[key] = block
        return block

    async def _connected(self, timeout_seconds: float) -> Http2Connection:
        """Wait for a connection, which is being made for all who wait.

        Raises:
            BrokenCallError: it cannot be made now, or not in time.
        """
        loop = asyncio.get_running_loop()
        if self._closed:
            raise BrokenCallError("the upstream is closed")
        if self._connecting is None:
            if loop.time() < self._retry_at_seconds:
                raise BrokenCallError("cannot be reached")
            # A task of its own: it outlives a client that cannot wait for it, else
            # clients in a hurry would keep each other from ever getting one.
            self._connecting = loop.create_task(self._connect())
            self._connecting.add_done_callback(self._connect_done)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await asyncio.shield(self._connecting)
        except TimeoutError:
            raise BrokenCallError("no answer in time") from None
        except asyncio.CancelledError:
            if self._closed:
                raise BrokenCallError("the upstream is closed") from None
            raise

    async def _connect(self) -> Http2Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                transport, connection = await loop.create_connection(
                    lambda: Http2Connection(self._ended),
                    self._host,
                    self._port,
                    ssl=self._tls,
                )
        except socket.gaierror:
            raise BrokenCallError("name does not resolve") from None
        except ssl.SSLError:
            raise BrokenCallError("no TLS that both sides accept") from None
        except OSError:  # and TimeoutError
            raise BrokenCallError("cannot be reached") from None
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != "h2":
            connection.close()
            raise BrokenCallError("speaks no gRPC")
        return connection

    def _connect_done(self, task: asyncio.Task[Http2Connection]) -> None:
        self._connecting = None
        if task.cancelled():
            return
        if task.exception() is not None:
            self._back_off()
        elif self._closed:
            task.result().close()
        else:
            self._connection = task.result()

    def _ended(self, was_greeted: bool) -> None:  # noqa: FBT001 - a callback's one fact
        """Take note that the connection takes no more requests."""
        self._connection = None
        if was_greeted:
            self._failures = 0
        else:
            self._back_off()

    def _back_off(self) -> None:
        self._failures += 1
        now_seconds = asyncio.get_running_loop().time()
        self._retry_at_seconds = now_seconds + _RECONNECT.seconds(self._failures)


def _beginning(method: str, authority: str, compression: str, is_tls: bool) -> bytes:  # noqa: FBT001 - a scheme
    fields = {
        ":method": "POST",
        ":scheme": "https" if is_tls else "http",
        ":path": method,
        ":authority": authority,
        "te": "trailers",
        "content-type": "application/grpc",
        "user-agent": "snaptrace-collector",
        "grpc-accept-encoding": "identity",
    }
    if compression != "none":
        fields["grpc-encoding"] = compression
    return _fields(fields)


def _fields(headers: Mapping[str, str]) -> bytes:
    return b"".join(
        header_field(name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in headers.items()
    )


def _timeout(seconds: float) -> bytes:
    """Encode the deadline; at most eight digits, rounded up so that 0 is never sent."""
    text = f"{max(1, math.ceil(seconds * 1000))}m" if seconds < 90_000 else "90000S"
    return header_field(b"grpc-timeout", text.encode())


def _answer_of(reply: Reply) -> ExportResult:
    status = reply.trailers.get("grpc-status", "")
    if status == "0":
        return _accepted(reply)
    if not status.isdecimal():
        http_status = reply.headers.get(":status", "")
        if http_status in _CODE_BY_HTTP:
            text = f"upstream answered HTTP {http_status}"
            return ExportResult(code=_CODE_BY_HTTP[http_status], message=text)
        return refusal(UNAVAILABLE, "upstream: speaks no gRPC")
    code = int(status) if int(status) in _CODES else _UNKNOWN
    return ExportResult(
        code=code,
        message=unquote(reply.trailers.get("grpc-message", ""), errors="replace"),
        details=details_from_header(reply.trailers.get("grpc-status-details-bin", "")),
    )


def _accepted(reply: Reply) -> ExportResult:
    """Return a success; what its message says where there is one."""
    body = reply.body
    if len(body) <= 5:
        return ACCEPTED
    message = body[5 : 5 + int.from_bytes(body[1:5], "big")]
    if body[0]:
        coding = reply.headers.get("grpc-encoding", "")
        try:
            message = decompress(message, coding, _ANSWER_BYTES)
        except (BodyTooLargeError, BodyUndecodableError):
            return ACCEPTED  # accepted, whatever the rest contains
    return ExportResult(body=message)
