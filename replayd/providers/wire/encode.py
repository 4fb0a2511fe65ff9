"""A recorded body as JSON bytes, with its media put back where they were cut out.

The bytes are spliced in while encoding, so one copy of the base64 text exists, inside
the body, and goes when the body goes.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping

import msgspec

from snaptrace.snapshot.model import Json, Media, MediaRef


class MediaMissingError(LookupError):
    """The body points at medium `index`, whose bytes are not at hand."""

    def __init__(self, index: int) -> None:
        super().__init__(f"medium {index} is not in the store")
        self.index = index


def encode(body: Json, media: tuple[Media, ...], blobs: Mapping[int, bytes]) -> bytes:
    """Return the body as sent; `blobs` maps `MediaRef.index` to bytes.

    Raises:
        MediaMissingError: a reference without bytes; nothing can be sent.
    """
    return msgspec.json.encode(body, enc_hook=_splice(media, blobs))


def _splice(
    media: tuple[Media, ...], blobs: Mapping[int, bytes]
) -> Callable[[object], object]:
    def splice(value: object) -> object:
        if not isinstance(value, MediaRef):
            raise NotImplementedError(type(value))
        if value.index not in blobs:
            raise MediaMissingError(value.index)
        return msgspec.Raw(_quoted(value, media, blobs[value.index]))

    return splice


def _quoted(ref: MediaRef, media: tuple[Media, ...], data: bytes) -> bytes:
    if ref.form == "base64":
        return b'"' + b64encode(data) + b'"'
    mime = media[ref.index].mime if ref.index < len(media) else ""
    # Through JSON, because a claimed media type is hostile text.
    head = msgspec.json.encode(f"data:{mime};base64,")
    return head[:-1] + b64encode(data) + b'"'


def media_refs(body: Json) -> Iterator[MediaRef]:
    """Yield every reference in a body."""
    waiting = [body]
    while waiting:
        here = waiting.pop()
        if isinstance(here, MediaRef):
            yield here
        elif isinstance(here, Mapping):
            waiting.extend(here.values())
        elif isinstance(here, list | tuple):
            waiting.extend(here)
