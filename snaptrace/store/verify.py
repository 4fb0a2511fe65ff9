"""Integrity check and repair of a store.

Repair deletes unreadable objects (except those of a later release), unreferenced media
and partial writes of killed processes, and rewrites stale catalogues. Results and what
leads to them are evidence: they are checked (`verify_ledger.py`) and never touched.
"""

from collections.abc import AsyncIterator, Callable
from typing import Literal

from msgspec import Struct

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    NewerSnapshotError,
)
from snaptrace.store import hour_index, media, pins
from snaptrace.store.folder_backend import ObjectInfo
from snaptrace.store.segment_watcher import HOUR_NS
from snaptrace.store.store import Store
from snaptrace.store.verify_ledger import check_ledger

# A medium is stored before the segment that names it; a slow upload is no orphan.
_ORPHAN_AFTER_NS = 24 * HOUR_NS

Problem = Literal[
    "corrupt",  # unreadable bytes
    "newer",  # written by a later release
    "missing_medium",  # a snapshot names a medium that is not there
    "orphan_medium",  # no snapshot of its month names it
    "stale_catalogue",  # it names segments that are gone, or leaves some out
    "foreign",  # a name that no release of ours writes
    "untagged",  # results of an earlier release, or their tags were taken off
    "gap",  # results are missing between others, or at the end
]


class Finding(Struct, frozen=True, kw_only=True):
    """One problem found."""

    problem: Problem
    name: str
    detail: str = ""
    repaired: bool = False


async def verify(
    store: Store,
    key: FleetKey,
    now_ns: int,
    *,
    repair: bool = False,
    on_object: Callable[[], None] = lambda: None,
) -> AsyncIterator[Finding]:
    """Yield problems; with `repair`, fix them first where possible.

    `on_object` hears of each object that is looked at. Reads everything. Raises
    StoreUnavailableError and StoreRefusedError.
    """
    check = _Check(store, key, now_ns, repair=repair, on_object=on_object)
    async for finding in check.segments():
        yield finding
    async for finding in check.media():
        yield finding
    async for finding in check.pins():
        yield finding
    async for finding in check.catalogues():
        yield finding
    async for found in check_ledger(store, on_object):
        yield Finding(problem=found.problem, name=found.name, detail=found.detail)
    if repair:
        await store.sweep(now_ns - _ORPHAN_AFTER_NS)


class _Check:
    def __init__(
        self,
        store: Store,
        key: FleetKey,
        now_ns: int,
        *,
        repair: bool,
        on_object: Callable[[], None],
    ) -> None:
        self._store, self._key, self._now_ns = store, key, now_ns
        self._repair, self._on_object = repair, on_object
        self._named: dict[str, dict[str, str]] = {}  # media folder -> digest -> segment
        self._unreadable_months: set[str] = set()
        self._hours: dict[int, set[str]] = {}

    async def segments(self) -> AsyncIterator[Finding]:
        async for info in self._listed(object_names.SEGMENTS):
            parsed = object_names.parse_segment(info.name)
            if parsed is None:
                yield Finding(problem="foreign", name=info.name)
                continue
            try:
                read = segment.read(await self._store.get(info.name), info.name)
                for snapshot in read:
                    for digest in pins.digests_of(snapshot):
                        named = self._named.setdefault(parsed.media_folder, {})
                        named.setdefault(digest, info.name)
            except MissingObjectError:
                continue
            except NewerSnapshotError as error:
                self._unreadable_months.add(parsed.media_folder)
                yield Finding(problem="newer", name=info.name, detail=str(error))
            except CorruptSnapshotError as error:
                self._unreadable_months.add(parsed.media_folder)
                yield await self._broken(info.name, error)
                continue
            self._hours.setdefault(parsed.hour_ns, set()).add(info.name)

    async def media(self) -> AsyncIterator[Finding]:
        there: set[tuple[str, str]] = set()
        async for info in self._listed(object_names.MEDIA):
            parsed = object_names.parse_medium(info.name)
            if parsed is None:
                yield Finding(problem="foreign", name=info.name)
                continue
            folder, digest = f"{object_names.MEDIA}/{parsed[0]}", parsed[1]
            if digest not in self._named.get(folder, {}):
                old = info.modified_ns < self._now_ns - _ORPHAN_AFTER_NS
                if old and folder not in self._unreadable_months:
                    yield await self._mended("orphan_medium", info.name)
                continue
            try:
                await media.get(self._store, self._key, folder, digest)
                there.add((folder, digest))
            except MissingObjectError:
                continue
            except CorruptSnapshotError as error:
                yield await self._broken(info.name, error)
        for folder, named in self._named.items():
            for digest, name in named.items():
                if (folder, digest) not in there:
                    medium = object_names.medium(folder, digest)
                    yield Finding(problem="missing_medium", name=name, detail=medium)

    async def pins(self) -> AsyncIterator[Finding]:
        async for info in self._listed(object_names.PINS):
            if (parsed := object_names.parse_pin(info.name)) is None:
                continue
            try:
                read = segment.read(await self._store.get(info.name), info.name)
                folder = object_names.suite_media_folder(parsed[0])
                for snapshot in read:
                    for digest in pins.digests_of(snapshot):
                        await media.get(self._store, self._key, folder, digest)
            except MissingObjectError as error:
                yield Finding(
                    problem="missing_medium", name=info.name, detail=error.name
                )
            except NewerSnapshotError as error:
                yield Finding(problem="newer", name=info.name, detail=str(error))
            except CorruptSnapshotError as error:
                # A pin is a person's work: it is named, never deleted.
                yield Finding(problem="corrupt", name=info.name, detail=str(error))

    async def catalogues(self) -> AsyncIterator[Finding]:
        async for info in self._listed(object_names.CATALOGUE):
            parsed = object_names.parse_catalogue(info.name)
            if parsed is None:
                yield Finding(problem="foreign", name=info.name)
                continue
            try:
                data = await self._store.get(info.name)
                listed = hour_index.unpack(data, info.name)
            except MissingObjectError:
                continue
            except CorruptSnapshotError as error:
                yield await self._broken(info.name, error)
                continue
            names = {one.name for one in listed.segments}
            if names != self._hours.get(parsed[0], set()):
                if self._repair:
                    await hour_index.replace_hour(self._store, parsed[0])
                yield Finding(
                    problem="stale_catalogue", name=info.name, repaired=self._repair
                )

    async def _listed(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """List first, and twice: what one listing lacks must not be deleted for it."""
        for info in await self._store.list_whole(prefix):
            self._on_object()
            yield info

    async def _broken(self, name: str, error: CorruptSnapshotError) -> Finding:
        if self._repair:
            await self._store.delete(name)
        return Finding(
            problem="corrupt", name=name, detail=str(error), repaired=self._repair
        )

    async def _mended(self, problem: Problem, name: str) -> Finding:
        if self._repair:
            await self._store.delete(name)
        return Finding(problem=problem, name=name, repaired=self._repair)
