"""Lenient OTLP/JSON reader, following protobuf's JSON mapping.

One reader for both paths: what the relay forwards, the tap recognises. A string that is
no Unicode text (a lone surrogate, invalid UTF-8) is read with U+FFFD in the place of
what cannot be read, as opentelemetry-proto's specification asks for.
Sources: ProtoJSON (protobuf.dev, "ProtoJSON Format"); OTLP 1.9, "JSON Protobuf
Encoding"; RFC 8259, 8.2; Unicode 15, 3.9 (U+FFFD).
"""

import base64
import binascii
import json
import math
import re
from typing import Any, Final

import msgspec

_BOM: Final = b"\xef\xbb\xbf"
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_BACKSLASH: Final = 0x5C
# Every backslash takes the sign behind it along, so that `\\ud800` is no escape. The
# group is half of a pair without its other half.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])"
)
_INTEGER: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_LARGEST: Final = 1 << 64


class UnreadableJsonError(ValueError):
    """The bytes are not JSON, even read leniently."""


def decode(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Decode bytes to a JSON value.

    Raises:
        UnreadableJsonError: no JSON, or nested beyond reason.
    """
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise UnreadableJsonError("nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    readable = repaired(body)
    try:
        return msgspec.json.decode(readable)
    except RecursionError:
        raise UnreadableJsonError("nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        # Bare NaN and Infinity, and control signs within strings: Python writes the
        # first, and shells the second.
        return json.loads(readable, strict=False)
    except (ValueError, RecursionError):
        raise UnreadableJsonError("no JSON") from None


def strict(body: bytes) -> bytes:
    """Return the same JSON in strict syntax.

    Raises:
        UnreadableJsonError: see `decode`.
    """
    try:
        return msgspec.json.encode(decode(body))
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise UnreadableJsonError(str(error)) from None


def repaired(body: bytes) -> bytes:
    """Return JSON with ill-formed Unicode in strings replaced by U+FFFD."""
    if body.startswith(_WIDE_BOMS):
        body = body.decode("utf-16", "replace").encode(errors="replace")
    body = body.removeprefix(_BOM)
    body = body.decode(errors="replace").encode()
    if _BACKSLASH not in body:
        return body
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def integer(value: Any) -> int | None:  # noqa: ANN401 - whatever the sender wrote
    """Parse an integer given as number or string; None otherwise."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        text = value.strip()
        value = int(text) if text.lstrip("-").isdigit() else float(text)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and abs(value) < _LARGEST else None


def number(value: Any) -> float | None:  # noqa: ANN401 - as above
    """Parse a number given as number or string, including `NaN` and `Infinity`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def data(value: Any) -> bytes | None:  # noqa: ANN401 - as above
    """Decode base64 of either alphabet, padded or not."""
    if not isinstance(value, str):
        return None
    letters = "".join(value.split()).rstrip("=").translate(_URL_SAFE)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def identifier(value: Any, size: int) -> bytes | None:  # noqa: ANN401 - as above
    """Parse an id: hex as in OTLP/JSON, or base64 as in plain protobuf JSON."""
    if not isinstance(value, str):
        return None
    if len(value) == 2 * size:
        try:
            return bytes.fromhex(value)
        except ValueError:
            return None
    found = data(value)
    return found if found is not None and len(found) == size else None
