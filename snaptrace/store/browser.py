"""Read access to a whole store for a person: snapshots, probabilities, media.

Segments are read one at a time; only their headers are held together. Damaged
segments are named and passed over.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from msgspec import Struct

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
)
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import SegmentHeader
from snaptrace.store import hour_index, media
from snaptrace.store.store import Store
from snaptrace.store.tombstones import Tombstones, is_erased


class Found(Struct, frozen=True):
    """One snapshot and its location."""

    name: str  # of the segment
    index: int
    header: SegmentHeader
    snapshot: Snapshot


class Browser:
    """Browses one store; call `poll` before asking for probabilities."""

    def __init__(
        self, store: Store, key: FleetKey, on_damage: Callable[[str], None]
    ) -> None:
        self._store, self._key, self._on_damage = store, key, on_damage
        self._names: list[str] = []
        self.records = 0  # seen by `poll`; some may be erased, or there twice
        self._tombstones = Tombstones()
        self.frame = Frame()

    @property
    def segments(self) -> int:
        """Number of segments that `poll` found."""
        return len(self._names)

    async def poll(self) -> int:
        """Read all headers and tombstones; return the number of segments.

        Those whose header is damaged are passed over; `verify` names them.
        """
        self._names, self.records = [], 0
        await self._tombstones.refresh(self._store)
        async for one in hour_index.listed(self._store):
            self.frame.add(one.header)
            self._names.append(one.name)
            self.records += len(one.header.record_bytes)
        return len(self._names)

    async def snapshots(
        self, on_segment: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Found]:
        """Yield every snapshot, segment by segment, in order of object names.

        Erased snapshots are omitted once the tombstone exists, rewritten or not.
        """
        for name in self._names:
            try:
                data = await self._store.get(name)
                found = await asyncio.to_thread(segment.read, data, name)
                for index in range(len(found)):
                    snapshot = found.record(index)
                    if not self.is_erased(snapshot):
                        yield Found(name, index, found.header, snapshot)
            except MissingObjectError:
                continue
            except (CorruptSnapshotError, NewerSnapshotError) as error:
                self._on_damage(str(error))
            finally:
                on_segment()

    def is_erased(self, snapshot: Snapshot) -> bool:
        """Return whether a tombstone seen by `poll` covers a snapshot."""
        return is_erased(self._tombstones, self._key, snapshot)

    async def find(self, snapshot_id: str) -> list[Found]:
        """Return the snapshots whose id begins with `snapshot_id`, at most two."""
        matches: dict[str, Found] = {}
        async for found in self.snapshots():
            if found.snapshot.snapshot_id.startswith(snapshot_id):
                matches.setdefault(found.snapshot.snapshot_id, found)
                if len(matches) > 1:
                    break
        return list(matches.values())


class Located(Protocol):
    """A snapshot and the object that contains it: a segment or a pin."""

    @property
    def name(self) -> str:
        """The object's name."""
        ...

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot."""
        ...


class Pinned(Struct, frozen=True):
    """A snapshot and the object that contains it: a pin, or a segment."""

    name: str
    snapshot: Snapshot


async def media_of(store: Store, key: FleetKey, found: Located) -> dict[int, bytes]:
    """Return the inline media of one snapshot that still exist, by index."""
    segment_name = object_names.parse_segment(found.name)
    pin = object_names.parse_pin(found.name)
    if segment_name is not None:
        folder = segment_name.media_folder
    else:
        assert pin is not None
        folder = object_names.suite_media_folder(pin[0])
    held: dict[int, bytes] = {}
    for index, medium in enumerate(found.snapshot.media):
        if medium.state != "inline" or not medium.digest:
            continue
        try:
            held[index] = await media.get(store, key, folder, medium.digest)
        except (MissingObjectError, CorruptSnapshotError):
            continue
    return held
