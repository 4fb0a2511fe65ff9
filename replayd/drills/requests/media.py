"""Applying a change of bytes to the media of a request; swapping a medium."""

import logging
from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from replayd.decoding.bounds import LARGEST_BYTES
from replayd.drills.requests.contract import Asked, OtherMedia
from snaptrace.snapshot.model import MediaKind

log = logging.getLogger(__name__)

# Bytes and media type in, changed ones out; None: nothing to change.
Change: TypeAlias = Callable[[bytes, str], tuple[bytes, str] | None]


def changed_media(kind: MediaKind, change: Change, asked: Asked) -> Asked | None:
    """Return the request with every medium of `kind` changed; None if none was.

    Bytes that cannot be decoded are left: hostile or odd media must not end a drill.
    """
    media, named = dict(asked.media), list(asked.snapshot.media)
    touched = False
    for index, data in asked.media.items():
        if index >= len(named) or named[index].kind != kind:
            continue
        if len(data) > LARGEST_BYTES:
            continue
        try:
            found = change(data, named[index].mime)
        except Exception as error:  # noqa: BLE001 - whatever a decoder makes of it
            log.debug("medium cannot be changed", extra={"why": type(error).__name__})
            continue
        if found is None or found[0] == data:
            continue
        media[index], touched = found[0], True
        named[index] = replace(
            named[index], mime=found[1], size_bytes=len(found[0]), digest=""
        )
    if not touched:
        return None
    return Asked(replace(asked.snapshot, media=tuple(named)), media)


def swapped(kind: MediaKind, asked: Asked, other: OtherMedia) -> Asked | None:
    """Put another case's medium in the place of the first of `kind`."""
    if not other.data:
        return None
    return changed_media(kind, lambda _data, _mime: (other.data, other.mime), asked)
