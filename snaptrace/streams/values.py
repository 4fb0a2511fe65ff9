"""Reading hostile JSON: a value of the wanted type, or its empty one. Never raises."""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

import msgspec

from snaptrace.snapshot.json_values import as_list, as_object, as_text
from snaptrace.streams.lenient_json import lenient, mended

__all__ = ("as_list", "as_object", "as_text")  # handed on, beside what follows


def as_count(value: object) -> int | None:
    """Return a count of tokens, or None where there is no whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return min(value, 2**53)


def as_bytes(value: object) -> bytes | None:
    """Return what base64 text holds, or None."""
    try:
        return b64decode(value, validate=True) if isinstance(value, str) else None
    except (Base64Error, ValueError):
        return None


def json_text(value: object) -> str:
    """Return arguments as JSON text, whether they came as text or as an object."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode({} if value is None else mended(value)).decode()


def mended_object(value: dict[str, Any]) -> dict[str, Any]:
    """Return what a stream was joined to, its texts whole."""
    return as_object(mended(value))


def decoded(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a body is, its texts mended, or None."""
    value = lenient(body)
    return mended(value) if isinstance(value, dict) else None
