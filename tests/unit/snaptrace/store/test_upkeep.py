"""What happens to a store over time: pins, erasure, retention, verify, catalogues."""

import json

import pytest
from fakes.filled_store import (
    HOUR_NS,
    KEY,
    START_NS,
    digests_of,
    memory_store,
    put_segment,
    recorded,
)
from fakes.store_with_ann import IMAGE, NOW_NS, store_with_ann

from snaptrace.export import SHAPES, row
from snaptrace.export.exported import with_media
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    StoreUnavailableError,
)
from snaptrace.store import (
    hour_index,
    media,
    segment_watcher,
    verify,
)


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


@pytest.mark.parametrize("shape", SHAPES)
def test_every_export_is_a_line_of_json_with_the_question_in_it(shape):
    """Another tool would refuse the file, or get a dataset without questions."""
    snapshot, _ = recorded(1, image=IMAGE)
    made = row(snapshot, shape, probability=0.5, blobs={0: IMAGE})
    text = json.dumps(made)
    assert "question number 1" in text
    assert "answer to question number 1" in text
    if shape != "openai_finetuning":  # a format without a place for ids and weights
        assert snapshot.snapshot_id in text
        assert "0.5" in text


def test_an_export_puts_media_back_where_they_were():
    """A dataset of pictures would come without the pictures."""
    snapshot, _ = recorded(1, image=IMAGE)
    body = with_media(snapshot, {0: IMAGE})
    url = body["messages"][1]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    bare = with_media(snapshot, {})["messages"][1]["content"][1]["image_url"]
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
