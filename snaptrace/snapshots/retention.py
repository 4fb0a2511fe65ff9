"""What is deleted by age and by bytes. Safe to kill and to repeat at any point.

Segments go before the media that they name, a month's media go with its last segment,
so at worst a medium stays until its month ends. Pins, results and tombstones stay.
"""

from collections.abc import AsyncIterator

from msgspec import Struct

from snaptrace.snapshots import layout
from snaptrace.snapshots.folder import ObjectInfo
from snaptrace.snapshots.store import Store
from snaptrace.snapshots.watch import HOUR_NS

DAY_NS = 24 * HOUR_NS


class Policy(Struct, frozen=True, kw_only=True):
    """How long and how much; 0 is no limit."""

    age_ns: int = 0  # of segments, by hour of upload, and of answers
    most_bytes: int = 0  # segments and media together; then the oldest hours go


class Removed(Struct, frozen=True, kw_only=True):
    """What a run deleted."""

    segments: int = 0
    media: int = 0
    answers: int = 0
    freed_bytes: int = 0


class _Hour:
    __slots__ = ("names", "size_bytes")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.size_bytes = 0


async def retain(store: Store, policy: Policy, now_ns: int) -> Removed:
    """Apply a policy once.

    Raises:
        StoreUnavailableError: what is deleted is deleted; run it again.
        StoreRefusedError: the store does not let objects be deleted.
    """
    hours = await _hours(store)
    doomed = _too_old(hours, policy, now_ns)
    media = await _media(store)
    doomed |= _too_much(hours, doomed, media, policy)
    segments = freed = 0
    for hour in sorted(doomed):
        for name in hours[hour].names:
            await store.delete(name)
            segments += 1
        freed += hours[hour].size_bytes
        await _delete_all(store, layout.catalogue(hour).rpartition("/")[0])
    left = {layout.media_folder(hour) for hour in hours if hour not in doomed}
    # The running month may get a segment at any time whose media are there already.
    left.add(layout.media_folder(now_ns))
    left.add(layout.media_folder(now_ns - HOUR_NS))
    removed_media = 0
    for folder, infos in media.items():
        if folder not in left:
            for info in infos:
                await store.delete(info.name)
                removed_media += 1
                freed += info.size_bytes
    return Removed(
        segments=segments,
        media=removed_media,
        answers=await _old_answers(store, policy, now_ns),
        freed_bytes=freed,
    )


async def _hours(store: Store) -> dict[int, _Hour]:
    hours: dict[int, _Hour] = {}
    async for info in store.list(layout.SEGMENTS):
        if (parsed := layout.parse_segment(info.name)) is not None:
            hour = hours.setdefault(parsed.hour_ns, _Hour())
            hour.names.append(info.name)
            hour.size_bytes += info.size_bytes
    return hours


async def _media(store: Store) -> dict[str, list[ObjectInfo]]:
    """Return all media by month's folder."""
    months: dict[str, list[ObjectInfo]] = {}
    async for info in store.list(layout.MEDIA):
        if (parsed := layout.parse_medium(info.name)) is not None:
            months.setdefault(f"{layout.MEDIA}/{parsed[0]}", []).append(info)
    return months


def _too_old(hours: dict[int, _Hour], policy: Policy, now_ns: int) -> set[int]:
    if not policy.age_ns:
        return set()
    return {hour for hour in hours if hour + HOUR_NS < now_ns - policy.age_ns}


def _too_much(
    hours: dict[int, _Hour],
    doomed: set[int],
    media: dict[str, list[ObjectInfo]],
    policy: Policy,
) -> set[int]:
    """Return the oldest hours that have to go until the rest fits.

    A month's media count until its last segment goes.
    """
    if not policy.most_bytes:
        return set()
    left = sorted(hour for hour in hours if hour not in doomed)
    months = {
        folder: sum(i.size_bytes for i in infos) for folder, infos in media.items()
    }
    gone: set[int] = set()
    while left:
        folders = {layout.media_folder(hour) for hour in left}
        total = sum(hours[hour].size_bytes for hour in left)
        total += sum(size for folder, size in months.items() if folder in folders)
        if total <= policy.most_bytes:
            break
        gone.add(left.pop(0))
    return gone


async def _old_answers(store: Store, policy: Policy, now_ns: int) -> int:
    if not policy.age_ns:
        return 0
    removed = 0
    async for info in _listed(store, layout.ANSWERS):
        if info.modified_ns < now_ns - policy.age_ns:
            await store.delete(info.name)
            removed += 1
    return removed


async def _delete_all(store: Store, prefix: str) -> None:
    async for info in _listed(store, prefix):
        await store.delete(info.name)


async def _listed(store: Store, prefix: str) -> AsyncIterator[ObjectInfo]:
    """List first, then yield: deleting must not disturb a listing that runs."""
    infos = [info async for info in store.list(prefix)]
    for info in infos:
        yield info
