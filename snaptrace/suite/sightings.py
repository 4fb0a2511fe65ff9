"""Pins found again in traffic: near-duplicates, and the very same request."""

from collections.abc import Sequence

from msgspec import Struct

from snaptrace.query.facts import facts_of
from snaptrace.query.search import Search
from snaptrace.snapshot.model import Snapshot
from snaptrace.suite.coverage import Cell, Traffic, cell_of
from snaptrace.suite.likeness import Likeness, alike, likeness_of


class Sighting(Struct, frozen=True):
    """The newest calls like a pin, other than the pinned call itself."""

    like_at_ns: int = 0  # of a near-duplicate; 0: none among those looked at
    same: Snapshot | None = None  # the same messages and tools, answered


async def sightings(
    search: Search, traffic: Traffic, pinned: Sequence[Snapshot]
) -> dict[str, Sighting]:
    """Look for each pin's like among the newest calls of its cell, by snapshot id.

    Raises:
        StoreUnavailableError: safe to run again.
    """
    by_cell: dict[Cell, list[tuple[Snapshot, Likeness]]] = {}
    for one in pinned:
        by_cell.setdefault(cell_of(facts_of(one)), []).append((one, likeness_of(one)))
    found = {one.snapshot_id: Sighting() for one in pinned}
    async for hit, live in search.snapshots(traffic.newest(set(by_cell))):
        own = likeness_of(live)
        for one, likeness in by_cell[cell_of(hit.facts)]:
            if one.snapshot_id != live.snapshot_id:
                known = found[one.snapshot_id]
                found[one.snapshot_id] = _seen(known, likeness, live, own)
    return found


def _seen(known: Sighting, pinned: Likeness, live: Snapshot, own: Likeness) -> Sighting:
    at_ns, same = known.like_at_ns, known.same
    if alike(pinned, own):
        at_ns = max(at_ns, live.ended_at_ns)
    is_same = bool(own.request) and own.request == pinned.request
    if is_same and live.answer.observed and live.answer.outcome != "error":
        newer = same is None or live.ended_at_ns > same.ended_at_ns
        same = live if newer else same
    return Sighting(at_ns, same)
