"""Erasure of a person, a session or a trace: no byte left, every verdict as it was.

A tombstone is written first, so that collectors and readers honour it while the rest
is under way, and so that a run that was killed is simply started again. Segments and
answers are written anew without the subject, the new before the old goes. Results and
plans hold ids and numbers only and stay: a verdict is a fold over them alone.
"""

from typing import Any, Literal

import msgspec
import zstandard
from msgspec import Struct

from snaptrace.snapshots import catalogue, layout, pins, segment
from snaptrace.snapshots.erased import write_tombstone
from snaptrace.snapshots.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
)
from snaptrace.snapshots.keys import FleetKey
from snaptrace.snapshots.model import Snapshot
from snaptrace.snapshots.segment import Segment
from snaptrace.snapshots.store import Store

SubjectKind = Literal["user", "session", "trace"]
_REWRITTEN = 10**9  # added to the sequence of a segment that was written anew
_MOST_ANSWER_BYTES = 256 * 2**20  # decompressed


class Erasure(Struct, frozen=True, kw_only=True):
    """What an erasure removed."""

    subject: str  # keyed; never the id itself
    snapshots: int = 0
    segments: int = 0  # written anew or deleted
    media: int = 0
    pins: int = 0
    answers: int = 0  # objects written anew or deleted
    unreadable: tuple[str, ...] = ()  # objects that could not be looked into


class _Run:
    """One erasure on its way."""

    def __init__(self, store: Store, key: FleetKey, subject: str, now_ns: int) -> None:
        self.store, self.key, self.subject, self.now_ns = store, key, subject, now_ns
        self.snapshot_ids: set[str] = set()
        self.digests: dict[str, set[str]] = {}  # media folder -> digests
        self.segments = self.media = self.pins = self.answers = 0
        self.unreadable: list[str] = []

    def concerns(self, snapshot: Snapshot) -> bool:
        """Return whether a snapshot goes; what is recorded later stays."""
        return (
            self.subject in pins.subjects_of(self.key, snapshot)
            and snapshot.ended_at_ns <= self.now_ns
        )

    def note(self, folder: str, snapshot: Snapshot) -> None:
        """Remember what goes with a snapshot."""
        self.snapshot_ids.add(snapshot.snapshot_id)
        self.digests.setdefault(folder, set()).update(pins.digests_of(snapshot))


async def erase(
    store: Store, key: FleetKey, kind: SubjectKind, value: str, now_ns: int
) -> Erasure:
    """Remove everything recorded of a subject up to now.

    `value` is the id as the telemetry had it (a trace id in hex); only its keyed
    digest is written. Safe to repeat, and to be repeated after it was killed.

    Raises:
        StoreUnavailableError: run it again.
        StoreRefusedError: the store does not let objects be deleted.
    """
    return await erase_subject(store, key, key.subject(kind, value), now_ns)


async def erase_subject(
    store: Store, key: FleetKey, subject: str, now_ns: int
) -> Erasure:
    """Like `erase`, for a subject's keyed digest as snapshots carry it."""
    run = _Run(store, key, subject, now_ns)
    await write_tombstone(store, subject, now_ns)
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
        subject=subject,
        snapshots=len(run.snapshot_ids),
        segments=run.segments,
        media=run.media,
        pins=run.pins,
        answers=run.answers,
        unreadable=tuple(run.unreadable),
    )


async def _affected(run: _Run) -> list[str]:
    """Return the segments that hold the subject, and note what is in them."""
    found: list[str] = []
    async for info in run.store.list(layout.SEGMENTS):
        parsed = layout.parse_segment(info.name)
        if parsed is None:
            continue
        try:
            header = await catalogue.read_header(run.store, info.name)
            if not header.may_hold(run.subject):
                continue
            read = await _read(run.store, info.name)
            gone = [snapshot for snapshot in read if run.concerns(snapshot)]
        except MissingObjectError:
            continue
        except (CorruptSnapshotError, NewerSnapshotError):
            run.unreadable.append(info.name)
            continue
        for snapshot in gone:
            run.note(parsed.media_folder, snapshot)
        if gone:
            found.append(info.name)
    return found


async def _rewrite(run: _Run, name: str) -> None:
    parsed = layout.parse_segment(name)
    assert parsed is not None
    read = await _read(run.store, name)
    kept = [index for index in range(len(read)) if not run.concerns(read.record(index))]
    if kept:
        subjects = [
            subject
            for index in kept
            for subject in pins.subjects_of(run.key, read.record(index))
        ]
        header = msgspec.structs.replace(
            read.header, subjects=segment.pack_subjects(subjects)
        )
        data = segment.write_packed(header, [read.packed(index) for index in kept])
        # In the same hour: the media of what stays lie in that hour's month.
        new = layout.segment(
            parsed.hour_ns, parsed.collector, parsed.sequence + _REWRITTEN
        )
        await run.store.create(new, data)
    await run.store.delete(name)
    run.segments += 1


async def _affected_pins(run: _Run) -> list[tuple[str, str]]:
    """Return (suite, snapshot id) of the subject's pins, and note them."""
    doomed: list[tuple[str, str]] = []
    async for _, pin, snapshot in pins.pinned(run.store):
        if run.concerns(snapshot):
            run.snapshot_ids.add(snapshot.snapshot_id)
            doomed.append((pin.suite, snapshot.snapshot_id))
    return doomed


async def _replace_catalogues(run: _Run) -> None:
    """Write anew every catalogue that still names the subject, of killed runs too."""
    infos = [info async for info in run.store.list(layout.CATALOGUE)]
    for info in infos:
        try:
            listed = catalogue.unpack(await run.store.get(info.name), info.name)
        except (MissingObjectError, CorruptSnapshotError):
            continue
        parsed = layout.parse_catalogue(info.name)
        if parsed and any(one.header.may_hold(run.subject) for one in listed.segments):
            await catalogue.replace_hour(run.store, parsed[0])


async def _erase_answers(run: _Run) -> None:
    """Write answers anew without those to the subject's snapshots.

    An answers object is zstd over a msgpack map whose `answers` list maps with
    `snapshot_id`; nothing else of it is looked at.
    """
    if not run.snapshot_ids:
        return
    async for info in run.store.list(layout.ANSWERS):
        try:
            content = _unpacked(await run.store.get(info.name), info.name)
        except MissingObjectError:
            continue
        except CorruptSnapshotError:
            run.unreadable.append(info.name)
            continue
        listed = content["answers"]
        kept = [a for a in listed if a.get("snapshot_id") not in run.snapshot_ids]
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
    """Delete media that only the subject's snapshots used, month by month."""
    for folder, digests in run.digests.items():
        left = set(digests)
        if not left:
            continue
        async for info in run.store.list(layout.SEGMENTS):
            parsed = layout.parse_segment(info.name)
            if parsed is None or parsed.media_folder != folder or not left:
                continue
            try:
                for snapshot in await _read(run.store, info.name):
                    if not run.concerns(snapshot):
                        left -= set(pins.digests_of(snapshot))
            except (MissingObjectError, CorruptSnapshotError, NewerSnapshotError):
                continue
        for digest in left:
            await run.store.delete(layout.medium(folder, digest))
            run.media += 1


async def _read(store: Store, name: str) -> Segment:
    return segment.read(await store.get(name), name)
