"""Which case comes next: simulations of the whole schedule."""

import random
from collections import Counter

import pytest
from fakes.stored_calls import hexed

from replayd.cases.drawn_units import DrawnUnits
from replayd.cases.schedule import (
    TRAFFIC,
    NothingToDraw,
    Schedule,
    ScheduleSettings,
    Slice,
    drawn_by,
)
from replayd.model import Case, Planned

HOUR = 3600 * 10**9
NOW = 1_800_000_000 * 10**9


def case(name, *, unit=None, modality="text", at=NOW, uniform=True, **more):
    fields = {
        "snapshot_id": hexed(name),
        "segment": "s",
        "index": 0,
        "unit": unit or hexed("unit", name),
        "trace_id": hexed("trace", name),
        "service": "shop",
        "modality": modality,
        "api": "openai_chat",
        "model": "m",
        "route": "r",
        "rank": int(hexed("rank", name, size=7), 16),
        "recorded_at_ns": at,
        "uniform": uniform,
        "replayable": True,
    }
    return Case(**{**fields, **more})


def settings(**more):
    base = {"seed": "epoch1", "lookback_ns": 24 * HOUR, "age_limit_ns": 14 * 24 * HOUR}
    return ScheduleSettings(**{**base, **more})


def draw(schedule, count, first=0, **more):
    """Take up to `count` numbers; fewer if cases run out."""
    found = []
    for number in range(first, first + count):
        planned = schedule.take(number, NOW, **more)
        if isinstance(planned, NothingToDraw):
            break
        found.append(planned)
    return found


def test_every_unit_is_drawn_once_and_then_it_waits():
    """If it failed, a session would count twice and the error rates would not hold."""
    schedule = Schedule(settings())
    schedule.offer(case(f"c{i}", unit=f"u{i % 40}") for i in range(100))
    drawn = draw(schedule, 1000)
    assert len(drawn) == 40
    assert len({item.case.unit for item in drawn}) == 40
    waiting = schedule.take(40, NOW)
    assert isinstance(waiting, NothingToDraw)
    assert waiting.reason == "fresh_cases"
    schedule.offer([case("fresh", unit="u41")])
    assert schedule.take(40, NOW).case.unit == "u41"


@pytest.mark.parametrize("verdicts", ["calm", "wild"])
def test_the_traffic_streams_mix_is_the_traffics(verdicts):
    """If it failed, verdicts would speak of cases that somebody's results preferred."""
    rng = random.Random(5)
    share = {"chart": 0.1, "table": 0.3, "photo": 0.6}
    schedule = Schedule(
        settings(
            slices=(
                Slice(
                    name="charts",
                    modality="image",
                    attribute="kind",
                    values=frozenset({"chart"}),
                    share=0.3,
                ),
            ),
            second_control_share=0.2,
        )
    )
    kinds = rng.choices(list(share), list(share.values()), k=6000)
    schedule.offer(
        case(f"i{i}", modality="image", attributes={"kind": kind})
        for i, kind in enumerate(kinds)
    )
    schedule.offer(case(f"t{i}") for i in range(6000))
    seen = Counter()
    for number in range(4000):
        decided = {"text"} if verdicts == "wild" and rng.random() < 0.5 else set()
        planned = schedule.take(number, NOW, frozenset(decided))
        if planned.lane == TRAFFIC and planned.case.modality == "image":
            seen[planned.case.attributes["kind"]] += 1
    total = sum(seen.values())
    assert total > 1000
    for kind, expected in share.items():
        spread = (expected * (1 - expected) / total) ** 0.5
        assert abs(seen[kind] / total - expected) < 4 * spread


def test_which_case_comes_next_does_not_depend_on_results():
    """If it failed, a stream could be steered by what it has shown so far."""

    def texts(decided):
        schedule = Schedule(settings())
        schedule.offer(case(f"t{i}") for i in range(200))
        schedule.offer(case(f"i{i}", modality="image") for i in range(200))
        drawn = draw(schedule, 200, decided=frozenset(decided))
        return [p.case.snapshot_id for p in drawn if p.case.modality == "text"]

    often, seldom = texts(()), texts({"text"})
    assert 0 < len(seldom) < len(often)
    assert often[: len(seldom)] == seldom


def test_a_decided_modality_keeps_a_fifth_of_its_share():
    """If it failed, a pass would never be renewed and a late drop never seen."""
    schedule = Schedule(settings())
    schedule.offer(case(f"t{i}") for i in range(4000))
    schedule.offer(case(f"i{i}", modality="image") for i in range(4000))
    drawn = draw(schedule, 3000, decided=frozenset({"text"}))
    text = sum(p.case.modality == "text" for p in drawn) / len(drawn)
    assert abs(text - 0.2 / 1.2) < 0.03


def test_a_slice_lane_leaves_the_traffic_lane_its_cases():
    """If it failed, protecting a slice would take it out of its own modality."""
    protected = Slice(
        name="charts",
        modality="text",
        attribute="kind",
        values=frozenset({"chart"}),
        share=0.5,
    )
    schedule = Schedule(settings(slices=(protected,)))
    cases = [case(f"c{i}", attributes={"kind": "chart"}) for i in range(50)]
    cases += [case(f"o{i}") for i in range(50)]
    schedule.offer(cases)
    drawn = draw(schedule, 1000)
    traffic = [p for p in drawn if p.lane == TRAFFIC]
    assert len({p.case.unit for p in traffic}) == len(traffic) == 100
    fed = [p.case.unit for p in drawn if "charts" in p.slices]
    assert sorted(fed) == sorted({c.unit for c in cases[:50]})


def test_a_restart_leaves_every_lane_as_it_was():
    """If it failed, a slice would hear of a session twice after a crash."""
    protected = Slice(
        name="charts",
        modality="text",
        attribute="kind",
        values=frozenset({"chart"}),
        share=0.3,
    )
    cases = [case(f"c{i}", attributes={"kind": "chart"}) for i in range(60)]
    cases += [case(f"o{i}", strata=("errors",)) for i in range(60)]
    cases += [case(f"p{i}", pin="smoke") for i in range(5)]
    whole = Schedule(settings(slices=(protected,)))
    whole.offer(cases)
    all_drawn = draw(whole, 1000)
    for folded, planned in ((60, 60), (0, 45), (45, 60)):
        known = DrawnUnits()
        for item in all_drawn[:folded]:
            for lane, unit in drawn_by(item):
                known.add(lane, unit)
        again = Schedule(settings(slices=(protected,)))
        again.offer(cases)
        again.resume(known, all_drawn[folded:planned])
        assert draw(again, 1000, first=planned) == all_drawn[planned:]


def test_only_ranks_above_the_threshold_are_drawn():
    """If it failed, services with small reservoirs would be over-represented."""
    schedule = Schedule(settings())
    cases = [case(f"c{i}") for i in range(400)]
    middle = sorted(c.rank for c in cases)[200]
    schedule.offer(cases)
    schedule.set_threshold("text", middle)
    drawn = draw(schedule, 1000)
    assert len(drawn) == 199
    assert all(p.case.rank > middle for p in drawn)
    schedule.set_threshold("text", -1)
    assert len(draw(schedule, 1000, first=200)) == 201


def test_old_cases_are_not_traffic_any_more():
    """If it failed, a verdict would speak of last week's users."""
    schedule = Schedule(settings())
    schedule.offer([case("old", at=NOW - 25 * HOUR), case("new")])
    assert [p.case.snapshot_id for p in draw(schedule, 10)] == [hexed("new")]


def test_cases_that_cannot_be_replayed_or_are_quota_only_are_no_traffic():
    """If it failed, rare strata would weigh as much as everyday calls."""
    schedule = Schedule(settings())
    schedule.offer([case("lossy", replayable=False)])
    schedule.offer([case("rare", uniform=False, strata=("errors",))])
    lanes = [p.lane for p in draw(schedule, 10)]
    assert lanes == ["quota:errors"]


def test_a_quota_does_not_send_again_what_traffic_sent():
    """If it failed, a small shop's calls would all be replayed twice or thrice."""
    cases = [case(f"c{i}", strata=("route:00",)) for i in range(200)]
    schedule = Schedule(settings())
    schedule.offer(cases)
    drawn = draw(schedule, 1000)
    quota = sum(item.lane.startswith("quota:") for item in drawn)
    assert len(drawn) - quota == 200  # every unit once as traffic
    assert 5 < quota < 60  # and its share before that
    # A restart in the middle draws the same.
    again = Schedule(settings())
    again.resume(DrawnUnits(), drawn[:120])
    again.offer(cases)
    assert draw(again, 1000, first=120) == drawn[120:]


def test_a_restart_draws_on_where_the_plan_ends():
    """If it failed, a crash would replay a session twice in one epoch."""
    cases = [case(f"c{i}") for i in range(300)]
    whole = Schedule(settings())
    whole.offer(cases)
    all_drawn = draw(whole, 300)
    first = Schedule(settings())
    first.offer(cases)
    before = draw(first, 120)
    second = Schedule(settings())
    second.resume(DrawnUnits(), before)
    second.offer(cases)
    after = draw(second, 300, first=120)
    assert before + after == all_drawn


def test_put_back_is_as_if_never_taken():
    """If it failed, a spent budget would cost cases."""
    schedule = Schedule(settings())
    schedule.offer(case(f"c{i}") for i in range(5))
    first = schedule.take(0, NOW)
    schedule.put_back(first)
    assert schedule.take(0, NOW) == first


def test_order_and_second_control_are_drawn_fairly():
    """If it failed, one arm would always meet the warm cache."""
    schedule = Schedule(settings())
    schedule.offer(case(f"c{i}") for i in range(4000))
    drawn = draw(schedule, 4000)
    first = sum(p.canary_first for p in drawn) / 4000
    twice = sum(p.second_control for p in drawn) / 4000
    assert abs(first - 0.5) < 0.04
    assert abs(twice - 0.05) < 0.015


def test_a_session_of_two_modalities_is_drawn_in_one():
    """If it failed, one session would stand in two streams of one epoch."""
    schedule = Schedule(settings())
    for i in range(60):
        schedule.offer([case(f"t{i}", unit=f"u{i}")])
        schedule.offer([case(f"i{i}", unit=f"u{i}", modality="image")])
    drawn = draw(schedule, 1000)
    assert sorted(p.case.unit for p in drawn) == sorted(f"u{i}" for i in range(60))
    images = sum(p.case.modality == "image" for p in drawn)
    assert 15 < images < 45


def test_held_cases_are_bounded():
    """If it failed, a busy week would fill the memory."""
    schedule = Schedule(settings(case_limit=1000))
    schedule.offer(case(f"c{i}", at=NOW - i) for i in range(3000))
    assert len(draw(schedule, 5000)) <= 1000


def test_pins_have_a_share_of_their_own():
    """If it failed, a pinned suite would never be replayed, or crowd traffic out."""
    schedule = Schedule(settings(pin_share=0.1))
    schedule.offer(case(f"c{i}") for i in range(2000))
    schedule.offer(case(f"p{i}", pin="release", uniform=False) for i in range(300))
    drawn = draw(schedule, 1000)
    pins = sum(p.lane == "pin:release" for p in drawn)
    assert 60 < pins < 140


def test_a_pinned_case_is_replayed_as_traffic_and_as_a_pin():
    """If it failed, pinning a case would take it out of one of the two."""
    schedule = Schedule(settings())
    schedule.offer([case("c"), case("c", pin="release", unit=hexed("c"))])
    assert sorted(p.lane for p in draw(schedule, 10)) == ["pin:release", TRAFFIC]


def test_a_closed_modality_is_passed_over():
    """If it failed, one modality's spent budget would stop all of them."""
    schedule = Schedule(settings())
    schedule.offer([case("t"), case("i", modality="image")])
    found = schedule.take(0, NOW, frozenset(), frozenset({"text"}))
    assert isinstance(found, Planned)
    assert found.case.modality == "image"
