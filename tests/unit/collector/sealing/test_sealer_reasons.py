"""What a sealer says of rejections, late calls, clocks that jump and restarts."""

import msgspec
from fakes.filled_store import KEY, memory_store
from fakes.small_sealer import (
    SECOND_NS,
    START_NS,
    HandClock,
    call,
    feed,
    make,
    stored,
)

from collector.sealing import journal
from collector.sealing.placement import kind_of
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.segment import RANK_SPAN


def of_service(one, name):
    return msgspec.structs.replace(
        one, snapshot=msgspec.structs.replace(one.snapshot, service=name)
    )


async def test_every_rejection_has_its_reason(tmp_path):
    """An operator would look for a threshold where a limit is too low."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock, services=1, calls_per_trace=1, size=2)
    at = START_NS + SECOND_NS
    for number in range(20):
        await feed(sealer, call(number, at))
    kept = [n for n in range(20) if not await feed(sealer, call(n, at))]
    assert kept == list(range(20))
    await feed(sealer, of_service(call(99, at), "another"))
    best = max(
        range(20), key=lambda n: KEY.rank(bytes.fromhex(call(n, at).snapshot.trace_id))
    )
    twin = call(best, at).snapshot
    for number in range(500, 520):
        await feed(
            sealer,
            msgspec.structs.replace(
                call(best, at),
                snapshot=msgspec.structs.replace(
                    twin, span_id=number.to_bytes(8, "big").hex()
                ),
            ),
        )
    reasons = {key[2]: count for key, count in sealer.counts.items()}
    assert reasons["too_many_services"] == 1
    assert reasons["duplicate"] == 2
    assert reasons["below_threshold"] + reasons["kept"] > 30
    assert reasons["trace_cap"] >= 1
    clock.at_ns = START_NS + 3600 * SECOND_NS
    await sealer.tick()
    late = call(7, START_NS)
    placed = sealer.selection.place(late)
    assert sealer.reservoirs.rejection(START_NS, kind_of(placed.snapshot), 5, 5) == (
        "window_over"
    )
    evicted = sealer.reservoirs.counts["displaced"]
    assert evicted == reasons["kept"] - 2  # two traces of one call were left


async def test_a_late_rejection_is_told_by_a_segment_without_records(tmp_path):
    """What was stored would claim that nobody of higher rank was turned away."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock, size=4)
    calls = [call(n, START_NS + SECOND_NS) for n in range(5)]
    for one in calls:
        await feed(sealer, one)
    clock.at_ns = START_NS + 12 * SECOND_NS
    await sealer.tick()
    frame, before = await stored(store)
    told = frame.equal_probability_threshold()
    floor = min(snapshot.rank for _, snapshot in before)
    # A late call that ranks between the threshold told and the lowest that is kept.
    number = next(
        n
        for n in range(100, 10_000)
        if told < KEY.rank(bytes.fromhex(call(n, 0).snapshot.trace_id)) < floor
    )
    late = call(number, START_NS + SECOND_NS)
    assert not await feed(sealer, late)
    clock.at_ns += 70 * SECOND_NS
    await sealer.tick()
    frame, after = await stored(store)
    assert len(after) == len(before)
    rank = KEY.rank(bytes.fromhex(late.snapshot.trace_id))
    assert frame.equal_probability_threshold() == rank
    names = [info.name async for info in store.list(object_names.SEGMENTS)]
    count = len(names)
    # And it is told once.
    for _ in range(5):
        clock.at_ns += 10 * SECOND_NS
        await sealer.tick()
    names = [info.name async for info in store.list(object_names.SEGMENTS)]
    assert len(names) == count == 2
    empty = segment.read(await store.get(max(names)), max(names))
    assert len(empty) == 0
    assert empty.header.supplement == 1


async def test_counts_of_late_calls_are_told_before_a_window_is_forgotten(tmp_path):
    """The counter of what was seen would be short of what the estimate says."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock, size=4)
    for number in range(50):
        await feed(sealer, call(number, START_NS + SECOND_NS))
    clock.at_ns = START_NS + 12 * SECOND_NS
    await sealer.tick()
    for number in range(50, 80):
        one = call(number, START_NS + SECOND_NS)
        placed = sealer.selection.place(one)
        if placed.snapshot.rank < RANK_SPAN // 4:  # far below the bar
            sealer.selection.wants(placed)
    frame, _ = await stored(store)
    assert frame.seen() == {("shop", "text"): 50}
    clock.at_ns = START_NS + 200 * SECOND_NS
    await sealer.tick()
    frame, _ = await stored(store)
    assert 50 < frame.seen()["shop", "text"] < 80
    assert sealer.reservoirs.windows() == []


async def test_a_clock_that_was_ahead_stops_nothing(tmp_path):
    """After a wrong hour, a day of calls would be refused as too late."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock)
    day_ns = 86_400 * SECOND_NS
    clock.at_ns = START_NS + day_ns
    assert await feed(sealer, call(1, clock.at_ns))
    await sealer.tick()
    clock.at_ns = START_NS + SECOND_NS
    await sealer.tick()
    # What was filed under tomorrow is sealed now, not tomorrow.
    assert len((await stored(store))[1]) == 1
    assert await feed(sealer, call(2, clock.at_ns))
    clock.at_ns = START_NS + 13 * SECOND_NS
    await sealer.tick()
    assert len((await stored(store))[1]) == 2
    assert sealer.reservoirs.windows() == [START_NS]


async def test_a_stratum_without_room_has_none_after_a_restart(tmp_path, monkeypatch):
    """It would claim to have seen calls that came before it was there."""
    monkeypatch.setattr(journal, "_SLACK_BYTES", 0)
    store, clock = memory_store(), HandClock()
    room = {"quota": 1, "size": 1, "reservoirs": 3}
    sealer = make(tmp_path, store, clock, **room)
    numbers = sorted(
        range(30), key=lambda n: KEY.rank(bytes.fromhex(call(n, 0).snapshot.trace_id))
    )

    async def offer(number, stratum):
        placed = sealer.selection.place(call(number, START_NS + SECOND_NS))
        snapshot = msgspec.structs.replace(placed.snapshot, strata=(stratum,))
        placed = msgspec.structs.replace(placed, snapshot=snapshot)
        if sealer.selection.wants(placed):
            await sealer.selection.admit(placed)

    # Two strata fill the room. The uniform reservoir keeps a call of a third, which
    # then stands in the journal before the calls that the two keep in the end.
    await offer(numbers[0], "rule:0")
    await offer(numbers[1], "rule:1")
    await offer(numbers[-1], "rule:late")
    for number in numbers[2:-1]:
        await offer(number, "rule:0")
        await offer(number, "rule:1")
    assert sealer.reservoirs.strata_refused == 1
    open_before = {s.stratum for s in sealer.reservoirs.states(START_NS)}
    assert len(open_before) == 3
    sealer._windows._compact(START_NS)
    assert sealer.counts["journal", "compacted"] == 1
    sealer._journal.close()
    again = make(tmp_path, store, clock, **room)
    assert {s.stratum for s in again.reservoirs.states(START_NS)} == open_before


async def test_a_restart_in_mid_window_keeps_its_pre_threshold(tmp_path):
    """What was rejected undecoded before would be counted as never sent."""
    store, clock = memory_store(), HandClock()
    sealer = make(tmp_path, store, clock, size=8)
    for number in range(30):
        await feed(sealer, call(number, START_NS + SECOND_NS))
    sealer.set_pre_thresholds({"shop": RANK_SPAN // 2})
    sealer._journal.close()  # killed: no state was written since but that one
    again = make(tmp_path, store, clock, size=8)
    (state,) = again.reservoirs.states(START_NS)
    assert state.pre_threshold == RANK_SPAN // 2
    for number in range(100, 130):
        await feed(again, call(number, START_NS + SECOND_NS))
    clock.at_ns = START_NS + 12 * SECOND_NS
    await again.tick()
    frame, found = await stored(store)
    for header, snapshot in found:
        assert snapshot.rank > RANK_SPAN // 2
        assert frame.probability(header.collector, snapshot) <= 0.5


async def test_falling_pre_thresholds_write_nothing(tmp_path):
    """Every second, 64 services would each write the states of all windows."""
    sealer = make(tmp_path, memory_store(), HandClock())
    await feed(sealer, call(1, START_NS + SECOND_NS))
    sealer.set_pre_thresholds({"shop": RANK_SPAN // 2})
    size = sealer.journal_bytes
    sealer.set_pre_thresholds({"shop": RANK_SPAN // 4})
    sealer.set_pre_thresholds({"shop": RANK_SPAN // 2})
    sealer.set_pre_thresholds({"shop": 0, "unknown": 0})
    assert sealer.journal_bytes == size
    assert sealer.reservoirs._pre == {}
