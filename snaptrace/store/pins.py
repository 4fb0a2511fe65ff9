"""Suites of pinned snapshots: selected by people, exempt from retention.

A pin is a segment of one record with its own copies of the media, so that nothing
else has to stay for it. What a person expects of the answer stands in its header.
"""

from collections.abc import AsyncIterator

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    SnapshotError,
)
from snaptrace.snapshot.model import Json, Snapshot
from snaptrace.snapshot.segment import Pin, SegmentHeader
from snaptrace.store import media
from snaptrace.store.store import Store
from snaptrace.store.tombstones import subjects_of


class PinnedAlreadyError(SnapshotError):
    """The snapshot is pinned in this suite with other expectations."""

    def __init__(self, suite: str, snapshot_id: str, there: Pin) -> None:
        super().__init__(f"{snapshot_id} is pinned in {suite} already")
        self.suite, self.snapshot_id, self.there = suite, snapshot_id, there


async def pin(
    store: Store,
    key: FleetKey,
    segment_name: str,
    snapshot: Snapshot,
    *,
    suite: str,
    now_ns: int,
    assertion: Json = None,
    note: str = "",
    hard: bool = False,
    version: str = "",
    replace: bool = False,
) -> str:
    """Copy a snapshot and its media into a suite; return the pin's name.

    The same pin again changes nothing; another one takes its place with `replace`.

    Raises:
        PinnedAlreadyError: it is pinned there with another assertion, note or `hard`.
        MissingObjectError: a medium of it is gone; nothing was pinned.
        ValueError: a suite's name that cannot stand in an object name.
    """
    name = object_names.pin(suite, snapshot.snapshot_id)
    wanted = Pin(
        suite=suite, assertion=assertion, note=note, hard=hard, version=version
    )
    there = await _pin_at(store, name)
    if there == wanted:
        return name
    if there is not None and not replace:
        raise PinnedAlreadyError(suite, snapshot.snapshot_id, there)
    parsed = object_names.parse_segment(segment_name)
    folder = object_names.suite_media_folder(suite)
    if parsed is not None:
        for digest in digests_of(snapshot):
            data = await media.get(store, key, parsed.media_folder, digest)
            await media.put(store, folder, digest, data)
    header = SegmentHeader(
        collector=parsed.collector if parsed else "",
        sequence=parsed.sequence if parsed else 0,
        window_start_ns=snapshot.window_start_ns,
        window_length_ns=0,
        sealed_at_ns=now_ns,
        redaction_version=snapshot.redaction.version,
        subjects=segment.pack_subjects(subjects_of(key, snapshot)),
        pin=wanted,
    )
    if there is not None:
        await store.delete(name)
    # Last, so that a pin is there only with all its media.
    if not await store.create(name, segment.write(header, [snapshot])):
        raise PinnedAlreadyError(suite, snapshot.snapshot_id, wanted)
    return name


async def _pin_at(store: Store, name: str) -> Pin | None:
    """Return the pin of that name; None without one, and where it is damaged."""
    try:
        return segment.read(await store.get(name), name).header.pin
    except (MissingObjectError, CorruptSnapshotError):
        return None


async def unpin(store: Store, suite: str, snapshot_id: str) -> bool:
    """Remove a pin, and media that no other pin of the suite uses; false if none."""
    name = object_names.pin(suite, snapshot_id)
    try:
        gone = segment.read(await store.get(name), name)
        digests = {d for snapshot in gone for d in digests_of(snapshot)}
    except MissingObjectError:
        return False
    except CorruptSnapshotError:
        digests = set()
    async for other_name, _, other in pinned(store, suite):
        if other_name != name:
            digests -= set(digests_of(other))
    # The pin last: after an interruption, it still leads to its media.
    for digest in digests:
        await store.delete(
            object_names.medium(object_names.suite_media_folder(suite), digest)
        )
    await store.delete(name)
    return True


async def pinned(
    store: Store, suite: str = ""
) -> AsyncIterator[tuple[str, Pin, Snapshot]]:
    """Yield (name, pin, snapshot) of a suite or of all; skips damaged ones."""
    prefix = object_names.suite_folder(suite) if suite else object_names.PINS
    async for info in store.list(prefix):
        if object_names.parse_pin(info.name) is None:
            continue
        try:
            read = segment.read(await store.get(info.name), info.name)
            if read.header.pin is not None and len(read) == 1:
                yield info.name, read.header.pin, read.record(0)
        except (MissingObjectError, CorruptSnapshotError):
            continue


def digests_of(snapshot: Snapshot) -> list[str]:
    """Return the distinct digests of all its stored media."""
    every = (*snapshot.media, *snapshot.answer.media)
    return list(dict.fromkeys(m.digest for m in every if m.digest))
