"""A store in which one person is to be erased among others."""

from fakes.filled_store import (
    HOUR_NS,
    KEY,
    START_NS,
    memory_store,
    put_answers,
    put_results,
    put_segment,
    recorded,
)

from snaptrace.snapshot import object_names, segment
from snaptrace.store import (
    pins,
)

NOW_NS = START_NS + 3 * HOUR_NS


IMAGE = b"\x89PNG not a whole one " * 40


async def records(store):
    """Return the ids of all snapshots in segments, each once."""
    found = set()
    async for info in store.list(object_names.SEGMENTS):
        found |= {s.snapshot_id for s in segment.read(await store.get(info.name), "s")}
    return found


async def store_with_ann():
    """Return a store in which Ann and others have calls, a pin and answers."""
    store = memory_store()
    shared = b"an image that both sent" * 30
    calls = [
        recorded(1, user="ann@example.org", session="s-1", image=IMAGE),
        recorded(2, user="bob@example.org", session="s-2", image=shared),
        recorded(3, user="ann@example.org", session="s-3", image=shared),
        recorded(4),
    ]
    first = await put_segment(store, calls)
    alone = [recorded(5, user="ann@example.org", session="s-1")]
    await put_segment(store, alone, at_ns=START_NS + HOUR_NS, sequence=2)
    snapshots = [snapshot for snapshot, _ in calls]
    await put_answers(store, "epoch", 0, snapshots)
    await put_answers(store, "epoch", 4, [alone[0][0]])
    await pins.pin(store, KEY, first, snapshots[0], suite="smoke", now_ns=NOW_NS)
    await put_results(store, "epoch", range(5))
    return store, snapshots
