"""Answers as the ASGI events of HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

from collector.answer import Answer, http_body, http_retry_after, http_status
from collector.signals import Encoding

Send = Callable[[dict[str, Any]], Awaitable[None]]


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
