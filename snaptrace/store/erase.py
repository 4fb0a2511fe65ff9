"""Erasure of a user, session or trace: all content is removed, verdicts stay.

A tombstone is written first, so that collectors and readers honour it during the
operation and an interrupted run can be repeated. Segments and answers are rewritten
without the subject; each old object is deleted after its replacement is written.
Results and plans contain only ids and numbers and stay: verdicts depend on them alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
import zstandard
from msgspec import Struct

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
    SnapshotError,
)
from snaptrace.snapshot.model import Snapshot
from snaptrace.snapshot.segment import Segment, SegmentHeader
from snaptrace.store import hour_index, pins
from snaptrace.store.store import Store
from snaptrace.store.tombstones import subjects_of, without, write_tombstone

SubjectKind = Literal["user", "session", "trace"]
_REWRITTEN = 10**9  # added to the sequence of a rewritten segment
_MOST_ANSWER_BYTES = 256 * 2**20  # decompressed


class Erasure(Struct, frozen=True, kw_only=True):
    """Counts of what an erasure removed."""

    subjects: tuple[str, ...]  # keyed; never the ids themselves
    snapshots: int = 0
    segments: int = 0  # rewritten or deleted
    media: int = 0
    pins: int = 0
    answers: int = 0  # objects rewritten or deleted
    unreadable: tuple[str, ...] = ()  # objects that could not be looked into


class _Run:
    """One erasure on its way."""

    def __init__(
        self,
        store: Store,
        key: FleetKey,
        subjects: Mapping[str, int],
        on_object: Callable[[], None],
    ) -> None:
        self.store, self.key, self.subjects = store, key, subjects
        self.on_object = on_object
        self.snapshot_ids: set[str] = set()
        self.digests: dict[str, set[str]] = {}  # media folder -> digests
        self.segments = self.media = self.pins = self.answers = 0
        self.unreadable: list[str] = []
        self._starts = {segment.subject_start(subject) for subject in subjects}

    def may_concern(self, header: SegmentHeader) -> bool:
        """Return whether a segment may contain data to erase; false is certain."""
        return not self._starts.isdisjoint(header.subject_starts())

    def concerns(self, snapshot: Snapshot) -> bool:
        """Return whether a snapshot has to be erased; later recordings stay."""
        return any(
            snapshot.ended_at_ns <= self.subjects.get(subject, -1)
            for subject in subjects_of(self.key, snapshot)
        )

    def note(self, folder: str, snapshot: Snapshot) -> None:
        """Record the media and ids to be erased with a snapshot."""
        self.snapshot_ids.add(snapshot.snapshot_id)
        self.digests.setdefault(folder, set()).update(pins.digests_of(snapshot))


async def erase(
    store: Store,
    key: FleetKey,
    kind: SubjectKind,
    value: str,
    now_ns: int,
    *,
    on_object: Callable[[], None] = lambda: None,
) -> Erasure:
    """Erase everything recorded of a subject up to now.

    `value` is the id as the telemetry had it (a trace id in hex); only its keyed
    digest is written. `on_object` hears of each segment and answers object that is
    looked at. Safe to repeat, and to be repeated after it was killed.

    Raises:
        StoreUnavailableError: run it again.
        StoreRefusedError: the store does not let objects be deleted.
    """
    subject = key.subject(kind, value)
    await write_tombstone(store, subject, now_ns)
    return await erase_subjects(store, key, {subject: now_ns}, on_object)


async def erase_subjects(
    store: Store,
    key: FleetKey,
    subjects: Mapping[str, int],
    on_object: Callable[[], None] = lambda: None,
) -> Erasure:
    """Apply tombstones: keyed subject -> erased up to (Unix ns)."""
    run = _Run(store, key, subjects, on_object)
    # What leads to the rest goes last: a run that was killed finds it again.
    segments, doomed = await _affected(run), await _affected_pins(run)
    await _erase_answers(run)
    await _erase_media(run)
    for suite, snapshot_id in doomed:
        run.pins += await pins.unpin(store, suite, snapshot_id)
    for name in segments:
        await _rewrite(run, name)
    await _replace_catalogues(run)
    return Erasure(
        subjects=tuple(subjects),
        snapshots=len(run.snapshot_ids),
        segments=run.segments,
        media=run.media,
        pins=run.pins,
        answers=run.answers,
        unreadable=tuple(run.unreadable),
    )


async def _affected(run: _Run) -> list[str]:
    """Return the segments that hold a subject, and note what is in them."""
    found: list[str] = []
    async for name, header in hour_index.every_header(run.store):
        parsed = object_names.parse_segment(name)
        assert parsed is not None
        run.on_object()
        try:
            if isinstance(header, SnapshotError):
                raise header
            if not run.may_concern(header):
                continue
            read = await _read(run.store, name)
            gone = [snapshot for snapshot in read if run.concerns(snapshot)]
        except MissingObjectError:
            continue
        except (CorruptSnapshotError, NewerSnapshotError):
            run.unreadable.append(name)
            continue
        for snapshot in gone:
            run.note(parsed.media_folder, snapshot)
        if gone:
            found.append(name)
    return found


async def _rewrite(run: _Run, name: str) -> None:
    parsed = object_names.parse_segment(name)
    assert parsed is not None
    data, _ = without(await _read(run.store, name), run.key, run.concerns)
    if data:
        # In the same hour: the media of what stays lie in that hour's month.
        new = object_names.segment(
            parsed.hour_ns, parsed.collector, parsed.sequence + _REWRITTEN
        )
        await run.store.create(new, data)
    await run.store.delete(name)
    run.segments += 1


async def _affected_pins(run: _Run) -> list[tuple[str, str]]:
    """Return (suite, snapshot id) of the subjects' pins, and note them."""
    doomed: list[tuple[str, str]] = []
    async for _, pin, snapshot in pins.pinned(run.store):
        if run.concerns(snapshot):
            run.snapshot_ids.add(snapshot.snapshot_id)
            doomed.append((pin.suite, snapshot.snapshot_id))
    return doomed


async def _replace_catalogues(run: _Run) -> None:
    """Rewrite every catalogue that still names a subject, also of interrupted runs."""
    infos = [info async for info in run.store.list(object_names.CATALOGUE)]
    for info in infos:
        try:
            listed = hour_index.unpack(await run.store.get(info.name), info.name)
        except (MissingObjectError, CorruptSnapshotError):
            continue
        parsed = object_names.parse_catalogue(info.name)
        if parsed and any(run.may_concern(one.header) for one in listed.segments):
            await hour_index.replace_hour(run.store, parsed[0])


async def _erase_answers(run: _Run) -> None:
    """Rewrite answers without those to a subject's snapshots.

    An answers object is zstd over a msgpack map whose `answers` lists maps with
    `snapshot_id` and `subjects`; nothing else in it is used. The subjects identify
    answers whose snapshot retention has already deleted.
    """

    def goes(answer: dict[str, Any]) -> bool:
        subjects = answer.get("subjects") or ()
        return answer.get("snapshot_id") in run.snapshot_ids or any(
            subject in run.subjects for subject in subjects
        )

    infos = [info async for info in run.store.list(object_names.ANSWERS)]
    for info in infos:
        run.on_object()
        try:
            content = _unpacked(await run.store.get(info.name), info.name)
        except MissingObjectError:
            continue
        except CorruptSnapshotError:
            run.unreadable.append(info.name)
            continue
        listed = content["answers"]
        kept = [answer for answer in listed if not goes(answer)]
        if len(kept) == len(listed):
            continue
        # Between the two calls the rest of the object is gone; answers may be.
        await run.store.delete(info.name)
        if kept:
            plain = msgspec.msgpack.encode({**content, "answers": kept})
            packed = zstandard.ZstdCompressor(level=3).compress(plain)
            await run.store.create(info.name, packed)
        run.answers += 1


def _unpacked(data: bytes, name: str) -> dict[str, Any]:
    try:
        if not 0 <= zstandard.frame_content_size(data) <= _MOST_ANSWER_BYTES:
            raise CorruptSnapshotError(name, 0, "too large once decompressed")
        plain = zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
        content = msgspec.msgpack.decode(plain)
    except (zstandard.ZstdError, ValueError) as error:
        raise CorruptSnapshotError(name, 0, str(error)) from None
    if not isinstance(content, dict) or not isinstance(content.get("answers"), list):
        raise CorruptSnapshotError(name, 0, "no answers in it")
    return content


async def _erase_media(run: _Run) -> None:
    """Delete media that only the subjects' snapshots used, month by month."""
    for folder, digests in run.digests.items():
        left = set(digests)
        if not left:
            continue
        async for info in run.store.list(object_names.SEGMENTS):
            parsed = object_names.parse_segment(info.name)
            if parsed is None or parsed.media_folder != folder or not left:
                continue
            try:
                for snapshot in await _read(run.store, info.name):
                    if not run.concerns(snapshot):
                        left -= set(pins.digests_of(snapshot))
            except (MissingObjectError, CorruptSnapshotError, NewerSnapshotError):
                continue
        for digest in left:
            await run.store.delete(object_names.medium(folder, digest))
            run.media += 1


async def _read(store: Store, name: str) -> Segment:
    return segment.read(await store.get(name), name)
