"""Answers written as ASGI events: gRPC's way, and HTTP's."""

from binascii import b2a_base64
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from collector.answer import Answer, http_body, http_retry_after, http_status
from collector.signals import Encoding

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


async def send_grpc(send: Send, answer: Answer) -> None:
    """Write an answer as a gRPC response: message, then status in the trailers."""
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
        encoded = base64_header(answer.details)
        trailers.append((b"grpc-status-details-bin", encoded))
    await send(_NO_MESSAGE)
    await send({"type": "http.response.trailers", "headers": trailers})


def base64_header(data: bytes) -> bytes:
    """Encode the value of a `-bin` header."""
    return b2a_base64(data, newline=False).rstrip(b"=")


async def send_http(
    send: Send, answer: Answer, encoding: Encoding, status: int = 0
) -> None:
    """Write an answer as an HTTP response; `status` overrides its own."""
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


async def send_plain(
    send: Send, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    """Write a response without a body, for what is no export request."""
    headers = [*headers, (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
