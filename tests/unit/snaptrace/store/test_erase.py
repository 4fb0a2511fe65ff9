"""Erasure of a person, a session or a trace."""

import pytest
from fakes.filled_store import (
    KEY,
    START_NS,
    KilledError,
    digests_of,
    dying,
    everything,
    memory_store,
    plain,
    put_segment,
    recorded,
)
from fakes.store_with_ann import IMAGE, NOW_NS, records, store_with_ann

from snaptrace.snapshot import object_names, segment
from snaptrace.store import (
    erase,
    hour_index,
    media,
)
from snaptrace.store.tombstones import Tombstones, subjects_of


async def test_erasing_a_person_leaves_no_byte_and_no_other_gap():
    """The law asks for the first half, everybody else for the second."""
    store, snapshots = await store_with_ann()
    await hour_index.close_hours(store, NOW_NS)
    results = await store.get(object_names.result("epoch", 0))
    assert b"ann@example.org" in plain(
        {n: d for n, d in (await everything(store)).items() if "catalogue" not in n}
    )
    done = await erase.erase(store, KEY, "user", "ann@example.org", NOW_NS)
    assert (done.snapshots, done.segments, done.pins, done.answers) == (3, 2, 1, 2)
    assert done.media == 1
    assert done.unreadable == ()
    objects = await everything(store)
    catalogues = {
        n: d for n, d in objects.items() if n.startswith(object_names.CATALOGUE)
    }
    left = plain({n: d for n, d in objects.items() if n not in catalogues})
    subject = KEY.subject("user", "ann@example.org")
    for trace in (b"ann@example.org", IMAGE[:60], b"question number 5"):
        assert trace not in left
    # Only the tombstone's name has the keyed subject.
    assert (
        left.replace(object_names.tombstone(subject, NOW_NS).encode(), b"").count(
            subject.encode()
        )
        == 0
    )
    assert await records(store) == {snapshots[1].snapshot_id, snapshots[3].snapshot_id}
    folder = object_names.media_folder(START_NS)
    for digest in digests_of(snapshots[1]):
        assert await media.get(store, KEY, folder, digest)
    assert b"bob@example.org" in left
    assert await store.get(object_names.result("epoch", 0)) == results
    for name, data in catalogues.items():
        for one in hour_index.unpack(data, name).segments:
            start = segment.subject_start(subject)
            assert start not in one.header.subject_starts()
            assert await store.exists(one.name)


@pytest.mark.parametrize("kind", ["session", "trace"])
async def test_a_session_or_a_trace_can_be_erased(kind):
    """A person may name what to forget by another id than their own."""
    store, snapshots = await store_with_ann()
    value = {"session": "s-1", "trace": snapshots[0].trace_id}[kind]
    done = await erase.erase(store, KEY, kind, value, NOW_NS)
    assert done.snapshots == {"session": 2, "trace": 1}[kind]
    assert snapshots[0].snapshot_id not in await records(store)
    assert snapshots[2].snapshot_id in await records(store)


async def test_an_erasure_that_was_killed_anywhere_is_finished_by_the_next():
    """A byte would be left behind for ever, or another's data lost."""
    for left in range(40):
        store, snapshots = await store_with_ann()
        await hour_index.close_hours(store, NOW_NS)
        killed = False
        try:
            await erase.erase(
                dying(store, left), KEY, "user", "ann@example.org", NOW_NS
            )
        except KilledError:
            killed = True
        others = {snapshots[1].snapshot_id, snapshots[3].snapshot_id}
        assert others <= await records(store)
        tombstones = Tombstones()
        await tombstones.refresh(store)
        if left:
            subject = KEY.subject("user", "ann@example.org")
            assert tombstones.cover([subject], START_NS)
        await erase.erase(store, KEY, "user", "ann@example.org", NOW_NS)
        assert await records(store) == others
        left_over = plain(await everything(store))
        for trace in (b"ann@example.org", b"question number 1 ", IMAGE[:60]):
            assert trace not in left_over
        if not killed:
            return
    pytest.fail("the erasure never came to its end")


async def test_what_is_recorded_after_the_erasure_stays():
    """A customer who comes back would be invisible for ever."""
    store = memory_store()
    await erase.erase(store, KEY, "user", "ann", NOW_NS)
    later, _ = recorded(9, user="ann", ended_at_ns=NOW_NS + 1)
    tombstones = Tombstones()
    await tombstones.refresh(store)
    assert not tombstones.cover(subjects_of(KEY, later), later.ended_at_ns)
    assert tombstones.cover(subjects_of(KEY, later), NOW_NS)
    await put_segment(store, [(later, {})])
    await erase.erase(store, KEY, "user", "ann", NOW_NS)
    assert await records(store) == {later.snapshot_id}
