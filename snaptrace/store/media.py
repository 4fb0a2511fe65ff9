"""Media in the store, named by keyed digest and deduplicated per folder.

A name reveals nothing about known files, because the digest is keyed. Bytes that
zstd makes clearly smaller (a wav, a bitmap) are stored compressed, others as they
are. The bytes are described in `docs/format/segment-v1.md`.
"""

import asyncio
import hmac

import zstandard

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import CorruptSnapshotError
from snaptrace.store.store import Store

MAX_MEDIUM_BYTES = 256 * 2**20  # decompressed; a reader refuses more
_STORED, _ZSTD = b"\x00", b"\x01"  # first byte of an object
_LEVEL = 6
_TRIED_BYTES = 2**16  # of three places, before all of it is compressed
_WORTH_SHARE = 0.9  # compressed must be below this share of the original


def pack(data: bytes) -> bytes:
    """Return a medium's stored form: one coding byte, then the data."""
    if _is_worth_compressing(data):
        packed = zstandard.ZstdCompressor(level=_LEVEL).compress(data)
        if len(packed) < len(data) * _WORTH_SHARE:
            return _ZSTD + packed
    return _STORED + data


def unpack(stored: bytes, name: str) -> bytes:
    """Return a medium from its stored form.

    Raises:
        CorruptSnapshotError: damaged, or larger than `MAX_MEDIUM_BYTES`.
    """
    coding, data = stored[:1], stored[1:]
    if coding == _STORED:
        return data
    if coding != _ZSTD:
        raise CorruptSnapshotError(name, 0, "an unknown coding")
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= MAX_MEDIUM_BYTES:
            raise CorruptSnapshotError(name, 1, f"{size} bytes once decompressed")
        return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CorruptSnapshotError(name, 1, str(error)) from None


async def put(store: Store, folder: str, digest: str, data: bytes) -> bool:
    """Store a medium in a month's or suite's folder; false if it existed."""
    stored = await asyncio.to_thread(pack, data)
    return await store.create(object_names.medium(folder, digest), stored)


async def get(store: Store, key: FleetKey, folder: str, digest: str) -> bytes:
    """Return a medium's bytes, verified against its digest.

    Raises:
        MissingObjectError: deleted or erased.
        CorruptSnapshotError: damaged, or not what the digest names.
    """
    name = object_names.medium(folder, digest)

    def checked(stored: bytes) -> bytes:
        data = unpack(stored, name)
        if not hmac.compare_digest(key.media_digest(data), digest):
            raise CorruptSnapshotError(name, 0, "the bytes are not what the name says")
        return data

    return await store.read(name, lambda data: asyncio.to_thread(checked, data))


def _is_worth_compressing(data: bytes) -> bool:
    """Judge by pieces, so that a large jpeg costs a few milliseconds at most."""
    if len(data) <= 3 * _TRIED_BYTES:
        return True
    middle = len(data) // 2
    tried = data[:_TRIED_BYTES] + data[middle : middle + _TRIED_BYTES]
    tried += data[-_TRIED_BYTES:]
    packed = zstandard.ZstdCompressor(level=1).compress(tried)
    return len(packed) < len(tried) * _WORTH_SHARE
