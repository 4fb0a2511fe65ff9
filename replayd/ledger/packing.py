"""Bytes of the ledger's objects: MessagePack, compressed, read within bounds."""

import asyncio
from typing import TypeVar

import msgspec
import zstandard
from msgspec import Struct

from replayd.errors import DamagedResultError
from snaptrace.snapshot.errors import CorruptSnapshotError
from snaptrace.store.store import Store

LARGEST_OBJECT_BYTES = 1 << 30  # unpacked; answers hold media
# What takes a millisecond to compress is compressed in a thread: answers hold media.
COMPRESSED_BESIDE_BYTES = 1 << 18

T = TypeVar("T")


async def read(store: Store, name: str, kind: type[T]) -> T:
    """Read an object; once more where it seems damaged, for it may have been cut.

    Raises:
        DamagedResultError: damaged twice, or its tag does not fit.
        MissingObjectError: there is none.
    """
    try:
        return unpacked(name, await store.get(name), kind)
    except (DamagedResultError, CorruptSnapshotError):
        pass
    try:
        return unpacked(name, await store.get(name), kind)
    except CorruptSnapshotError as error:
        raise DamagedResultError(name, error.why) from None


async def packed(value: Struct) -> bytes:
    """Return the bytes of an object, compressed."""
    plain = msgspec.msgpack.encode(value)
    if len(plain) < COMPRESSED_BESIDE_BYTES:
        return _compressed(plain)
    return await asyncio.to_thread(_compressed, plain)


def _compressed(plain: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(plain)


def unpacked(name: str, data: bytes, kind: type[T]) -> T:
    """Return the object of these bytes.

    Raises:
        DamagedResultError: they are none, or too large.
    """
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= LARGEST_OBJECT_BYTES:
            raise DamagedResultError(name, f"claims {size} bytes")
        plain = zstandard.ZstdDecompressor().decompress(data)
        return msgspec.msgpack.decode(plain, type=kind)
    except (zstandard.ZstdError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedResultError(name, str(error)) from None
