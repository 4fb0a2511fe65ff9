"""An outage is no regression, and a case that fails by itself is one.

Real code, led over endpoints that go away by a schedule; what is stood in for is the
network alone.
"""

import random
from math import comb

import pytest
from fakes.outages import WAYS, Outage, a_share, first_regressed, run
from msgspec.structs import replace

ALPHA = 0.05
LONG = (10.0, 30.0, 90.0)
FLAPPING = ((2, 2), (5, 5), (15, 3), (20, 20), (60, 60))


def flapping(gone, there, way, count=300):
    """Return outages that begin again and again."""
    starts = [10.0 + number * (gone + there) for number in range(count)]
    return [Outage(start, start + gone, way) for start in starts]


def drawn(rng, *, common):
    """Return a schedule for each arm; `common` ones strike both at once."""
    schedules = {"canary": [], "control": []}
    at = 0.0
    while at < 3000:
        at += rng.expovariate(1 / 40)
        length = rng.choice([0.5, 2, 5, 12, 30, 90]) * (0.5 + rng.random())
        struck = ["canary", "control"] if common else [rng.choice([*schedules])]
        way = rng.choice([*WAYS])
        for name in struck:
            schedules[name].append(Outage(at, at + length, way))
        at += length
    return schedules


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("side", ["canary", "control"])
def test_one_outage_of_a_healthy_arm_leaves_no_trace_in_the_evidence(way, side):
    """If it failed, every restart of a server would be a regression of its model."""
    for seconds in LONG:
        told = run(1, **{side: [Outage(5, 5 + seconds, way)]}, pairs=250)
        assert told.regressed_at is None
        assert told.fed >= 250
        assert not told.excluded
        for result in told.results:
            assert result.canary.outcome == result.control.outcome == "answered"
        expected = {
            "401": "misconfigured",
            "dns": "misconfigured",
            "429": "rate_limited",
        }.get(way, "unreachable")
        assert expected in told.states


@pytest.mark.parametrize("way", ["401", "dns", "503"])
def test_an_arm_that_never_answered_is_not_judged(way):
    """If it failed, a wrong key would be a regression after eleven pairs."""
    told = run(1, canary=[Outage(0, 1e9, way)], pairs=50, seconds=900.0)
    assert told.fed == 0
    assert told.shares["canary"] < 0.9
    # Somebody knocks now and then, and that is all.
    assert told.calls["canary"] < 200
    assert told.calls["control"] < 200


def test_a_canary_that_refuses_everything_is_set_up_wrong():
    """If it failed, a wrong model id would burn the budget and be called worse."""
    told = run(1, fails=a_share(1.0, "401"), pairs=50, seconds=600.0)
    assert told.fed == 0
    assert "misconfigured" in told.states


@pytest.mark.parametrize("way", ["reset", "hang"])
@pytest.mark.parametrize("cycle", FLAPPING, ids=str)
@pytest.mark.parametrize("in_flight", [1, 16])
def test_a_flapping_arm_is_found_by_availability_and_not_by_its_answers(
    way, cycle, in_flight
):
    """If it failed, an unstable node would be called a worse model."""
    outages = flapping(*cycle, way)
    told = run(2, canary=outages, pairs=250, in_flight=in_flight, seconds=6000.0)
    assert told.regressed_at is None


def test_ten_minutes_an_hour_are_below_the_limit():
    """If it failed, nobody would be told of a canary that is away every hour."""
    outage = [Outage(600, 1200, "503")]
    told = run(1, canary=outage, pairs=10**6, in_flight=1, seconds=3500.0)
    assert told.regressed_at is None
    assert told.shares["canary"] < 0.9
    assert told.shares["control"] == 1.0


def check_false_alarms(runs):
    """Random schedules of both kinds: no more alarms than alpha allows, by chance."""
    alarms = 0
    for seed in range(runs):
        rng = random.Random(seed)
        schedules = drawn(rng, common=seed % 2 == 0)
        way = run(seed, **schedules, pairs=250, in_flight=rng.choice([1, 4, 16, 64]))
        alarms += way.regressed_at is not None
    surprise = sum(
        comb(runs, k) * ALPHA**k * (1 - ALPHA) ** (runs - k)
        for k in range(alarms, runs + 1)
    )
    assert surprise > 0.001


def test_schedules_of_outages_raise_no_more_alarms_than_promised():
    """If it failed, the error rate would hold on calm days only."""
    check_false_alarms(12)


@pytest.mark.slow
def test_many_schedules_of_outages_raise_no_more_alarms_than_promised():
    """If it failed, the error rate would hold on calm days only."""
    check_false_alarms(150)


def check_found(told):
    """Compare with the same failures, each counted where it stood."""
    share = [r.canary.outcome != "answered" for r in told.results]
    counted = [
        replace(
            result,
            number=number,
            excluded="",
            streams={
                "answered": replace(
                    told.results[0].streams["answered"],
                    canary=float(not failed),
                    control=1.0,
                )
            },
        )
        for number, (result, failed) in enumerate(zip(told.results, share, strict=True))
    ]
    at_best = first_regressed(counted)
    assert at_best is not None
    assert told.regressed_at is not None
    assert told.regressed_at <= 1.2 * at_best


@pytest.mark.parametrize("way", ["503", "reset", "hang"])
@pytest.mark.parametrize("in_flight", [1, 16])
def test_a_tenth_that_fails_by_itself_is_found_as_fast_as_ever(way, in_flight):
    """If it failed, what crashes on certain images would hide behind availability."""
    for seed in (1, 2):
        told = run(seed, fails=a_share(0.1, way), pairs=260, in_flight=in_flight)
        check_found(told)
        assert told.excluded <= 0.02 * len(told.results)


def test_a_tenth_is_found_beside_an_outage_too():
    """If it failed, one outage would be an excuse for everything after it."""
    outage = [Outage(5, 40, "503")]
    told = run(3, canary=outage, fails=a_share(0.1), pairs=900)
    assert told.regressed_at is not None
