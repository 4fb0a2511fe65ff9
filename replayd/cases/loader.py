"""Loads a case's snapshot and media, only when the case is sent."""

import asyncio
from collections import OrderedDict
from contextlib import suppress

from msgspec import Struct

from replayd.model import Case
from replayd.providers.wire.encode import media_refs
from replayd.scoring.contract import ScoringCase
from replayd.scoring.recorded import Recorded, scoring_case
from replayd.traits.measurer import TraitMeasurer
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import CorruptSnapshotError, MissingObjectError
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Segment, SegmentHeader
from snaptrace.store import media
from snaptrace.store.store import Store
from snaptrace.store.tombstones import Tombstones, is_erased, subjects_of

MADE = frozenset({"image_generation", "speech"})  # operations that answer with media
MOST_MADE = 4  # media of a recorded answer that others are compared with
CACHED_BYTES = 64 * 2**20  # of segments, decompressed; draws jump between them


class Loaded(Struct, frozen=True):
    """One case, ready to be sent and scored."""

    snapshot: Snapshot
    media: dict[int, bytes]  # by `MediaRef.index`
    recorded: Recorded
    subjects: tuple[str, ...] = ()  # keyed; by them an erasure finds the answers
    header: SegmentHeader | None = None  # of its segment: how it was sampled

    @property
    def scoring(self) -> ScoringCase:
        """Reference data for scoring an answer."""
        return scoring_case(self.snapshot, self.recorded.assertion)


class Gone(Struct, frozen=True):
    """The case no longer exists: `reason` is from a bounded set."""

    reason: str  # erased, damaged or media_missing
    by_tombstone: bool = False  # erased on request: show nothing that is left


class CaseLoader:
    """Reads cases from the store; caches the last few segments."""

    def __init__(
        self,
        store: Store,
        key: FleetKey,
        traits: TraitMeasurer | None = None,
        *,
        any_answer: bool = False,
    ) -> None:
        """Read from `store`; with `traits` a case's content is measured, too.

        Media of the recorded answer are read where answers are compared by them, with
        `any_answer` wherever there are some: for people.
        """
        self._store, self._key, self._traits = store, key, traits
        self._any_answer = any_answer
        self._segments: OrderedDict[str, Segment] = OrderedDict()
        self._cached_bytes = 0
        self._reading: dict[str, asyncio.Lock] = {}
        self._tombstones = Tombstones()

    def close(self) -> None:
        """End the process that measures; harmless if there is none."""
        if self._traits is not None:
            self._traits.close()

    async def refresh(self) -> None:
        """Load the current tombstones.

        Raises:
            StoreUnavailableError: what was known before stays known.
        """
        await self._tombstones.refresh(self._store)

    async def load(self, case: Case) -> Loaded | Gone:
        """Load a case.

        Raises:
            StoreUnavailableError: the store did not answer; safe to retry.
        """
        try:
            found = await self._segment(case.segment)
            if case.index >= len(found):
                return Gone("erased")
            snapshot = found.record(case.index)
            if snapshot.snapshot_id != case.snapshot_id:
                return Gone("erased")
            if self.is_erased(snapshot):
                return Gone("erased", by_tombstone=True)
        except MissingObjectError:
            return Gone("erased")
        except CorruptSnapshotError:
            return Gone("damaged")
        try:
            blobs = await self.media(case.segment, snapshot)
        except (MissingObjectError, CorruptSnapshotError):
            return Gone("media_missing")
        pin = found.header.pin
        assertion = None if pin is None else pin.assertion
        made = await self._made(case.segment, snapshot)
        measure = self._traits
        traits = {} if measure is None else await measure.traits(snapshot, blobs)
        return Loaded(
            snapshot,
            blobs,
            Recorded(found.packed(case.index), assertion, traits, made),
            tuple(subjects_of(self._key, snapshot)),
            found.header,
        )

    def is_erased(self, snapshot: Snapshot) -> bool:
        """Return whether a tombstone known by `refresh` covers a snapshot."""
        return is_erased(self._tombstones, self._key, snapshot)

    async def media(self, name: str, snapshot: Snapshot) -> dict[int, bytes]:
        """Return the media referenced by a snapshot's body.

        Raises:
            MissingObjectError: deleted or erased.
            CorruptSnapshotError: not what the digest names.
        """
        if not snapshot.media:
            return {}
        folder = _media_folder(name)
        blobs: dict[int, bytes] = {}
        for index in sorted({ref.index for ref in media_refs(snapshot.request.body)}):
            if index >= len(snapshot.media) or not snapshot.media[index].digest:
                raise MissingObjectError(f"{name}: medium {index}")
            digest = snapshot.media[index].digest
            blobs[index] = await media.get(self._store, self._key, folder, digest)
        return blobs

    async def _made(self, name: str, snapshot: Snapshot) -> dict[int, bytes]:
        """Return what was generated and kept; what is gone is not compared with."""
        found: dict[int, bytes] = {}
        if snapshot.operation not in MADE and not self._any_answer:
            return found
        for index, medium in enumerate(snapshot.answer.media[:MOST_MADE]):
            if medium.digest:
                with suppress(MissingObjectError, CorruptSnapshotError):
                    found[index] = await media.get(
                        self._store, self._key, _media_folder(name), medium.digest
                    )
        return found

    async def _segment(self, name: str) -> Segment:
        if (known := self._segments.get(name)) is not None:
            self._segments.move_to_end(name)
            return known
        lock = self._reading.setdefault(name, asyncio.Lock())
        try:
            async with lock:  # draws of one block often share a segment
                if (known := self._segments.get(name)) is not None:
                    return known
                found = await self._store.read(
                    name, lambda data: asyncio.to_thread(segment.read, data, name)
                )
                self._keep(name, found)
                return found
        finally:
            if not lock.locked():
                self._reading.pop(name, None)

    def _keep(self, name: str, found: Segment) -> None:
        if object_names.parse_pin(name) is not None:
            return  # what a pin asserts may be replaced under its name
        self._segments[name] = found
        self._cached_bytes += _size_bytes(found)
        while self._cached_bytes > CACHED_BYTES and len(self._segments) > 1:
            _, dropped = self._segments.popitem(last=False)
            self._cached_bytes -= _size_bytes(dropped)


def _media_folder(name: str) -> str:
    """Return where the media of a segment or pin are; MissingObjectError: neither."""
    if (parsed := object_names.parse_segment(name)) is not None:
        return parsed.media_folder
    if (pin := object_names.parse_pin(name)) is not None:
        return object_names.suite_media_folder(pin[0])
    raise MissingObjectError(name)


def _size_bytes(found: Segment) -> int:
    return sum(found.header.record_bytes)
