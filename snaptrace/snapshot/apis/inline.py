"""Bytes inside request bodies: `MediaRef`, data URL or base64 text, told apart.

Stored bodies hold `MediaRef`; bodies on their way from a span hold the text itself.
Both parse and render alike.
"""

from typing import NamedTuple

from snaptrace.snapshot.conversation import MediaPart
from snaptrace.snapshot.model import Json, MediaRef

_HEADER_MAX = 256  # characters before the comma of a data URL


class DataUrl(NamedTuple):
    """The two halves of a base64 data URL."""

    mime: str
    base64: str


def split_data_url(text: str) -> DataUrl | None:
    """Return the halves of a base64 data URL, or None for any other text."""
    if not text.startswith("data:"):
        return None
    comma = text.find(",", 0, _HEADER_MAX)
    if comma < 0 or not text[:comma].endswith(";base64"):
        return None
    return DataUrl(text[5 : comma - 7], text[comma + 1 :])


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
