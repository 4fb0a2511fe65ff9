"""What happens to a store over time: pins, erasure, retention, verify, catalogues."""

import json

import pytest
from fakes.filled_store import (
    DAY_NS,
    HOUR_NS,
    KEY,
    START_NS,
    KilledError,
    digests_of,
    dying,
    everything,
    memory_store,
    plain,
    put_answers,
    put_segment,
    recorded,
)

from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    StoreUnavailableError,
)
from snaptrace.store import (
    erase,
    export,
    hour_index,
    media,
    pins,
    retention,
    segment_watcher,
    verify,
)
from snaptrace.store.tombstones import Tombstones, subjects_of

NOW_NS = START_NS + 3 * HOUR_NS
IMAGE = b"\x89PNG not a whole one " * 40


async def records(store):
    """Return the ids of all snapshots in segments, each once."""
    found = set()
    async for info in store.list(object_names.SEGMENTS):
        found |= {s.snapshot_id for s in segment.read(await store.get(info.name), "s")}
    return found


async def retained(store, policy, now_ns):
    """Apply a policy once, as a program that has just started."""
    return await retention.Retention(store, policy).apply(now_ns)


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
    await store.create(object_names.result("epoch", 0), b"")
    return store, snapshots


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
            assert not one.header.may_hold(subject)
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
    limit = sum(sizes.values()) // 2
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


async def test_verify_finds_nothing_wrong_with_a_sound_store():
    """People would learn to ignore it."""
    store, _ = await store_with_ann()
    await hour_index.close_hours(store, NOW_NS)
    assert [f async for f in verify.verify(store, KEY, NOW_NS)] == []


async def test_verify_names_what_is_broken_and_repair_mends_it():
    """Damage would be found when somebody needs the data."""
    store, snapshots = await store_with_ann()
    await hour_index.close_hours(store, NOW_NS)
    broken = object_names.segment(START_NS, "pod", 77)
    await store.create(broken, b"\x89STS and then nonsense")
    orphan = object_names.medium(
        object_names.media_folder(START_NS), KEY.media_digest(b"x")
    )
    await store.create(orphan, media.pack(b"x"))
    lost = object_names.medium(
        object_names.media_folder(START_NS), digests_of(snapshots[1])[0]
    )
    await store.delete(lost)
    await store.create(f"{object_names.SEGMENTS}/readme", b"hello")
    later = NOW_NS + 10**18  # long after the orphan was written
    found = [f async for f in verify.verify(store, KEY, later)]
    assert {(f.problem, f.name) for f in found} >= {
        ("corrupt", broken),
        ("foreign", f"{object_names.SEGMENTS}/readme"),
        ("missing_medium", object_names.segment(START_NS, "pod", 1)),
    }
    assert not any(f.repaired for f in found)
    assert await store.exists(broken)
    # The month may still need it, as long as something in it cannot be read.
    assert await store.exists(orphan)
    for _ in range(2):
        found = [f async for f in verify.verify(store, KEY, later, repair=True)]
    assert not await store.exists(broken)
    assert not await store.exists(orphan)
    left = [f.problem async for f in verify.verify(store, KEY, later)]
    assert sorted(left) == ["foreign", "missing_medium"]


async def test_a_catalogue_lists_what_the_hour_has():
    """Looking back would show another past than listing everything."""
    store = memory_store()
    for hour in range(4):
        for number in range(2):
            await put_segment(
                store,
                [recorded(hour * 10 + number)],
                at_ns=START_NS + hour * HOUR_NS,
                sequence=hour * 10 + number,
            )
    before = [one.name async for one in hour_index.listed(store)]
    assert await hour_index.close_hours(store, NOW_NS) == 2
    assert await hour_index.close_hours(store, NOW_NS) == 0
    found = [one async for one in hour_index.listed(store)]
    assert [one.name for one in found] == before
    assert [one.header.sequence for one in found] == [0, 1, 10, 11, 20, 21, 30, 31]
    since = START_NS + HOUR_NS
    assert [one.name async for one in hour_index.listed(store, since)] == before[2:]
    part = [one.name async for one in hour_index.listed(store, since, since + HOUR_NS)]
    assert part == before[2:4]


async def test_a_damaged_catalogue_is_passed_over():
    """One flipped bit would hide an hour of traffic."""
    store = memory_store()
    name = await put_segment(store, [recorded(1)])
    await hour_index.close_hours(store, NOW_NS)
    at = object_names.catalogue(START_NS)
    data = await store.get(at)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 4
        with pytest.raises(CorruptSnapshotError):
            hour_index.unpack(bytes(damaged), at)
    await store.delete(at)
    await store.create(at, bytes(damaged))
    assert [one.name async for one in hour_index.listed(store)] == [name]


async def test_a_watch_tells_each_segment_once():
    """A case would be judged twice, or never."""
    store = memory_store()
    watching = segment_watcher.SegmentWatch(store, START_NS)
    assert await watching.new(START_NS) == []
    told, now_ns = [], START_NS
    for number in range(12):
        # Two collectors, the second with a name before the first.
        name = "pod" if number % 2 else "a-pod"
        await put_segment(
            store, [recorded(number)], at_ns=now_ns, sequence=number, collector=name
        )
        told += [info.name for info in await watching.new(now_ns)]
        now_ns += HOUR_NS // 3
    assert len(told) == len(set(told)) == 12
    assert await watching.new(now_ns) == []


async def test_a_watch_that_failed_half_way_loses_nothing():
    """An outage of a second would hide a segment for ever."""
    store = memory_store()
    await put_segment(store, [recorded(1)])
    await put_segment(store, [recorded(2)], at_ns=START_NS + HOUR_NS)

    class Away:
        failing = True

        async def list(self, prefix, after=""):
            if self.failing and prefix == object_names.hour_folder(START_NS + HOUR_NS):
                raise StoreUnavailableError("list", prefix, "away")
            async for info in store.list(prefix, after):
                yield info

    away = Away()
    watching = segment_watcher.SegmentWatch(away, START_NS)
    with pytest.raises(StoreUnavailableError):
        await watching.new(START_NS + HOUR_NS)
    away.failing = False
    assert len(await watching.new(START_NS + HOUR_NS)) == 2


@pytest.mark.parametrize("shape", export._SHAPES)
def test_every_export_is_a_line_of_json_with_the_question_in_it(shape):
    """Another tool would refuse the file, or get a dataset without questions."""
    snapshot, _ = recorded(1, image=IMAGE)
    row = export.row(snapshot, shape, probability=0.5, blobs={0: IMAGE})
    text = json.dumps(row)
    assert "question number 1" in text
    assert "answer to question number 1" in text
    assert snapshot.snapshot_id in text
    assert "0.5" in text


def test_an_export_puts_media_back_where_they_were():
    """A dataset of pictures would come without the pictures."""
    snapshot, _ = recorded(1, image=IMAGE)
    body = export.with_media(snapshot, {0: IMAGE})
    url = body["messages"][1]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    bare = export.with_media(snapshot, {})["messages"][1]["content"][1]["image_url"]
    assert bare["url"] == f"snaptrace:media:{snapshot.media[0].digest}"


async def test_media_are_stored_once_and_small_where_that_helps():
    """A thousand calls with one picture would cost a thousand pictures."""
    store = memory_store()
    wav = bytes(range(256)) * 4000
    noise = bytes.fromhex("".join(KEY.media_digest(b"%d" % i) for i in range(4000)))
    folder = object_names.media_folder(START_NS)
    for data, stays in ((wav, False), (noise, True)):
        digest = KEY.media_digest(data)
        assert await media.put(store, folder, digest, data)
        assert not await media.put(store, folder, digest, data)
        stored = await store.get(object_names.medium(folder, digest))
        assert (len(stored) == len(data) + 1) is stays
        assert await media.get(store, KEY, folder, digest) == data


async def test_media_are_checked_against_their_name():
    """A swapped picture would be replayed as if it had been sent."""
    store = memory_store()
    folder, digest = object_names.media_folder(START_NS), KEY.media_digest(IMAGE)
    name = object_names.medium(folder, digest)
    for stored in (media.pack(b"another"), b"", b"\x07abc", b"\x01abc", b"\x00"):
        await store.delete(name)
        await store.create(name, stored)
        with pytest.raises(CorruptSnapshotError):
            await media.get(store, KEY, folder, digest)
