"""Coverage of live traffic by a suite's pins, estimated with the sample's weights."""

import pytest
from fakes.dict_store import dict_store
from fakes.stored_calls import WINDOW_NS, text_call

from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.query.facts import facts_of
from snaptrace.query.language import parse
from snaptrace.query.search import Search
from snaptrace.snapshot import object_names, segment
from snaptrace.snapshot.segment import RANK_SPAN, ReservoirState, SegmentHeader
from snaptrace.suite.coverage import DAY_NS, Traffic, cell_of

KEY = FleetKey(b"k" * 32)
NOW = 1_800_000_000 * 10**9


async def found(pinned, where="since=7d"):
    """Return the coverage of nine plain calls of weight 4 and one rare one of weight 1.

    The rare one, a refusal, is kept by a quota that rejected nothing.
    """
    store = dict_store(0)
    calls = [
        text_call(n, at_ns=NOW - DAY_NS, rank=RANK_SPAN - 1 - n, route="busy")
        for n in range(9)
    ]
    rare = text_call(
        "rare", at_ns=NOW - 2 * DAY_NS, rank=5, route="busy", strata=("refused",)
    )
    at_ns = NOW - DAY_NS
    states = (
        ReservoirState(
            kind="uniform",
            service="shop",
            modality="text",
            size=9,
            threshold=RANK_SPAN // 4 * 3,
        ),
    )
    for number, (call, quota) in enumerate(
        [*((c, False) for c in calls), (rare, True)]
    ):
        kept = ReservoirState(
            kind="quota", service="shop", modality="text", stratum="refused", size=9
        )
        header = SegmentHeader(
            collector="c1",
            sequence=number,
            window_start_ns=call.window_start_ns,
            window_length_ns=WINDOW_NS,
            reservoirs=(*states, kept) if quota else states,
        )
        name = object_names.segment(at_ns, "c1", number)
        await store.create(name, segment.write(header, [call]))
    search = Search(store, KEY)
    await search.refresh()
    traffic = Traffic(search, {"release": [facts_of(call) for call in pinned]})
    await traffic.read(parse(where, NOW))
    return traffic.coverage("release", NOW)


async def test_shares_are_of_traffic_and_not_of_rows():
    """If it failed, a rare kind would count for as much as the busiest route."""
    got = await found([text_call("p", at_ns=NOW - 30 * DAY_NS, route="busy")])
    assert got.covered.value == pytest.approx(36 / 37)
    assert (got.covered_cells, got.cells) == (1, 2)
    (missing,) = got.uncovered
    assert missing.cell.stratum == "refused"
    assert missing.share == pytest.approx(1 / 37)
    assert missing.newest == text_call("rare", at_ns=NOW).snapshot_id


async def test_the_heaviest_uncovered_kind_is_first():
    """If it failed, a team would pin what hardly anybody asks."""
    got = await found([text_call("p", at_ns=NOW, route="elsewhere")])
    assert got.covered.value == 0.0
    assert [each.cell.stratum for each in got.uncovered] == ["", "refused"]


async def test_pins_know_their_age_and_when_their_kind_was_last_seen():
    """If it failed, a suite would go stale without anybody noticing."""
    live = text_call("p", at_ns=NOW - 30 * DAY_NS, route="busy")
    dead = text_call("q", at_ns=NOW - 90 * DAY_NS, route="gone")
    got = await found([live, dead])
    assert [(pin.age_days, pin.seen_days) for pin in got.pins] == [
        (90.0, None),
        (30.0, 1.0),
    ]


async def test_without_traffic_there_is_no_share():
    """If it failed, a suite would cover all of nothing."""
    got = await found([text_call("p", at_ns=NOW)], where="service=none")
    assert got.covered is None


def test_a_route_is_no_stratum_of_its_own():
    """If it failed, every cell would be named twice after its route."""
    facts = facts_of(text_call(1, at_ns=NOW, strata=("route:r1", "tools")))
    assert cell_of(facts).stratum == "tools"
