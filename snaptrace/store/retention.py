"""Deletion by age and by size. Idempotent and safe to interrupt at any point.

Segments go before the media that they name, a month's media go with its last segment,
so at worst a medium stays until its month ends. Pins, results and tombstones stay.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from msgspec import Struct

from snaptrace.snapshot import object_names
from snaptrace.store.folder_backend import ObjectInfo
from snaptrace.store.segment_watcher import HOUR_NS, OVERLAP_NS, pause_ns
from snaptrace.store.store import Store

DAY_NS = 24 * HOUR_NS
LEADERSHIP_NS = 2 * DAY_NS  # budgets of a day are recounted from it


class Policy(Struct, frozen=True, kw_only=True):
    """Retention limits; 0 disables a limit."""

    age_ns: int = 0  # of segments, by hour of upload, and of answers
    most_bytes: int = 0  # segments and media together; then the oldest hours go


class RetentionSettings(Protocol):
    """Settings for `policy_of`; implemented by `RetentionConfig`."""

    @property
    def age(self) -> float: ...  # noqa: D102 - a field
    @property
    def bytes(self) -> int: ...  # noqa: D102


def policy_of(settings: RetentionSettings) -> Policy:
    """Return the retention policy of a configuration."""
    return Policy(age_ns=round(settings.age * 1e9), most_bytes=int(settings.bytes))


class Removed(Struct, frozen=True, kw_only=True):
    """Counts of what a run deleted."""

    segments: int = 0
    media: int = 0
    answers: int = 0
    leaderships: int = 0  # objects that only the next leader would have read
    freed_bytes: int = 0


class Retention:
    """Applies a policy repeatedly; immutable folders are listed only once."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store, self._policy = store, policy
        self._hours: dict[int, int] = {}  # hour of upload -> bytes of its segments
        self._months: dict[str, int] = {}  # media folder -> bytes in it
        self._count_again_ns = 0  # no segments are listed before
        self._hours_from_ns = self._months_from_ns = 0  # listed again from here on

    async def apply(self, now_ns: int) -> Removed:
        """Delete everything that is due.

        Raises:
            StoreUnavailableError: what is deleted is deleted; run it again.
            StoreRefusedError: the store does not let objects be deleted.
        """
        await self._count_segments(now_ns)
        await self._count_media(now_ns)
        doomed = self._too_old(now_ns)
        doomed |= self._too_much(doomed)
        segments = 0
        freed = sum(self._hours[hour] for hour in doomed)
        for hour in sorted(doomed):
            segments += await self._delete_all(object_names.hour_folder(hour))
            del self._hours[hour]
        await self._drop_empty_catalogues()
        left = {object_names.media_folder(hour) for hour in self._hours}
        # The running month may get a segment at any time whose media are there already.
        left.add(object_names.media_folder(now_ns))
        left.add(object_names.media_folder(now_ns - HOUR_NS))
        media = 0
        for folder in [folder for folder in self._months if folder not in left]:
            media += await self._delete_all(folder)
            freed += self._months.pop(folder)
        return Removed(
            segments=segments,
            media=media,
            answers=await self._old_answers(now_ns),
            leaderships=await self._old_leaderships(now_ns),
            freed_bytes=freed,
        )

    async def _count_segments(self, now_ns: int) -> None:
        if now_ns < self._count_again_ns:
            return
        counted: dict[int, int] = {}
        after = object_names.hour_folder(self._hours_from_ns)
        found = await self._store.list_whole(object_names.SEGMENTS, after)
        # Twice, for `list_whole` has one listing confirmed by another.
        self._count_again_ns = now_ns + 2 * pause_ns(len(found))
        for info in found:
            if (parsed := object_names.parse_segment(info.name)) is not None:
                size = counted.get(parsed.hour_ns, 0)
                counted[parsed.hour_ns] = size + info.size_bytes
        self._hours |= counted
        # Names are of the hour of upload: what has closed does not grow any more.
        self._hours_from_ns = object_names.hour_start_ns(now_ns - OVERLAP_NS)

    async def _count_media(self, now_ns: int) -> None:
        counted: dict[str, int] = {}
        after = object_names.media_folder(self._months_from_ns)
        async for info in self._store.list(object_names.MEDIA, after):
            if (parsed := object_names.parse_medium(info.name)) is not None:
                folder = f"{object_names.MEDIA}/{parsed[0]}"
                counted[folder] = counted.get(folder, 0) + info.size_bytes
        self._months |= counted
        self._months_from_ns = now_ns - OVERLAP_NS

    async def _drop_empty_catalogues(self) -> None:
        """Delete catalogues of hours that have no segment left, of killed runs too."""
        async for info in self._found(object_names.CATALOGUE):
            parsed = object_names.parse_catalogue(info.name)
            if parsed is not None and parsed[0] not in self._hours:
                await self._store.delete(info.name)
                await self._store.delete(object_names.index(*parsed))

    def _too_old(self, now_ns: int) -> set[int]:
        if not self._policy.age_ns:
            return set()
        oldest = now_ns - self._policy.age_ns
        return {hour for hour in self._hours if hour + HOUR_NS < oldest}

    def _too_much(self, doomed: set[int]) -> set[int]:
        """Return the oldest hours that have to go until the rest fits.

        A month's media count until its last segment goes.
        """
        if not self._policy.most_bytes:
            return set()
        left = sorted(hour for hour in self._hours if hour not in doomed)
        gone: set[int] = set()
        while left:
            folders = {object_names.media_folder(hour) for hour in left}
            total = sum(self._hours[hour] for hour in left)
            total += sum(self._months.get(folder, 0) for folder in folders)
            if total <= self._policy.most_bytes:
                break
            gone.add(left.pop(0))
        return gone

    async def _old_answers(self, now_ns: int) -> int:
        if not self._policy.age_ns:
            return 0
        oldest = now_ns - self._policy.age_ns
        return await self._delete_older(object_names.ANSWERS, oldest)

    async def _old_leaderships(self, now_ns: int) -> int:
        """Delete what leaders left for their successors, long after that was of use.

        An epoch that nobody leads any more loses all of it, one that goes on its past
        terms; who led last stays.
        """
        if not self._policy.age_ns:
            return 0
        oldest = now_ns - max(self._policy.age_ns, LEADERSHIP_NS)
        newest: dict[str, str] = {}
        for kind in (object_names.TERMS, object_names.ENDED):
            async for info in self._store.list(kind):
                newest[info.name.rpartition("/")[0]] = info.name
        kept = frozenset(newest.values())
        removed = 0
        for kind in object_names.LEADERSHIP:
            removed += await self._delete_older(kind, oldest, kept)
        return removed

    async def _delete_older(
        self, folder: str, oldest_ns: int, kept: frozenset[str] = frozenset()
    ) -> int:
        removed = 0
        async for info in self._found(folder):
            if info.modified_ns < oldest_ns and info.name not in kept:
                await self._store.delete(info.name)
                removed += 1
        return removed

    async def _delete_all(self, folder: str) -> int:
        deleted = 0
        async for info in self._found(folder):
            await self._store.delete(info.name)
            deleted += 1
        return deleted

    async def _found(self, folder: str) -> AsyncIterator[ObjectInfo]:
        """List first, then yield: deleting must not disturb a listing that runs."""
        infos = [info async for info in self._store.list(folder)]
        for info in infos:
            yield info
