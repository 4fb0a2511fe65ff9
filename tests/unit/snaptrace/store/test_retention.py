"""What retention takes, and what pins keep from it."""

import time

import pytest
from fakes.filled_store import (
    DAY_NS,
    KEY,
    START_NS,
    KilledError,
    digests_of,
    dying,
    everything,
    memory_store,
    put_segment,
    recorded,
)
from fakes.store_with_ann import IMAGE, NOW_NS, records

from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import (
    MissingObjectError,
)
from snaptrace.store import (
    media,
    pins,
    retention,
    verify,
)


async def retained(store, policy, now_ns):
    """Apply a policy once, as a program that has just started."""
    return await retention.Retention(store, policy).apply(now_ns)


async def test_a_pin_outlives_retention_with_its_media():
    """The suite that gated a release would rot."""
    store = memory_store()
    snapshot, held = recorded(1, image=IMAGE)
    name = await put_segment(store, [(snapshot, held)])
    wanted = {"contains": "7"}
    pin = await pins.pin(
        store, KEY, name, snapshot, suite="r14", now_ns=NOW_NS, assertion=wanted
    )
    policy = retention.Policy(age_ns=DAY_NS)
    await retained(store, policy, NOW_NS + 60 * DAY_NS)
    assert await records(store) == set()
    ((found, said, kept),) = [one async for one in pins.pinned(store, "r14")]
    assert (found, said.assertion, kept) == (pin, wanted, snapshot)
    folder = object_names.suite_media_folder("r14")
    assert await media.get(store, KEY, folder, snapshot.media[0].digest) == IMAGE


async def test_unpinning_keeps_what_other_pins_need():
    """Two pins of one picture would lose it together."""
    store = memory_store()
    calls = [recorded(1, image=IMAGE), recorded(2, image=IMAGE)]
    name = await put_segment(store, calls)
    for snapshot, _ in calls:
        await pins.pin(store, KEY, name, snapshot, suite="r14", now_ns=NOW_NS)
    medium = object_names.medium(
        object_names.suite_media_folder("r14"), digests_of(calls[0][0])[0]
    )
    assert await pins.unpin(store, "r14", calls[0][0].snapshot_id)
    assert await store.exists(medium)
    assert await pins.unpin(store, "r14", calls[1][0].snapshot_id)
    assert not await store.exists(medium)
    assert not await pins.unpin(store, "r14", calls[1][0].snapshot_id)


async def test_nothing_is_pinned_whose_picture_is_gone():
    """A pin without its picture could never be replayed."""
    store = memory_store()
    snapshot, _ = recorded(1, image=IMAGE)
    name = await put_segment(store, [(snapshot, {})])
    with pytest.raises(MissingObjectError):
        await pins.pin(store, KEY, name, snapshot, suite="r14", now_ns=NOW_NS)
    assert [one async for one in pins.pinned(store)] == []


async def test_retention_by_age_takes_media_with_the_last_segment_of_a_month():
    """Pictures would outlive the calls that they belong to."""
    store = memory_store()
    old, new = START_NS - 70 * DAY_NS, START_NS
    await put_segment(store, [recorded(1, image=IMAGE)], at_ns=old)
    await put_segment(store, [recorded(2, image=b"other" * 50)], at_ns=new)
    removed = await retained(store, retention.Policy(age_ns=30 * DAY_NS), NOW_NS)
    assert (removed.segments, removed.media) == (1, 1)
    names = list(await everything(store))
    assert [n for n in names if object_names.media_folder(old) in n] == []
    assert len([n for n in names if n.startswith(object_names.MEDIA)]) == 1
    assert (await retained(store, retention.Policy(), NOW_NS)).segments == 0


async def test_retention_by_bytes_takes_the_oldest_hours():
    """A disk would fill up, or the freshest calls go first."""
    store = memory_store()
    for hour in range(6):
        at_ns = START_NS - (5 - hour) * 20 * DAY_NS
        await put_segment(
            store, [recorded(hour, image=bytes([hour]) * 99)], at_ns=at_ns
        )
    sizes = {i.name: i.size_bytes async for i in store.list("v1")}
    limit = round(0.52 * sum(sizes.values()))  # hours are not equal to the byte
    removed = await retained(store, retention.Policy(most_bytes=limit), NOW_NS)
    left = {i.name: i.size_bytes async for i in store.list("v1")}
    assert sum(left.values()) <= limit
    assert removed.freed_bytes == sum(sizes.values()) - sum(left.values())
    segments = [name for name in sizes if name.startswith(object_names.SEGMENTS)]
    assert [n for n in left if n.startswith(object_names.SEGMENTS)] == segments[-3:]


async def test_retention_that_was_killed_anywhere_is_finished_by_the_next():
    """A month's pictures would be orphans beyond their month."""
    policy = retention.Policy(age_ns=DAY_NS)
    for left in range(20):
        store = memory_store()
        for number in range(3):
            at_ns = START_NS - 70 * DAY_NS
            call = recorded(number, image=b"%d" % number * 50)
            await put_segment(store, [call], at_ns=at_ns, sequence=number)
        try:
            await retained(dying(store, left), policy, NOW_NS)
        except KilledError:
            found = [f async for f in verify.verify(store, KEY, NOW_NS)]
            assert not [f for f in found if f.problem == "missing_medium"]
            await retained(store, policy, NOW_NS)
        else:
            return
        assert await everything(store) == {}
    pytest.fail("retention never came to its end")


async def test_what_leaders_left_goes_with_time_but_for_the_last():
    """A store of years would be listed, and paid for, by its dead leaders."""
    store = memory_store()
    for kind in object_names.LEADERSHIP:
        for number in range(3):
            await store.create(object_names.numbered(kind, "e1", number), b"x")
    now_ns = time.time_ns()
    kept = await retained(store, retention.Policy(age_ns=DAY_NS), now_ns + DAY_NS)
    assert kept.leaderships == 0  # a day's budgets are recounted from them
    late_ns = now_ns + 3 * DAY_NS
    gone = await retained(store, retention.Policy(age_ns=DAY_NS), late_ns)
    assert gone.leaderships == 3 * len(object_names.LEADERSHIP) - 2
    left = [info.name async for info in store.list("v1")]
    assert left == [
        object_names.numbered(object_names.ENDED, "e1", 2),
        object_names.numbered(object_names.TERMS, "e1", 2),
    ]
    again = await retained(store, retention.Policy(age_ns=DAY_NS), late_ns)
    assert again.leaderships == 0
