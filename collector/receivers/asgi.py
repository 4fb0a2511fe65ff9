"""OTLP over gRPC and HTTP as one ASGI application.

gRPC is HTTP/2 with five bytes before each message and the status in the trailers, so
an ASGI server that sends trailers can carry both. Source: grpc/doc/PROTOCOL-HTTP2.md.
The path through `_grpc` is the hot one and is written for few Python steps.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final
from urllib.parse import quote

from collector.admission import Reservation
from collector.answer import (
    CANCELLED,
    UNIMPLEMENTED,
    Answer,
    http_body,
    http_retry_after,
    http_status,
    refusal,
)
from collector.decompress import CODINGS, decompress
from collector.errors import BodyTooLargeError, BodyUndecodableError
from collector.receivers.reception import (
    CODING,
    ENCODING_BY_MEDIA_TYPE,
    HOP_HEADER,
    PASS,
    SIGNAL_BY_METHOD,
    SIGNAL_BY_PATH,
    SKIP,
    TIMEOUT,
    Reception,
    RefusedError,
    grpc_timeout_seconds,
)
from collector.signals import Encoding, OtlpRequest

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_GRPC_START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/grpc"),
        (b"grpc-accept-encoding", b"identity,gzip,deflate,zstd"),
    ],
    "trailers": True,
}
_GRPC_OK: Final = {
    "type": "http.response.trailers",
    "headers": [(b"grpc-status", b"0")],
}
_EMPTY_MESSAGE: Final = {"type": "http.response.body", "body": b"\0\0\0\0\0"}
_NO_MESSAGE: Final = {"type": "http.response.body", "body": b""}


class _GoneError(Exception):
    """The client left before its request was whole."""


class OtlpApplication:
    """Answers OTLP requests; `services` answers other gRPC methods (health, say)."""

    def __init__(
        self,
        reception: Reception,
        services: Callable[[str, Receive, Send], Awaitable[bool]] | None = None,
    ) -> None:
        self._reception, self._services = reception, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the ASGI 3 entry point."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        try:
            if (signal := SIGNAL_BY_METHOD.get(path)) is not None:
                await self._grpc(signal, scope["headers"], receive, send)
            elif (signal := SIGNAL_BY_PATH.get(path)) is not None:
                await self._http(signal, scope, receive, send)
            else:
                await self._other(scope, receive, send)
        except _GoneError:
            return

    async def _grpc(
        self,
        signal: str,
        headers: list[tuple[bytes, bytes]],
        receive: Receive,
        send: Send,
    ) -> None:
        reception = self._reception
        passed: dict[str, str] = {}
        authorization = coding = timeout = ""
        for raw_name, raw_value in headers:
            use, name = reception.headers.use_of(raw_name)
            if use == SKIP:
                continue
            value = raw_value.decode("latin-1")
            if use == PASS:
                passed[name] = f"{passed[name]},{value}" if name in passed else value
            elif use == TIMEOUT:
                timeout = value
            elif use == CODING:
                coding = value
            else:
                authorization = value
        reserved = Reservation(reception.admission)
        try:
            try:
                reception.admit(authorization, passed.get(HOP_HEADER, ""))
                body = await self._grpc_message(receive, coding, reserved)
            except RefusedError as error:
                code = error.answer.code
                reception.metrics.count_refusal(signal, "grpc", code, error.reason)
                await _send_grpc(send, error.answer)
                return
            request = OtlpRequest(
                signal=signal,
                encoding="protobuf",
                body=body,
                received_at_ns=reception.clock.now_ns(),
                headers=passed,
            )
            answer = await self._pass_on(request, grpc_timeout_seconds(timeout), "grpc")
            await _send_grpc(send, answer)
        finally:
            reserved.release()

    async def whole_call(
        self,
        signal: str,
        metadata: Iterable[tuple[str, str | bytes]],
        body: bytes,
        timeout_seconds: float | None,
    ) -> Answer:
        """Answer a gRPC call that another engine has read and decompressed."""
        reception = self._reception
        passed: dict[str, str] = {}
        authorization = ""
        for name, value in metadata:
            text = value if isinstance(value, str) else _base64(value).decode()
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
            return await self._pass_on(request, timeout_seconds, "grpc")
        except RefusedError as error:
            code = error.answer.code
            reception.metrics.count_refusal(signal, "grpc", code, error.reason)
            return error.answer
        finally:
            reserved.release()

    async def _pass_on(
        self, request: OtlpRequest, timeout_seconds: float | None, protocol: str
    ) -> Answer:
        reception = self._reception
        started = reception.clock.monotonic_seconds()
        code = CANCELLED
        try:
            # A client whose deadline passes resets its stream, which cancels this; the
            # upstream is given the same deadline. No timer of ours is needed.
            answer = await reception.handle(request, timeout_seconds)
            code = answer.code
        finally:
            seconds = reception.clock.monotonic_seconds() - started
            reception.metrics.count_answer(
                request.signal, protocol, code, len(request.body), seconds
            )
        return answer

    async def _grpc_message(
        self, receive: Receive, coding: str, reserved: Reservation
    ) -> bytes:
        """Read the one message of a unary call; `reserved` tells what to give back."""
        reception = self._reception
        event = await receive()
        data: bytes = event.get("body", b"")
        while len(data) < 5 and event.get("more_body", False):
            event = await receive()
            data += event.get("body", b"")
        if event["type"] == "http.disconnect":
            raise _GoneError
        if len(data) < 5:
            raise reception.undecodable("no message in a unary call")
        size = int.from_bytes(data[1:5], "big")
        if size > reception.limits.message:
            raise reception.too_large()
        if not reserved.grow_to(size):
            raise reception.overloaded()
        if event.get("more_body", False):
            data = await self._rest(receive, data, size + 5)
        if len(data) != size + 5:
            raise reception.undecodable("not one message in the call")
        if data[0] == 0:
            return data[5:]
        return self._expand(data[5:], coding, reserved)

    def _expand(self, body: bytes, coding: str, reserved: Reservation) -> bytes:
        """Undo a transport coding and reserve what the result needs beyond its cost."""
        reception = self._reception
        if coding not in CODINGS:
            text = "unknown compression; gzip, zstd and deflate are understood"
            raise RefusedError(refusal(UNIMPLEMENTED, text), "unknown_coding")
        try:
            whole = decompress(body, coding, int(reception.limits.message))
        except BodyTooLargeError:
            raise reception.too_large() from None
        except BodyUndecodableError as error:
            raise reception.undecodable(error.why) from None
        if not reserved.grow_to(len(body) + len(whole)):
            raise reception.overloaded()
        return whole

    async def _http(
        self, signal: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        reception = self._reception
        headers = _joined(scope["headers"])
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = ENCODING_BY_MEDIA_TYPE.get(media_type)
        if scope["method"] != "POST":
            await _send_plain(send, 405, [(b"allow", b"POST")])
            return
        if encoding is None:
            reception.metrics.refused.labels("media_type").inc()
            await _send_plain(send, 415, [(b"accept", b"application/x-protobuf")])
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
                await _send_http(send, error.answer, encoding, status)
                return
            request = OtlpRequest(
                signal=signal,
                encoding=encoding,
                body=body,
                received_at_ns=reception.clock.now_ns(),
                headers=passed,
            )
            answer = await self._pass_on(request, None, "http")
            await _send_http(send, answer, encoding)
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
        body = await self._rest(receive, b"", limit, reserved)
        if len(body) > limit:
            raise reception.too_large()
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding in ("", "identity", "none"):
            return body
        return self._expand(body, coding, reserved)

    async def _rest(
        self,
        receive: Receive,
        data: bytes,
        limit_bytes: int,
        reserved: Reservation | None = None,
    ) -> bytes:
        """Read on until the end of the body, or until it is longer than the limit.

        All of it has to arrive in a set time, so that a client that trickles cannot
        hold its reservation; a body of undeclared size reserves as it comes.
        """
        parts = [data]
        read = len(data)
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
            if reserved is not None and not reserved.grow_to(read):
                raise self._reception.overloaded()
            if more and clock.monotonic_seconds() > ends_at:
                raise self._reception.too_slow()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _joined(scope["headers"])
        if not headers.get("content-type", "").startswith("application/grpc"):
            await _send_plain(send, 404, [])
            return
        if self._services and await self._services(scope["path"], receive, send):
            return
        await _send_grpc(send, refusal(UNIMPLEMENTED, "no such method"))


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


async def _send_grpc(send: Send, answer: Answer) -> None:
    await send(_GRPC_START)
    if answer.code == 0:
        body = answer.body
        if body:
            framed = b"\0" + len(body).to_bytes(4, "big") + body
            await send({"type": "http.response.body", "body": framed})
        else:
            await send(_EMPTY_MESSAGE)
        await send(_GRPC_OK)
        return
    trailers = [(b"grpc-status", str(answer.code).encode())]
    if answer.message:
        # Percent-encoded; what a header may carry stays readable.
        safe = " !\"#$&'()*+,/:;<=>?@[\\]^`{|}"
        trailers.append((b"grpc-message", quote(answer.message, safe=safe).encode()))
    if answer.details:
        encoded = _base64(answer.details)
        trailers.append((b"grpc-status-details-bin", encoded))
    await send(_NO_MESSAGE)
    await send({"type": "http.response.trailers", "headers": trailers})


def _base64(data: bytes) -> bytes:
    from binascii import b2a_base64  # noqa: PLC0415 - refusals only

    return b2a_base64(data, newline=False).rstrip(b"=")


async def _send_http(
    send: Send, answer: Answer, encoding: Encoding, status: int = 0
) -> None:
    body, media_type = http_body(answer, encoding)
    headers = [
        (b"content-type", media_type.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
    ]
    if retry_after := http_retry_after(answer):
        headers.append((b"retry-after", retry_after.encode("latin-1")))
    start = {"type": "http.response.start", "headers": headers}
    await send({**start, "status": status or http_status(answer)})
    await send({"type": "http.response.body", "body": body})


async def _send_plain(
    send: Send, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    headers = [*headers, (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
