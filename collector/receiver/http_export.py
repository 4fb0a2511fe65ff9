"""OTLP/HTTP: request handling and responses.

Source: OTLP 1.9, "OTLP/HTTP".
"""

from typing import Final

from collector.net.http1_head import Field
from collector.net.http1_server import Http1Exchange
from collector.net.listener import IncomingRequest
from collector.otlp.export_result import (
    ExportResult,
    http_body,
    http_retry_after,
    http_status,
)
from collector.otlp.signals import Encoding
from collector.receiver.export import Export
from collector.receiver.policy import (
    ENCODING_BY_MEDIA_TYPE,
    HOP_HEADER,
    SIGNAL_BY_PATH,
    ReceiverPolicy,
    RefusedError,
)

_NO_CODING: Final = frozenset(("", "identity", "none"))
# Where HTTP has a word of its own for a refusal, by the reason of the refusal.
_STATUS_BY_REASON: Final = {"too_large": 413, "unknown_coding": 415}


class HttpExportService:
    """Answers OTLP requests; a `Handler` of `http1_server.py`."""

    def __init__(self, reception: ReceiverPolicy) -> None:
        self._reception = reception

    def open(self, exchange: Http1Exchange) -> IncomingRequest | None:
        """Start a request."""
        signal = SIGNAL_BY_PATH.get(exchange.path)
        if signal is None:
            exchange.respond(404, [])
            return None
        if exchange.method != b"POST":
            exchange.respond(405, [(b"allow", b"POST")])
            return None
        headers = _joined(exchange.fields)
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = ENCODING_BY_MEDIA_TYPE.get(media_type)
        if encoding is None:
            self._reception.metrics.refused.labels("media_type").inc()
            exchange.respond(415, [(b"accept", b"application/x-protobuf")])
            return None
        export = _Export(self._reception, exchange, signal, encoding, headers)
        return export if export.begin(headers) else None


class _Export(Export):
    """One export request over HTTP."""

    __slots__ = ("_coding", "_encoding", "_exchange", "_read")
    protocol = "http"

    def __init__(
        self,
        reception: ReceiverPolicy,
        exchange: Http1Exchange,
        signal: str,
        encoding: Encoding,
        headers: dict[str, str],
    ) -> None:
        passes = reception.headers.passes
        passed = {name: value for name, value in headers.items() if passes(name)}
        super().__init__(reception, signal, passed)
        self._exchange, self._encoding = exchange, encoding
        self._coding = headers.get("content-encoding", "").strip().lower()
        self._read = 0

    def begin(self, headers: dict[str, str]) -> bool:
        """Check authorisation and the announced size; False: refused.

        Memory is reserved as the body arrives: an announcement alone holds nothing.
        """
        reception = self.reception
        declared = headers.get("content-length", "")
        size_bytes = int(declared) if declared.isdecimal() and len(declared) < 16 else 0
        try:
            authorization = headers.get("authorization", "")
            reception.admit(authorization, self.passed.get(HOP_HEADER, ""))
            if size_bytes > reception.limits.message:
                raise reception.too_large()
        except RefusedError as error:
            self.refuse(error)
            return False
        return True

    def on_data(self, piece: bytes, *, is_last: bool) -> None:
        """Receive a piece of the body and reserve memory for it."""
        self._read += len(piece)
        try:
            if piece:  # the last one is empty, mostly
                self._reserve(self._read)
            if not is_last:
                self.keep(piece)
                return
            body = self.whole(piece)
        except RefusedError as error:
            self.refuse(error)
            return
        coding = "" if self._coding in _NO_CODING else self._coding
        self.pass_on(body, self._encoding, None, coding)

    def answer(self, answer: ExportResult) -> None:
        """Write the HTTP response."""
        self._respond(answer, http_status(answer))

    def refused(self, error: RefusedError) -> None:
        """Write a refusal."""
        status = _STATUS_BY_REASON.get(error.reason) or http_status(error.answer)
        self._respond(error.answer, status)

    def _respond(self, answer: ExportResult, status: int) -> None:
        body, media_type = http_body(answer, self._encoding)
        fields: list[Field] = [(b"content-type", media_type.encode("latin-1"))]
        if retry_after := http_retry_after(answer):
            fields.append((b"retry-after", retry_after.encode("latin-1")))
        self._exchange.respond(status, fields, body)

    def _reserve(self, size_bytes: int) -> None:
        if size_bytes > self.reception.limits.message:
            raise self.reception.too_large()
        if not self.reserved.grow_to(size_bytes):
            raise self.reception.overloaded()


def _joined(fields: list[Field]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
