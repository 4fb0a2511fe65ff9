"""How many calls an endpoint may have in flight, and when it is left alone."""

import random

from replayd.arms.concurrency_limit import (
    AWAY_IN_A_ROW,
    LONGEST_OBEYED_SECONDS,
    START_LIMIT,
    ConcurrencyLimit,
)


def throttle(most=1000):
    return ConcurrencyLimit(most, random.Random(1))


def round_of(found, now, sign="good", latency=0.3, **more):
    """Fill the limit and end every call; return how many there were."""
    calls = 0
    while found.opens_at(now) <= now:
        found.started()
        calls += 1
    for _ in range(calls):
        found.ended(now, sign, latency_seconds=latency, **more)
    return calls


def test_it_doubles_until_the_first_push_back_then_adds():
    """If it failed, a thousand calls in flight would never be reached, or overshot."""
    found = throttle(100)
    sizes = [round_of(found, float(now)) for now in range(4)]
    assert sizes == [8, 16, 32, 64]
    round_of(found, 10.0, "slow_down")
    assert found.state(11.0).limit == 50
    round_of(found, 12.0)
    assert found.state(12.0).limit == 51


def test_it_grows_call_by_call_and_not_in_bursts():
    """If it failed, a doubled limit would start hundreds of connections at once."""
    found = throttle()
    while found.state(0.0).limit < 500:
        before = found.state(0.0).limit
        found.started()
        found.ended(0.0, "good", latency_seconds=0.3)
        assert found.state(0.0).limit == before + 1


def test_many_push_backs_of_one_round_are_one_signal():
    """If it failed, one burst of 429 would stop an endpoint altogether."""
    found = throttle()
    for now in range(3):
        round_of(found, float(now))
    before = found.state(5.0).limit
    round_of(found, 5.0, "slow_down")
    assert found.state(5.0).limit == before // 2


def test_a_limit_never_falls_below_one():
    """If it failed, an endpoint would never be asked again."""
    found = throttle()
    for now in range(50):
        round_of(found, float(now), "slow_down")
    assert found.state(60.0).limit == 1


def test_retry_after_is_obeyed_and_bounded():
    """If it failed, a server that asks for quiet would be asked on, or for ever not."""
    found = throttle()
    round_of(found, 0.0, "slow_down", retry_after_seconds=30.0)
    assert found.opens_at(1.0) == 30.0
    assert found.opens_at(30.0) == 30.0
    round_of(found, 40.0, "slow_down", retry_after_seconds=1e9)
    assert found.opens_at(41.0) == 40.0 + LONGEST_OBEYED_SECONDS


def test_the_breaker_opens_and_lets_one_knock_at_a_time():
    """If it failed, a dead server would be hammered, or never found alive again."""
    found = throttle()
    for _ in range(AWAY_IN_A_ROW):
        found.started()
        found.ended(0.0, "away")
    assert found.state(0.0).broken
    opens = found.opens_at(0.0)
    assert 0.5 <= opens <= 1.0
    found.started()
    assert found.opens_at(opens) == float("inf")
    found.ended(opens, "away")
    again = found.opens_at(opens)
    assert again > opens
    found.started()
    found.ended(again, "good", latency_seconds=0.1)
    assert not found.state(again).broken


def test_rising_latency_is_a_push_back():
    """If it failed, a slow server would be loaded until it says 429."""
    found = throttle(64)
    for now in range(40):
        round_of(found, float(now), latency=0.1)
    assert found.state(50.0).limit == 64
    round_of(found, 50.0, latency=3.0)
    assert found.state(50.0).limit < 64


def test_it_starts_small():
    """If it failed, a replayd that starts would burst on production's model."""
    assert round_of(throttle(), 0.0) == int(START_LIMIT)
