"""OTLP over gRPC and HTTP as one ASGI application.

gRPC is HTTP/2 with five bytes before each message and the status in the trailers, so
an ASGI server that sends trailers can carry both. Source: grpc/doc/PROTOCOL-HTTP2.md.
The path through `_grpc` is the hot one and is written for few Python steps.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from collector.admission import Reservation
from collector.answer import (
    CANCELLED,
    UNIMPLEMENTED,
    Answer,
    refusal,
)
from collector.decompress import CODINGS, decompress
from collector.errors import BodyTooLargeError, BodyUndecodableError
from collector.receivers.asgi_answers import (
    Send,
    base64_header,
    send_grpc,
    send_http,
    send_plain,
)
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
from collector.signals import OtlpRequest

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


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
        known = reception.headers.uses
        for raw_name, raw_value in headers:
            use, name = known.get(raw_name) or reception.headers.use_of(raw_name)
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
                await send_grpc(send, error.answer)
                return
            request = OtlpRequest(
                signal=signal,
                encoding="protobuf",
                body=body,
                received_at_ns=reception.clock.now_ns(),
                headers=passed,
            )
            answer = await self._pass_on(request, grpc_timeout_seconds(timeout), "grpc")
            await send_grpc(send, answer)
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
            answer = await self._pass_on(request, None, "http")
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
            await send_plain(send, 404, [])
            return
        if self._services and await self._services(scope["path"], receive, send):
            return
        await send_grpc(send, refusal(UNIMPLEMENTED, "no such method"))


def _joined(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
