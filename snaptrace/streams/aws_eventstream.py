"""Amazon's event stream of a finished response, as the JSON that each message carries.

Source: Amazon event stream encoding, as of 2026: a message is its length, the length of
its headers and a check sum (4 bytes each, big endian), headers, payload, check sum.
"""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from typing import Any

from snaptrace.streams.lenient_json import lenient

_PRELUDE_BYTES, _CHECK_BYTES = 12, 4
_MOST_BYTES = 24 * 2**20  # of one message, as the encoding allows
_TEXT = 7  # a header's value: two bytes of length, then text
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # bytes of other types


def is_stream(headers: dict[str, str]) -> bool:
    """Detect such a response by its content type."""
    kind = headers.get("content-type", "")
    return kind.startswith("application/vnd.amazon.eventstream")


def events(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the type and the JSON object of every message.

    A stream that is cut, or damaged, ends with the last whole message.
    """
    at = 0
    while len(body) - at >= _PRELUDE_BYTES:
        size = int.from_bytes(body[at : at + 4], "big")
        head = int.from_bytes(body[at + 4 : at + 8], "big")
        end = at + size
        start = at + _PRELUDE_BYTES + head
        sound = _PRELUDE_BYTES + _CHECK_BYTES <= size <= _MOST_BYTES
        if not sound or end > len(body) or start > end - _CHECK_BYTES:
            return
        check = int.from_bytes(body[end - _CHECK_BYTES : end], "big")
        if zlib.crc32(body[at : end - _CHECK_BYTES]) != check:
            return
        headers = _headers(body[at + _PRELUDE_BYTES : start])
        value = _object(body[start : end - _CHECK_BYTES])
        kind = headers.get(":event-type") or headers.get(":exception-type", "")
        if value is not None:
            yield kind, value
        at = end


def chunk(value: dict[str, Any]) -> dict[str, Any]:
    """Return the model's own event, which InvokeModel wraps in base64."""
    try:
        found = _object(b64decode(value.get("bytes", ""), validate=True))
    except (Base64Error, ValueError, TypeError):
        return {}
    return found or {}


def _object(data: bytes) -> dict[str, Any] | None:
    found = lenient(data)
    return found if isinstance(found, dict) else None


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at + 2 <= len(data):
        name_end = at + 1 + data[at]
        if name_end >= len(data):
            return found
        name = data[at + 1 : name_end].decode("utf-8", "replace")
        kind, at = data[name_end], name_end + 1
        if kind in (6, _TEXT):
            size = int.from_bytes(data[at : at + 2], "big")
            at += 2
            if kind == _TEXT:
                found[name] = data[at : at + size].decode("utf-8", "replace")
        else:
            size = _FIXED.get(kind, len(data))
        at += size
    return found
