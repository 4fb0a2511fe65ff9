"""OTLP over HTTP as an ASGI application, for whichever engine serves HTTP.

Source: OTLP 1.9, "OTLP/HTTP". gRPC is in `grpc_calls.py`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from collector.admission import Reservation
from collector.receivers.asgi_answers import Send, send_http, send_plain
from collector.receivers.reception import (
    ENCODING_BY_MEDIA_TYPE,
    HOP_HEADER,
    SIGNAL_BY_PATH,
    Reception,
    RefusedError,
)
from collector.signals import OtlpRequest

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class _GoneError(Exception):
    """The client left before its request was whole."""


class OtlpApplication:
    """Answers OTLP requests."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the ASGI 3 entry point."""
        if scope["type"] != "http":
            return
        signal = SIGNAL_BY_PATH.get(scope["path"])
        if signal is None:
            await send_plain(send, 404, [])
            return
        try:
            await self._http(signal, scope, receive, send)
        except _GoneError:
            return

    async def _http(
        self, signal: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        reception = self._reception
        headers = _joined(scope["headers"])
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = ENCODING_BY_MEDIA_TYPE.get(media_type)
        if scope["method"] != "POST":
            await send_plain(send, 405, [(b"allow", b"POST")])
            return
        if encoding is None:
            reception.metrics.refused.labels("media_type").inc()
            await send_plain(send, 415, [(b"accept", b"application/x-protobuf")])
            return
        passed = {k: v for k, v in headers.items() if reception.headers.passes(k)}
        reserved = Reservation(reception.admission)
        try:
            try:
                authorization = headers.get("authorization", "")
                reception.admit(authorization, passed.get(HOP_HEADER, ""))
                body = await self._http_body(headers, receive, reserved)
            except RefusedError as error:
                code = error.answer.code
                reception.metrics.count_refusal(signal, "http", code, error.reason)
                status = 413 if error.reason == "too_large" else 0
                status = 415 if error.reason == "unknown_coding" else status
                await send_http(send, error.answer, encoding, status)
                return
            request = OtlpRequest(
                signal=signal,
                encoding=encoding,
                body=body,
                received_at_ns=reception.clock.now_ns(),
                headers=passed,
            )
            answer = await reception.pass_on(request, None, "http")
            await send_http(send, answer, encoding)
        finally:
            reserved.release()

    async def _http_body(
        self, headers: dict[str, str], receive: Receive, reserved: Reservation
    ) -> bytes:
        reception = self._reception
        limit = int(reception.limits.message)
        declared = headers.get("content-length", "")
        size = int(declared) if declared.isdecimal() and len(declared) < 16 else 0
        if size > limit:
            raise reception.too_large()
        if not reserved.grow_to(size):
            raise reception.overloaded()
        body = await self._read(receive, limit, reserved)
        if len(body) > limit:
            raise reception.too_large()
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding in ("", "identity", "none"):
            return body
        return self._reception.expand(body, coding, reserved)

    async def _read(
        self,
        receive: Receive,
        limit_bytes: int,
        reserved: Reservation,
    ) -> bytes:
        """Read until the end of the body, or until it is longer than the limit.

        All of it has to arrive in a set time, so that a client that trickles cannot
        hold its reservation; a body of undeclared size reserves as it comes.
        """
        parts: list[bytes] = []
        read = 0
        more = True
        clock = self._reception.clock
        # Looked at after each piece; the engine ends a client that sends none.
        ends_at = clock.monotonic_seconds() + self._reception.limits.read
        while more and read <= limit_bytes:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise _GoneError
            part: bytes = event.get("body", b"")
            more = event.get("more_body", False)
            if part:
                parts.append(part)
                read += len(part)
            if not reserved.grow_to(read):
                raise self._reception.overloaded()
            if more and clock.monotonic_seconds() > ends_at:
                raise self._reception.too_slow()
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
