"""Reads a whole store for a person: every snapshot, what the sample says of it, media.

Segments are read one at a time; only their headers are held together. Damaged
segments are named and passed over.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from msgspec import Struct

from snaptrace.snapshots import catalogue, layout, media, segment
from snaptrace.snapshots.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
)
from snaptrace.snapshots.keys import FleetKey
from snaptrace.snapshots.model import Snapshot
from snaptrace.snapshots.sample import Frame
from snaptrace.snapshots.segment import SegmentHeader
from snaptrace.snapshots.store import Store


class Found(Struct, frozen=True):
    """One snapshot and where it lies."""

    name: str  # of the segment
    index: int
    header: SegmentHeader
    snapshot: Snapshot


class Browser:
    """What can be seen in one store; call `look` before asking for probabilities."""

    def __init__(self, store: Store, on_damage: Callable[[str], None]) -> None:
        self._store, self._on_damage = store, on_damage
        self._names: list[str] = []
        self.frame = Frame()

    async def look(self) -> int:
        """Read all headers; return how many segments there are.

        Those whose header is damaged are passed over; `verify` names them.
        """
        self._names = []
        async for one in catalogue.listed(self._store):
            self.frame.add(one.header)
            self._names.append(one.name)
        return len(self._names)

    async def snapshots(self) -> AsyncIterator[Found]:
        """Yield every snapshot, segment by segment, in the order of names."""
        for name in self._names:
            try:
                data = await self._store.get(name)
                found = await asyncio.to_thread(segment.read, data, name)
                for index in range(len(found)):
                    yield Found(name, index, found.header, found.record(index))
            except MissingObjectError:
                continue
            except (CorruptSnapshotError, NewerSnapshotError) as error:
                self._on_damage(str(error))

    async def find(self, snapshot_id: str) -> list[Found]:
        """Return the snapshots whose id begins with `snapshot_id`, at most two."""
        matches: dict[str, Found] = {}
        async for found in self.snapshots():
            if found.snapshot.snapshot_id.startswith(snapshot_id):
                matches.setdefault(found.snapshot.snapshot_id, found)
                if len(matches) > 1:
                    break
        return list(matches.values())


async def media_of(store: Store, key: FleetKey, found: Found) -> dict[int, bytes]:
    """Return the inline media of one snapshot that are still there, by index."""
    name = layout.parse_segment(found.name)
    assert name is not None
    held: dict[int, bytes] = {}
    for index, medium in enumerate(found.snapshot.media):
        if medium.state != "inline" or not medium.digest:
            continue
        try:
            held[index] = await media.get(store, key, name.media_folder, medium.digest)
        except (MissingObjectError, CorruptSnapshotError):
            continue
    return held
