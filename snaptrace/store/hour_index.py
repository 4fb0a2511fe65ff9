"""Catalogues: one object per closed hour that lists its segments.

A catalogue is written after its hour can no longer grow. When segments of an hour are
rewritten (erasure), the next part replaces it: the highest part counts.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Container, Coroutine, Iterable
from typing import Any, TypeVar

import msgspec
import zstandard
from msgspec import Struct

from snaptrace.snapshot import codec, object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
    SnapshotError,
)
from snaptrace.snapshot.segment import SegmentHeader
from snaptrace.store.folder_backend import ObjectInfo
from snaptrace.store.segment_watcher import HOUR_NS, OVERLAP_NS
from snaptrace.store.store import Store

_MAGIC = b"\x89STC\x01"
_DIGEST_BYTES = 16
_MOST_BYTES = 256 * 2**20  # decompressed
_AT_ONCE = 32  # headers read at the same time: each is a round trip

T = TypeVar("T")


class Listed(Struct, frozen=True, kw_only=True):
    """One segment, from its listing and header."""

    name: str
    size_bytes: int
    header: SegmentHeader


class Catalogue(Struct, frozen=True, kw_only=True):
    """All segments of one hour."""

    segments: tuple[Listed, ...]


_decoder = codec.Decoder(Catalogue)


def pack(catalogue: Catalogue) -> bytes:
    """Serialise a catalogue."""
    body = zstandard.ZstdCompressor(level=9).compress(codec.encode(catalogue))
    return _MAGIC + hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def unpack(data: bytes, name: str) -> Catalogue:
    """Parse a catalogue; CorruptSnapshotError if it is damaged."""
    start = len(_MAGIC) + _DIGEST_BYTES
    body = data[start:]
    digest = hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()
    if not data.startswith(_MAGIC) or data[len(_MAGIC) : start] != digest:
        raise CorruptSnapshotError(name, 0, "no whole catalogue")
    try:
        if not 0 <= zstandard.frame_content_size(body) <= _MOST_BYTES:
            raise CorruptSnapshotError(name, start, "too large once decompressed")
        plain = zstandard.ZstdDecompressor().decompress(body, allow_extra_data=False)
        return _decoder.decode(plain)
    except (zstandard.ZstdError, ValueError) as error:
        raise CorruptSnapshotError(name, start, str(error)) from None


async def listed(
    store: Store, since_ns: int = 0, until_ns: int = 2**62
) -> AsyncIterator[Listed]:
    """Yield all segments uploaded in these hours, with their headers, by hour.

    Closed hours cost one object each where they have a catalogue. Segments that a
    catalogue names may have been deleted since; damaged ones are passed over.
    """
    start_ns = object_names.hour_start_ns(since_ns)
    for hour, name in sorted((await _newest(store)).items()):
        if not start_ns <= hour <= until_ns:
            continue
        try:
            catalogue = unpack(await store.get(name), name)
        except (CorruptSnapshotError, MissingObjectError):
            continue  # then its segments are listed one by one
        if start_ns < hour:
            async for one in _between(store, start_ns, hour):
                yield one
        for one in catalogue.segments:
            yield one
        start_ns = hour + HOUR_NS
    async for one in _between(store, start_ns, until_ns):
        yield one


async def every_header(
    store: Store,
) -> AsyncIterator[tuple[str, SegmentHeader | SnapshotError]]:
    """Yield every segment with its header, or with the reason it has none.

    Lists all names, so that it is complete even where a catalogue is not, but reads
    single headers only where no catalogue has them.
    """
    newest, hour_ns = await _newest(store), -1
    known: dict[str, SegmentHeader] = {}
    async for info in store.list(object_names.SEGMENTS):
        if (parsed := object_names.parse_segment(info.name)) is None:
            continue
        if parsed.hour_ns != hour_ns:
            hour_ns = parsed.hour_ns
            known = await _headers(store, newest.get(hour_ns, ""))
        if (header := known.get(info.name)) is not None:
            yield info.name, header
            continue
        try:
            yield info.name, await read_header(store, info.name)
        except MissingObjectError:
            continue
        except (CorruptSnapshotError, NewerSnapshotError) as error:
            yield info.name, error


async def _headers(store: Store, name: str) -> dict[str, SegmentHeader]:
    if not name:
        return {}
    try:
        catalogue = unpack(await store.get(name), name)
    except (CorruptSnapshotError, MissingObjectError):
        return {}
    return {one.name: one.header for one in catalogue.segments}


async def _between(store: Store, since_ns: int, until_ns: int) -> AsyncIterator[Listed]:
    """List the segments of the hours that begin in [since, until)."""
    waiting: list[ObjectInfo] = []
    async for info in store.list(
        object_names.SEGMENTS, object_names.hour_folder(since_ns)
    ):
        parsed = object_names.parse_segment(info.name)
        if parsed is None:
            continue
        if parsed.hour_ns >= until_ns:
            break
        waiting.append(info)
        if len(waiting) == _AT_ONCE:
            for one in await _listed(store, waiting):
                yield one
            waiting = []
    for one in await _listed(store, waiting):
        yield one


async def _listed(store: Store, infos: list[ObjectInfo]) -> list[Listed]:
    """Read some headers at once; those that cannot be read are left out."""

    async def read(info: ObjectInfo) -> Listed | None:
        try:
            header = await read_header(store, info.name)
        except (MissingObjectError, CorruptSnapshotError, NewerSnapshotError):
            return None
        return Listed(name=info.name, size_bytes=info.size_bytes, header=header)

    found = await together(read(info) for info in infos)
    return [one for one in found if one is not None]


async def together(waiting: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results in order; the first error, once all have ended."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in waiting]
    except* SnapshotError as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def read_header(store: Store, name: str) -> SegmentHeader:
    """Read a segment's header, usually without its body.

    Raises:
        MissingObjectError: deleted or erased.
        CorruptSnapshotError: damaged.
        NewerSnapshotError: written by a later release.
    """
    start = await store.get_start(name, segment.HEADER_START_BYTES)
    header = segment.read_header(start, name)
    if header is None:
        header = segment.read(await store.get(name), name).header
    return header


async def close_hours(store: Store, now_ns: int, since_ns: int = 0) -> int:
    """Write missing catalogues of closed hours; return how many.

    Any number of programs may do it at once: the objects are the same.
    """
    have = await _newest(store)
    closed_ns = now_ns - HOUR_NS - OVERLAP_NS  # hours that began then, or before
    hours: dict[int, list[str]] = {}
    sizes: dict[str, int] = {}
    for folder in _folders(since_ns, closed_ns, have):
        for info in await store.list_whole(folder):
            parsed = object_names.parse_segment(info.name)
            if parsed and parsed.hour_ns not in have:
                hours.setdefault(parsed.hour_ns, []).append(info.name)
                sizes[info.name] = info.size_bytes
    written = 0
    for hour in sorted(hours):
        if hour <= closed_ns:
            await _write(store, hour, 0, hours[hour], sizes)
            written += 1
    return written


def _folders(since_ns: int, closed_ns: int, have: Container[int]) -> list[str]:
    """Return what to list: closed hours without a catalogue, or everything at first."""
    if not since_ns:
        return [object_names.SEGMENTS]
    first = object_names.hour_start_ns(since_ns)
    hours = range(first, closed_ns + 1, HOUR_NS)
    return [object_names.hour_folder(hour) for hour in hours if hour not in have]


async def replace_hour(store: Store, hour_ns: int) -> None:
    """Rewrite an hour's catalogue, if it has one, after segments were rewritten."""
    parts = await _parts(store, hour_ns)
    if not parts:
        return
    names: list[str] = []
    sizes: dict[str, int] = {}
    for info in await store.list_whole(object_names.hour_folder(hour_ns)):
        if object_names.parse_segment(info.name):
            names.append(info.name)
            sizes[info.name] = info.size_bytes
    await _write(store, hour_ns, parts[-1] + 1, names, sizes)
    for part in parts:
        # Its index still tells of what was rewritten; it is built anew by itself.
        await store.delete(object_names.index(hour_ns, part))
        await store.delete(object_names.catalogue(hour_ns, part))


async def _write(
    store: Store, hour_ns: int, part: int, names: list[str], sizes: dict[str, int]
) -> None:
    found: list[Listed] = []
    for start in range(0, len(names), _AT_ONCE):
        infos = [
            ObjectInfo(name=name, size_bytes=sizes[name], modified_ns=0)
            for name in names[start : start + _AT_ONCE]
        ]
        for one in await _listed(store, infos):
            # Lengths of records are of use only together with them.
            slim = msgspec.structs.replace(one.header, record_bytes=())
            found.append(msgspec.structs.replace(one, header=slim))
    data = pack(Catalogue(segments=tuple(found)))
    await store.create(object_names.catalogue(hour_ns, part), data)


async def newest_parts(store: Store) -> dict[int, int]:
    """Return the part of each closed hour's catalogue that counts."""
    newest: dict[int, int] = {}
    async for info in store.list(object_names.CATALOGUE):
        if (parsed := object_names.parse_catalogue(info.name)) is not None:
            newest[parsed[0]] = max(newest.get(parsed[0], 0), parsed[1])
    return newest


async def _newest(store: Store) -> dict[int, str]:
    newest = await newest_parts(store)
    return {hour: object_names.catalogue(hour, part) for hour, part in newest.items()}


async def _parts(store: Store, hour_ns: int) -> list[int]:
    folder = object_names.catalogue(hour_ns).rpartition("/")[0]
    found = [
        object_names.parse_catalogue(info.name) async for info in store.list(folder)
    ]
    return sorted(part for parsed in found if parsed for part in [parsed[1]])
