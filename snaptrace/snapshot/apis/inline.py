"""Bytes and JSON inside request bodies: references, data URLs, arguments as text.

Stored bodies hold `MediaRef`; bodies on their way from a span hold the text itself.
Both parse and render alike.
"""

import base64
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from snaptrace.snapshot.conversation import MediaPart
from snaptrace.snapshot.model import Json, MediaRef

_LONGEST_MIME = 255  # characters
# URL parsers drop blanks around a URL and line ends within it (WHATWG URL, 4.4).
_AROUND = "".join(map(chr, range(0x21))) + "\u00a0\u200b\ufeff"
_SCHEME = re.compile(
    rf"[{re.escape(_AROUND)}]*d[\t\n\r]*a[\t\n\r]*t[\t\n\r]*a[\t\n\r]*:", re.IGNORECASE
)
_BASE64 = "base64"
_SIGNS = ("<", "[", "_", "@", "*")  # that begin what stands for bytes


class DataUrl(NamedTuple):
    """A data URL taken apart."""

    mime: str  # with its parameters; "" where none is named
    base64: str  # the bytes, whichever way the URL spelled them


def is_data_url(text: str) -> bool:
    """Return whether a text begins as a data URL, in any spelling of its scheme."""
    return _SCHEME.match(text) is not None


def split_data_url(text: str) -> DataUrl | None:
    """Return media type and bytes of a data URL; None for any other text.

    Takes what RFC 2397 and the WHATWG Fetch standard ("data: URL processor") let
    pass: any case, blanks, percent signs in either half, and bytes without base64.
    """
    found = _split(text)
    if found is None or not is_data_url(found.base64):
        return found
    # Who takes any text for base64 may have put one head before another.
    inner = _split(found.base64)
    return inner and DataUrl(inner.mime or found.mime, inner.base64)


def _split(text: str) -> DataUrl | None:
    scheme = _SCHEME.match(text)
    if scheme is None:
        return None
    head, comma, body = text[scheme.end() :].partition(",")
    if not comma:
        return None
    mime, is_base64 = _media_type(head)
    if not is_base64:
        raw = body.strip(_AROUND).encode(errors="replace")
        return DataUrl(mime, base64.b64encode(unquote_to_bytes(raw)).decode())
    if "%" in body:
        body = unquote_to_bytes(body.encode(errors="replace")).decode("latin-1")
    body = body.strip(_AROUND)
    # A fragment is no part of the bytes. Signs that stand for some stay as they are.
    return DataUrl(mime, body.partition("#")[0] if body[:1] not in _SIGNS else body)


def _media_type(head: str) -> tuple[str, bool]:
    """Return the media type before the comma, and whether base64 follows it."""
    if "%" in head:
        head = unquote_to_bytes(head.encode(errors="replace")).decode("latin-1")
    parts = [part.strip(_AROUND) for part in head.split(";")]
    named = [part for part in parts[1:] if part.lower() != _BASE64]
    mime = ";".join((parts[0].lstrip("/"), *named))
    if len(mime) > _LONGEST_MIME:
        mime = parts[0][:_LONGEST_MIME]
    return mime, len(named) < len(parts) - 1


def data_url(part: MediaPart) -> Json:
    """Return what an API wants that takes URLs and data URLs in one field."""
    if part.ref is not None:
        return MediaRef(part.ref.index, "data_url")
    return part.url


def base64_text(part: MediaPart) -> Json | None:
    """Return what an API wants that takes bare base64; None for outside media."""
    if part.ref is not None:
        return MediaRef(part.ref.index, "base64")
    found = split_data_url(part.url)
    return None if found is None else found.base64


def from_url(value: Json) -> tuple[MediaRef | None, str]:
    """Read a field that holds a URL, a data URL or a reference."""
    if isinstance(value, MediaRef):
        return value, ""
    return None, value if isinstance(value, str) else ""


def from_base64(value: Json, mime: str) -> tuple[MediaRef | None, str]:
    """Read a field that holds base64 text or a reference, as ref and data URL."""
    if isinstance(value, MediaRef):
        return value, ""
    if not isinstance(value, str):
        return None, ""
    return None, f"data:{mime};base64,{value}"


def mime_of(part: MediaPart) -> str:
    """Return the media type that the part claims, from its data URL if nowhere else."""
    found = split_data_url(part.url)
    return part.mime or ("" if found is None else found.mime)


def json_text(value: Json) -> str:
    """Return a tool's arguments as JSON text, "" for what has none."""
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return ""


def json_value(text: str) -> Json:
    """Return what JSON text says; a text that is no JSON stands for itself."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return text
