"""From admitted calls to the store, through crashes, outages and full disks."""

import errno
import hashlib
from collections import Counter

import msgspec
from fakes.filled_store import KEY, memory_store
from fakes.small_sealer import (
    SECOND_NS,
    START_NS,
    HandClock,
    call,
    expected,
    feed,
    make,
    stored,
)

import collector.sealing.journal
import collector.sealing.sealer
import collector.sealing.spool
from collector.config.sampling import SealConfig
from snaptrace.crypto.cipher import Cipher
from snaptrace.runtime.config import ByteSize
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.errors import StoreUnavailableError
from snaptrace.store.tombstones import write_tombstone


async def test_a_window_is_sealed_after_its_grace(tmp_path):
    """Fresh cases would never come, or late calls always be late."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock)
    calls = [call(n, START_NS + n * SECOND_NS // 4) for n in range(36)]
    for one in calls:
        await feed(sealer, one)
    clock.at_ns = START_NS + 12 * SECOND_NS - 1
    await sealer.tick()
    assert (await stored(store))[1] == []
    clock.at_ns += 1
    await sealer.tick()
    frame, found = await stored(store)
    assert {s.snapshot_id for _, s in found} == expected(calls)
    assert all(frame.is_uniform(h.collector, s) for h, s in found)
    ((key, state),) = frame.items()
    assert (state.seen, state.kept, state.size) == (36, 8, 8)
    assert key.window_start_ns == START_NS
    assert sealer.spool_bytes == sealer.journal_bytes == 0


async def test_late_calls_come_in_a_supplement(tmp_path):
    """Calls that a slow exporter sends would be missing from their window."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock)
    early = [call(n, START_NS + SECOND_NS) for n in range(12)]
    late = [
        msgspec.structs.replace(
            one,
            snapshot=msgspec.structs.replace(
                one.snapshot, arrived_at_ns=START_NS + 25 * SECOND_NS
            ),
        )
        for one in (call(n, START_NS + 2 * SECOND_NS) for n in range(100, 112))
    ]
    for one in early:
        await feed(sealer, one)
    clock.at_ns = START_NS + 12 * SECOND_NS
    await sealer.tick()
    clock.at_ns = START_NS + 25 * SECOND_NS
    for one in late:
        await feed(sealer, one)
    for _ in range(15):
        clock.at_ns += SECOND_NS
        await sealer.tick()
    frame, found = await stored(store)
    assert {h.supplement for h, _ in found} == {0, 1}
    current = {s.snapshot_id for h, s in found if frame.is_uniform(h.collector, s)}
    assert current == expected(early + late)


async def test_a_call_from_another_time_is_filed_by_its_arrival(tmp_path):
    """A machine with a wrong clock would write into windows of last year."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock)
    for skew in (-3600, 3600):
        one = call(7200 + skew, START_NS + skew * SECOND_NS)
        snapshot = msgspec.structs.replace(one.snapshot, arrived_at_ns=START_NS)
        await feed(sealer, msgspec.structs.replace(one, snapshot=snapshot))
    await sealer.seal_now()
    _, found = await stored(store)
    assert [(s.window_start_ns, s.late) for _, s in found] == [(START_NS, True)] * 2


async def test_a_restart_finds_the_open_window(tmp_path):
    """A deployment would cost every team ten minutes of cases."""
    store, clock = memory_store(), HandClock()
    calls = [call(n, START_NS + SECOND_NS, image=b"%d" % n * 99) for n in range(40)]
    sealer = make(tmp_path, store, clock)
    for one in calls[:20]:
        await feed(sealer, one)
    first = sealer.collector
    sealer = make(tmp_path, store, clock)  # the old one was killed: no close
    assert sealer.collector == first
    for one in calls[20:]:
        await feed(sealer, one)
    clock.at_ns += 20 * SECOND_NS
    await sealer.tick()
    frame, found = await stored(store)
    current = {s.snapshot_id for h, s in found if frame.probability(h.collector, s)}
    # One trace goes at recovery, so that the threshold is true: the best 7 are there.
    assert expected(calls, 7) <= current <= expected(calls, 8)
    assert list((tmp_path / "journal").glob("*.journal")) == []
    assert list((tmp_path / "journal" / "media").iterdir()) == []


async def test_a_torn_last_frame_is_cut_off(tmp_path):
    """One half-written call would take the whole window with it."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock, size=100)
    for number in range(5):
        await feed(sealer, call(number, START_NS))
    (path,) = (tmp_path / "journal").glob("*.journal")
    whole = path.read_bytes()
    lengths = set()
    for length in range(0, len(whole) + 1, 37):
        path.write_bytes(whole[:length])
        again = make(tmp_path, memory_store(), clock, size=100)
        lengths.add(again.counts["journal", "recovered"])
        assert path.stat().st_size <= length
    path.write_bytes(whole[: len(whole) - 1])
    again = make(tmp_path, store, clock, size=100)
    assert again.counts["journal", "recovered"] == 4
    assert lengths == {0, 1, 2, 3, 4}
    for at in range(0, len(whole), 11):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        path.write_bytes(bytes(damaged))
        make(tmp_path, memory_store(), clock, size=100)


class AwayStore:
    """A store that can be away; counts what it was asked."""

    def __init__(self, store):
        self._store, self.away, self.creates = store, False, Counter()

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def create(self, name, data):
        if self.away:
            raise StoreUnavailableError("create", name, "away")
        self.creates[name] += 1
        return await self._store.create(name, data)


async def test_an_outage_loses_nothing_within_the_spool(tmp_path):
    """A night without the store would be a night without cases."""
    store, clock = AwayStore(memory_store()), HandClock()
    store.away = True
    sealer = make(tmp_path, store, clock, size=100)
    wanted = set()
    for number in range(30):
        one = call(number, clock.at_ns, image=b"the same picture" * 20)
        wanted.add(one.snapshot.snapshot_id)
        await feed(sealer, one)
        clock.at_ns += SECOND_NS
        await sealer.tick()
    clock.at_ns += 60 * SECOND_NS
    await sealer.tick()
    assert sealer.spool_bytes > 0
    assert sealer.counts["segment", "upload_failed"] > 0
    sealer = make(tmp_path, store, clock, size=100)  # and a restart meanwhile
    store.away = False
    await sealer.tick()
    _, found = await stored(store)
    assert {s.snapshot_id for _, s in found} == wanted
    assert sealer.spool_bytes == 0
    pictures = [n for n in store.creates if n.startswith(object_names.MEDIA)]
    assert len(pictures) == 1
    assert set(store.creates.values()) == {1}


async def test_a_full_spool_drops_the_oldest_window_whole_and_counts_it(tmp_path):
    """The disk would fill up, or half a window claim to be all of it."""
    store, clock = AwayStore(memory_store()), HandClock()
    store.away = True
    limit = SealConfig(spool_bytes=ByteSize(9000))
    sealer = make(tmp_path, store, clock, size=100, seal=limit)
    fed = 0
    for number in range(200):
        noise = hashlib.sha512(b"%d" % number).hexdigest() * 3
        fed += await feed(sealer, call(number, clock.at_ns, text=noise))
        clock.at_ns += SECOND_NS
        await sealer.tick()
        assert sealer.spool_bytes <= 9000
    clock.at_ns += 60 * SECOND_NS
    store.away = False
    await sealer.tick()
    _, found = await stored(store)
    dropped = sealer.counts["spool", "dropped_calls"]
    assert 0 < dropped == fed - len(found)
    assert min(h.window_start_ns for h, _ in found) > START_NS
    per_window = Counter(h.window_start_ns for h, _ in found)
    assert set(per_window.values()) == {10}


async def test_what_was_erased_meanwhile_is_not_sealed(tmp_path):
    """A person who was erased would come back with the next window."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock)
    await feed(sealer, call(1, START_NS, user="ann"))
    await feed(sealer, call(2, START_NS, user="bob"))
    await write_tombstone(store, KEY.subject("user", "ann"), START_NS + 1)
    clock.at_ns += 70 * SECOND_NS
    await sealer.tick()
    _, found = await stored(store)
    assert [s.user for _, s in found] == [KEY.subject("user", "bob")]
    assert sealer.counts["call", "text", "erased"] == 1


async def test_who_was_erased_is_not_even_journaled(tmp_path):
    """A call that came late would stand on the node's disk."""
    store, clock = memory_store(), HandClock()
    await write_tombstone(store, KEY.subject("user", "ann"), START_NS + 1)
    sealer = make(tmp_path, store, clock)
    await sealer.tick()
    await feed(sealer, call(1, START_NS, user="ann", text="what ann wrote"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert b"what ann wrote" not in b"".join(path.read_bytes() for path in files)
    assert sealer.counts["call", "text", "erased"] == 1


async def test_what_waits_for_the_store_goes_without_those_who_were_erased(tmp_path):
    """After an outage a person would be uploaded who was erased during it."""
    clock, store = HandClock(), AwayStore(memory_store())
    store.away = True
    sealer = make(tmp_path, store, clock, size=100)
    await feed(sealer, call(1, START_NS, user="ann", image=b"picture of ann" * 9))
    await feed(sealer, call(2, START_NS, user="bob", image=b"picture of bob" * 9))
    await sealer.seal_now()
    await feed(sealer, call(3, START_NS, user="ann"))
    await sealer.seal_now()
    assert sealer.counts["segment", "sealed"] == 2
    store.away = False
    await write_tombstone(store, KEY.subject("user", "ann"), START_NS + 1)
    clock.at_ns += 70 * SECOND_NS
    await sealer.tick()
    _, found = await stored(store)
    assert [s.user for _, s in found] == [KEY.subject("user", "bob")]
    media_names = [info.name async for info in store.list(object_names.MEDIA)]
    assert len(media_names) == 1
    assert sealer.counts["spool", "erased_calls"] == 2
    assert sealer.spool_bytes == 0
    headers = {h.collector: h for h, _ in found}.values()
    gone = segment.subject_start(KEY.subject("user", "ann"))
    assert not any(gone in h.subject_starts() for h in headers)


async def test_a_window_larger_than_a_segment_is_split(tmp_path, monkeypatch):
    """One busy window would be an object that no reader takes."""
    monkeypatch.setattr(segment, "SPLIT_BYTES", 4000)
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock, size=100)
    calls = [call(n, START_NS, text="x" * 900) for n in range(20)]
    for one in calls:
        await feed(sealer, one)
    await sealer.seal_now()
    frame, found = await stored(store)
    assert {s.snapshot_id for _, s in found} == expected(calls, 100)
    headers = {h.sequence: h for h, _ in found}
    assert len(headers) > 3
    assert all(sum(h.record_bytes) <= 4000 for h in headers.values())
    assert {frame.probability(h.collector, s) for h, s in found} == {1.0}


async def test_a_call_that_is_too_large_goes_and_is_counted(tmp_path):
    """One film would push out a thousand calls."""
    sealer = make(
        tmp_path,
        memory_store(),
        HandClock(),
        seal=SealConfig(call_bytes=ByteSize(5000)),
    )
    assert not await feed(sealer, call(1, START_NS, image=b"x" * 6000))
    assert sealer.counts["call", "text", "too_large"] == 1
    assert await feed(sealer, call(2, START_NS))


async def test_a_full_disk_loses_calls_and_counts_them(tmp_path, monkeypatch):
    """A full disk would end the sampling process."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock, size=100)
    await feed(sealer, call(1, START_NS))

    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(collector.sealing.journal, "_write_whole", full)
        assert not await feed(sealer, call(2, START_NS))
        assert sealer.counts["call", "text", "journal_error"] == 1
        await sealer.tick()
    with monkeypatch.context() as patch:
        patch.setattr(
            collector.sealing.spool, "_write", lambda path, data: full(0, data)
        )
        clock.at_ns += 20 * SECOND_NS
        await sealer.tick()
        assert sealer.counts["spool", "error"] == 1
        assert (await stored(store))[1] == []
    await sealer.tick()
    assert len((await stored(store))[1]) == 1


async def test_local_files_are_encrypted_where_the_store_is(tmp_path):
    """The disk of the node would have what the bucket hides."""
    clock, store = HandClock(), AwayStore(memory_store())
    store.away = True
    cipher = Cipher({1: b"k" * 32})
    sealer = make(tmp_path, store, clock, cipher=cipher, size=100)
    await feed(sealer, call(1, START_NS, text="the prompt", image=b"the picture" * 9))
    await sealer.seal_now()
    await feed(sealer, call(2, START_NS, text="the prompt", image=b"the picture" * 9))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files)
    assert b"the p" not in written
    store.away = False
    sealer = make(tmp_path, store, clock, cipher=cipher, size=100)
    await sealer.seal_now()
    assert len((await stored(store))[1]) == 2


async def test_closing_twice_and_without_a_store_is_harmless(tmp_path):
    """A pod would hang at its end until it is killed."""
    store, clock = AwayStore(memory_store()), HandClock()
    store.away = True
    sealer = make(tmp_path, store, clock)
    await feed(sealer, call(1, START_NS))
    await sealer.close(1.0)
    await sealer.close(1.0)
    store.away = False
    sealer = make(tmp_path, store, clock)
    await sealer.tick()
    assert len((await stored(store))[1]) == 1
