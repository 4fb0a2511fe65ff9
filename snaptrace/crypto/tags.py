"""Authenticity of an object: a MAC over its name and bytes, kept behind them.

The tag is a skippable frame of Zstandard (RFC 8878, 3.1.2), so who does not know of it
reads the object as before. Bound to the name, an object cannot be moved to another
number or epoch either. Without the fleet secret nobody makes a tag; who holds it, as
every program of the fleet does, can.
"""

import hashlib
import hmac
import struct

from snaptrace.snapshot.errors import CorruptSnapshotError

_MAGIC = 0x184D2A5E
_TAG_BYTES = 32
_FRAME = struct.Struct(f"<II{_TAG_BYTES}s")  # magic, size of what follows, tag
_PERSON = b"snaptrace-tag-1"


class Tags:
    """Makes and checks tags under one key of at most 64 bytes."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Tags(…)"  # never the key

    def tagged(self, name: str, data: bytes) -> bytes:
        """Return `data` with its tag behind it."""
        return data + _FRAME.pack(_MAGIC, _TAG_BYTES, self._tag(name, data))

    def checked(self, name: str, data: bytes) -> bytes:
        """Return the bytes that were tagged under `name`.

        Raises:
            CorruptSnapshotError: changed, moved from another name, or tagged under
                another fleet's secret.
        """
        plain = untagged(data)
        tag = data[-_TAG_BYTES:]
        if plain is data or not hmac.compare_digest(tag, self._tag(name, plain)):
            why = "its tag does not fit: changed, moved, or of another fleet"
            raise CorruptSnapshotError(name, len(plain), why)
        return plain

    def _tag(self, name: str, data: bytes) -> bytes:
        state = hashlib.blake2b(key=self._key, digest_size=_TAG_BYTES, person=_PERSON)
        encoded = name.encode()
        state.update(len(encoded).to_bytes(4, "big") + encoded)
        state.update(data)
        return state.digest()


def untagged(data: bytes) -> bytes:
    """Return the bytes before a tag; `data` itself where it has none."""
    start = len(data) - _FRAME.size
    if start < 0 or _FRAME.unpack_from(data, start)[:2] != (_MAGIC, _TAG_BYTES):
        return data
    return data[:start]
