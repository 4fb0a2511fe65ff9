"""Server-sent events of a finished stream, as the JSON that each one carries.

Source: WHATWG HTML, "Server-sent events", section 9.2.6.
"""

from collections.abc import Iterator
from typing import Any

import msgspec


def is_stream(headers: dict[str, str]) -> bool:
    """Tell a streamed answer by its content type."""
    return headers.get("content-type", "").startswith("text/event-stream")


def events(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON object of every event, skipping what is none.

    A stream cut in the middle of an event ends with the last whole one.
    """
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        lines = [line for line in block.split(b"\n") if line.startswith(b"data:")]
        data = b"\n".join(line[5:].lstrip(b" ") for line in lines)
        if not data or data == b"[DONE]":
            continue
        try:
            event = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event
