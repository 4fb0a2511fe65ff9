"""Tombstones: records of which users, sessions and traces were erased, and when.

A tombstone concerns what was recorded before it was written. Collectors drop such
calls before they seal and upload, readers before they show. All that one says is in
its name.
"""

from collections.abc import Callable, Iterable

import msgspec

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Segment, SegmentHeader
from snaptrace.store.store import Store


class Tombstones:
    """All tombstones of a store. Refresh before use; memory: one number each."""

    def __init__(self) -> None:
        self._at_ns: dict[str, int] = {}
        self._newest_ns: dict[bytes, int] = {}  # beginning of a subject -> its newest

    async def refresh(self, store: Store) -> None:
        """Load the current tombstones.

        Raises:
            StoreUnavailableError: what was known before stays known.
        """
        async for info in store.list(object_names.ERASED):
            if (parsed := object_names.parse_tombstone(info.name)) is not None:
                subject, at_ns = parsed
                self._at_ns[subject] = max(at_ns, self._at_ns.get(subject, 0))
                start = segment.subject_start(subject)
                self._newest_ns[start] = max(at_ns, self._newest_ns.get(start, 0))

    def cover(self, subjects: Iterable[str], ended_at_ns: int) -> bool:
        """Return whether a call of these subjects that ended then was erased."""
        return any(ended_at_ns <= self._at_ns.get(s, -1) for s in subjects)

    def may_cover(self, header: SegmentHeader) -> bool:
        """Return whether a segment may contain an erased record; false is certain."""
        return any(start in self._newest_ns for start in header.subject_starts())

    def between(self, since_ns: int, until_ns: int) -> dict[str, int]:
        """Return keyed subject -> erased at, for erasures in that interval."""
        return {s: at for s, at in self._at_ns.items() if since_ns <= at < until_ns}

    def __len__(self) -> int:
        return len(self._at_ns)


async def write_tombstone(store: Store, subject: str, at_ns: int) -> None:
    """Record that everything of this keyed subject up to `at_ns` is erased."""
    await store.create(object_names.tombstone(subject, at_ns), b"")


def subjects_of(key: FleetKey, snapshot: Snapshot) -> list[str]:
    """Return the keyed subjects of a snapshot."""
    subjects = (
        key.subject("trace", snapshot.trace_id),
        snapshot.session,
        snapshot.user,
    )
    return [subject for subject in subjects if subject]


def is_erased(tombstones: Tombstones, key: FleetKey, snapshot: Snapshot) -> bool:
    """Return whether a subject of the snapshot was erased after it was recorded."""
    return bool(tombstones) and tombstones.cover(
        subjects_of(key, snapshot), snapshot.ended_at_ns
    )


def without(
    read: Segment, key: FleetKey, is_gone: Callable[[Snapshot], bool]
) -> tuple[bytes, list[Snapshot]]:
    """Return a segment without some of its snapshots, and the remaining ones.

    No bytes where nothing stays.
    """
    kept = [index for index in range(len(read)) if not is_gone(read.record(index))]
    if not kept:
        return b"", []
    snapshots = [read.record(index) for index in kept]
    subjects = [s for snapshot in snapshots for s in subjects_of(key, snapshot)]
    header = msgspec.structs.replace(
        read.header, subjects=segment.pack_subjects(subjects)
    )
    packed = [read.packed(index) for index in kept]
    return segment.write_packed(header, packed), snapshots
