"""Snapshots that meet a filter, found through the indexes of closed hours.

Hours without an index, such as the running one, are read segment by segment. Erased
snapshots are left out, whatever an index says.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from msgspec import Struct

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.columns import Builder, Index
from snaptrace.query.evaluate import Rows, rows_that_meet
from snaptrace.query.facts import Facts, facts_of, texts_of
from snaptrace.query.language import Known, Query
from snaptrace.query.lazy_frame import LazyFrame
from snaptrace.query.retries import Retries
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
)
from snaptrace.snapshot.inclusion_probability import Frame
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Segment
from snaptrace.store import hour_index
from snaptrace.store.browser import Found
from snaptrace.store.segment_watcher import HOUR_NS
from snaptrace.store.store import Store
from snaptrace.store.tombstones import Tombstones, is_erased

AT_ONCE = 8  # segments read at the same time while an index is built


class Hit(Struct, frozen=True):
    """One snapshot that meets a filter, and where it stands."""

    segment: str
    index: int
    collector: str
    facts: Facts


class Search:
    """Searches one store; `refresh` before use."""

    def __init__(
        self,
        store: Store,
        key: FleetKey,
        on_damage: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self._store, self._key, self._on_damage = store, key, on_damage
        self.on_segments: Callable[[int], None] = lambda _count: None  # looked through
        self.segments = 0  # that `refresh` found
        self._tombstones = Tombstones()
        self._indexes: dict[int, str] = {}  # hour -> name, of those that are current
        self.frame = LazyFrame()

    async def refresh(self) -> None:
        """Read tombstones, headers and which indexes there are.

        Raises:
            StoreUnavailableError: safe to repeat.
        """
        await self._tombstones.refresh(self._store)
        self.frame, self.segments = LazyFrame(), 0
        async for one in hour_index.listed(self._store):
            self.frame.add(one.header)
            self.segments += 1
        self._indexes = await current_indexes(self._store)

    async def hits(self, query: Query) -> AsyncIterator[Hit]:
        """Yield what meets a filter, each snapshot once, oldest segment first."""
        known: set[str] = set()
        after = 0
        for hour in sorted(self._indexes):
            async for hit in self._scanned(query, after, hour):
                if hit.facts.snapshot_id not in known:
                    known.add(hit.facts.snapshot_id)
                    yield hit
            async for hit in self._indexed(query, hour):
                if hit.facts.snapshot_id not in known:
                    known.add(hit.facts.snapshot_id)
                    yield hit
            after = hour + HOUR_NS
        async for hit in self._scanned(query, after, 2**62):
            if hit.facts.snapshot_id not in known:
                known.add(hit.facts.snapshot_id)
                yield hit

    async def found(self, query: Query) -> AsyncIterator[Found]:
        """Yield what meets a filter with its snapshot, as `hits` does."""
        name, read = "", None
        async for hit in self.hits(query):
            if hit.segment != name:
                name, read = hit.segment, await self._segment(hit.segment)
            snapshot = _record(read, hit)
            if read is not None and snapshot is not None:
                yield Found(name, hit.index, read.header, snapshot)

    async def snapshots(
        self, hits: Iterable[Hit]
    ) -> AsyncIterator[tuple[Hit, Snapshot]]:
        """Yield hits with their snapshots, each segment read once; not those gone."""
        by_segment: dict[str, list[Hit]] = {}
        for hit in hits:
            by_segment.setdefault(hit.segment, []).append(hit)
        for name, held in sorted(by_segment.items()):
            read = await self._segment(name)
            for hit in held:
                if (snapshot := _record(read, hit)) is not None:
                    yield hit, snapshot

    async def snapshot(self, hit: Hit) -> Snapshot | None:
        """Return the snapshot of a hit; None where it is gone."""
        return _record(await self._segment(hit.segment), hit)

    def is_erased(self, snapshot: Snapshot) -> bool:
        """Return whether a tombstone seen by `refresh` covers a snapshot."""
        return is_erased(self._tombstones, self._key, snapshot)

    def known(self, collector: str) -> Known:
        """Return what the sample knows of a collector's calls, for `Query.matches`."""
        return _known(self.frame, collector)

    async def _indexed(self, query: Query, hour_ns: int) -> AsyncIterator[Hit]:
        name = self._indexes[hour_ns]
        try:
            index = Index(await self._store.get(name), name)
        except (CorruptSnapshotError, MissingObjectError) as error:
            self._on_damage(str(error))
            async for hit in self._scanned(query, hour_ns, hour_ns + HOUR_NS):
                yield hit
            return
        self.on_segments(len(index.head.segments))
        mask = rows_that_meet(index, query, self.frame)
        if not mask.any():
            return
        rows = Rows(index)
        segments, places = index.numbers("segment"), index.numbers("index")
        subjects = index.texts("subjects") if len(self._tombstones) else []
        read: tuple[str, Segment | None] = ("", None)
        for row in mask.nonzero()[0]:
            facts = rows.facts(int(row))
            if subjects and self._is_erased(facts, subjects[row].split()):
                continue
            number = segments[row]
            found = index.head.segments[number]
            if query.texts:
                if read[0] != found:
                    read = (found, await self._segment(found))
                if read[1] is None or not _has_text(query, read[1], int(places[row])):
                    continue
            yield Hit(found, int(places[row]), index.head.collectors[number], facts)

    def _is_erased(self, facts: Facts, subjects: list[str]) -> bool:
        every = [self._key.subject("trace", facts.trace_id), *subjects]
        return self._tombstones.cover(every, facts.at_ns)

    async def _scanned(
        self, query: Query, since_ns: int, until_ns: int
    ) -> AsyncIterator[Hit]:
        """Look into every segment of the hours in [since, until)."""
        hour_ns, failed = -1, Retries()
        async for info in self._store.list(
            object_names.SEGMENTS, object_names.hour_folder(since_ns)
        ):
            parsed = object_names.parse_segment(info.name)
            if parsed is None:
                continue
            if parsed.hour_ns >= until_ns:
                return
            if parsed.hour_ns != hour_ns:
                hour_ns, failed = parsed.hour_ns, Retries()
            read = await self._segment(info.name)
            self.on_segments(1)
            for hit in self._met(query, read, failed) if read is not None else ():
                yield hit

    async def _segment(self, name: str) -> Segment | None:
        try:
            data = await self._store.get(name)
            return await asyncio.to_thread(segment.read, data, name)
        except MissingObjectError:
            return None
        except (CorruptSnapshotError, NewerSnapshotError) as error:
            self._on_damage(str(error))
            return None

    def _readable(self, read: Segment) -> list[Snapshot]:
        """Return a segment's snapshots up to the first damaged one, which is named."""
        found: list[Snapshot] = []
        try:
            found += (read.record(place) for place in range(len(read)))
        except CorruptSnapshotError as error:
            self._on_damage(str(error))
        return found

    def _met(self, query: Query, read: Segment, failed: Retries) -> Iterator[Hit]:
        collector = read.header.collector
        snapshots = self._readable(read)
        again = failed.of(snapshots)
        for place, snapshot in enumerate(snapshots):
            subjects = [s for s in (snapshot.session, snapshot.user) if s]
            facts = facts_of(snapshot, retried=place in again)
            if len(self._tombstones) and self._is_erased(facts, subjects):
                continue
            if query.matches(facts, self.known(collector)) and (
                not query.texts or query.matches_text(tuple(texts_of(snapshot)))
            ):
                yield Hit(read.name, place, collector, facts)


def _record(read: Segment | None, hit: Hit) -> Snapshot | None:
    """Return a hit's record, None where the segment was rewritten since."""
    try:
        snapshot = None if read is None else read.record(hit.index)
    except (CorruptSnapshotError, IndexError):
        return None
    if snapshot is None or snapshot.snapshot_id != hit.facts.snapshot_id:
        return None
    return snapshot


def _known(frame: Frame, collector: str) -> Known:
    return Known(
        probability=lambda facts: frame.probability(collector, facts),
        uniform=lambda facts: frame.is_uniform(collector, facts),
    )


def meets(query: Query, frame: Frame, found: Found) -> bool:
    """Return whether one stored snapshot meets a filter."""
    snapshot, collector = found.snapshot, found.header.collector
    if not query.matches(facts_of(snapshot), _known(frame, collector)):
        return False
    return not query.texts or query.matches_text(tuple(texts_of(snapshot)))


def _has_text(query: Query, read: Segment, place: int) -> bool:
    return query.matches_text(tuple(texts_of(read.record(place))))


async def current_indexes(store: Store) -> dict[int, str]:
    """Return the indexes that were built from the catalogue that counts, by hour."""
    there: dict[tuple[int, int], str] = {}
    async for info in store.list(object_names.INDEX):
        if (parsed := object_names.parse_index(info.name)) is not None:
            there[parsed] = info.name
    if not there:
        return {}
    newest = await hour_index.newest_parts(store)
    return {
        hour: name for (hour, part), name in there.items() if newest.get(hour) == part
    }


async def build_indexes(store: Store, most: int = 0) -> int:
    """Build what is missing of closed hours' indexes, drop stale ones; return how many.

    At most `most` of them (0: all). Any number of programs may do it at once.

    Raises:
        StoreUnavailableError: what is built is built; call again.
    """
    current = await current_indexes(store)
    names = [info.name async for info in store.list(object_names.INDEX)]
    for name in set(names) - set(current.values()):
        await store.delete(name)
    built = 0
    for hour, part in sorted((await hour_index.newest_parts(store)).items()):
        if hour in current:
            continue
        data = await _built(store, object_names.catalogue(hour, part))
        if data is not None:
            await store.create(object_names.index(hour, part), data)
            built += 1
        if built == most:
            break
    return built


async def _built(store: Store, catalogue: str) -> bytes | None:
    try:
        listed = hour_index.unpack(await store.get(catalogue), catalogue)
    except (MissingObjectError, CorruptSnapshotError):
        return None
    builder, failed = Builder(), Retries()
    names = [one.name for one in listed.segments]
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        read = await hour_index.together(_bytes(store, name) for name in part)
        await asyncio.to_thread(_add, builder, failed, zip(part, read, strict=True))
    return await asyncio.to_thread(builder.packed)


async def _bytes(store: Store, name: str) -> bytes | None:
    try:
        return await store.get(name)
    except MissingObjectError:
        return None


def _add(
    builder: Builder, failed: Retries, read: Iterator[tuple[str, bytes | None]]
) -> None:
    for name, data in read:
        if data is None:
            continue
        try:
            found = segment.read(data, name)
            snapshots = list(found)
        except (CorruptSnapshotError, NewerSnapshotError):
            continue  # `verify` names it
        again = failed.of(snapshots)
        rows = [
            (facts_of(each, retried=place in again), _subjects(each))
            for place, each in enumerate(snapshots)
        ]
        texts = [text for each in snapshots for text in texts_of(each)]
        builder.add_segment(name, found.header.collector, rows, texts)


def _subjects(snapshot: Snapshot) -> str:
    return f"{snapshot.session} {snapshot.user}".strip()
