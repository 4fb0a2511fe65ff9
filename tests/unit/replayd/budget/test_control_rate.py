"""The control's rate: caps, spread, floor, backoff."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replayd.budget.control_rate import ControlRate, remaining_share
from replayd.budget.limits import NS
from replayd.config import ControlRateConfig

HOUR = 3600 * NS
START = 1_800_000_000 * NS


def control(*, floor_per_hour=0.0, **more):
    config = ControlRateConfig(floor_per_hour=floor_per_hour, **more)
    rate = ControlRate(config, 24 * 3600.0)
    rate.observed(1_000_000)
    return rate


def test_the_control_is_asked_no_more_than_per_minute():
    """If it failed, replays would take production's quota away."""
    rate = control(per_minute=3.0)
    sent = []
    for now in range(START, START + 120 * NS, NS):
        if rate.allowed_at_ns(now) == now:
            rate.sent(now)
            sent.append(now)
    for at in sent:
        assert sum(at <= other < at + 60 * NS for other in sent) <= 3
    assert len(sent) == 6


def test_the_control_is_asked_no_more_than_a_share_of_production():
    """If it failed, a quiet service would be asked more by us than by its users."""
    rate = control(per_minute=1e6, share_of_production=0.02)
    rate.observed(100)
    assert rate.allowed_at_ns(START) == START
    rate.sent(START)
    rate.sent(START)
    assert rate.allowed_at_ns(START) > START
    rate.observed(200)
    assert rate.allowed_at_ns(START) == START


def test_without_traffic_and_floor_the_control_waits_for_some():
    """If it failed, an operator without a floor would be asked more than the share."""
    rate = control()
    rate.observed(0)
    assert rate.allowed_at_ns(START) is None


def test_a_pair_with_a_second_control_fits_a_cap_of_one():
    """If it failed, such a pair would wait for ever."""
    rate = control(per_minute=1.0)
    assert rate.allowed_at_ns(START, 2) == START


def test_a_request_that_was_never_sent_does_not_count():
    """If it failed, cases that are gone would use up the control's cap."""
    rate = control(per_minute=120.0, share_of_production=2e-6)  # of a million: two
    rate.sent(START)
    rate.sent(START + NS)
    assert rate.allowed_at_ns(START + 2 * NS) != START + 2 * NS
    rate.unsent(START)
    assert rate.allowed_at_ns(START + 2 * NS) == START + 2 * NS
    rate.sent(START + 2 * NS)
    # What was sent a second later still counts.
    assert rate.allowed_at_ns(START + 60 * NS) != START + 60 * NS


def test_it_eases_off_while_quota_is_low_and_comes_back():
    """If it failed, replays would push production into 429 before noticing."""
    rate = control(per_minute=100.0)
    low = {
        "x-ratelimit-remaining-requests": "5",
        "x-ratelimit-limit-requests": "100",
    }
    for _ in range(10):
        rate.learnt(low, 0.1)
    assert rate.per_minute == pytest.approx(5.0)
    for _ in range(100):
        rate.learnt({}, 0.1)
    assert rate.per_minute == 100.0


def test_it_eases_off_while_latency_rises():
    """If it failed, a struggling production model would get our load on top."""
    rate = control(per_minute=100.0)
    for _ in range(50):
        rate.learnt({}, 0.1)
    for _ in range(10):
        rate.learnt({}, 1.0)
    assert rate.per_minute < 50.0


def test_remaining_share_reads_the_scarcest_quota():
    """If it failed, tokens could run out while requests look plenty."""
    headers = {
        "x-ratelimit-remaining-requests": "90",
        "x-ratelimit-limit-requests": "100",
        "anthropic-ratelimit-tokens-remaining": "10",
        "anthropic-ratelimit-tokens-limit": "1000",
    }
    assert remaining_share(headers) == 0.01
    assert remaining_share({"x-ratelimit-remaining-requests": "soon"}) == 1.0


def send_all(rate, start_ns, until_ns):
    """Ask for a call whenever one is allowed; return when they went."""
    sent, now = [], start_ns
    while now < until_ns:
        at = rate.allowed_at_ns(now)
        if at is None:
            break
        now = max(at, now)
        if at <= now < until_ns:
            rate.sent(now)
            sent.append(now)
    return sent


def test_calls_are_spread_over_the_minute():
    """If it failed, production would get a minute's replays in its first second."""
    sent = send_all(control(per_minute=60.0), START, START + 120 * NS)
    assert len(sent) == pytest.approx(120, abs=3)
    for begin in range(START, START + 110 * NS, NS):
        assert sum(begin <= at < begin + 10 * NS for at in sent) <= 12


def test_a_small_service_is_asked_up_to_the_floor():
    """If it failed, two percent of a small team's calls would take weeks to judge."""
    rate = control(floor_per_hour=240.0)
    rate.observed(20)
    sent = send_all(rate, START, START + 2 * HOUR)
    assert len(sent) == pytest.approx(120 + 2 * 240, abs=3)
    # Half an hour's worth comes soon, so that a first verdict does.
    assert sum(at < START + 300 * NS for at in sent) >= 120
    for begin in sent[::25]:
        assert sum(begin <= at < begin + HOUR for at in sent) <= 361


def test_imported_calls_are_replayed_without_live_traffic():
    """If it failed, an import alone would never be judged, without a word."""
    rate = control(floor_per_hour=240.0)
    rate.observed(0)
    assert rate.allowed_at_ns(START) == START


def test_the_floor_adds_nothing_where_the_share_is_larger():
    """If it failed, a large service would be asked its share and the floor on top."""
    rate = control(floor_per_hour=240.0, per_minute=1e5)
    rate.observed(20_000)  # of which 2 % are 400
    assert len(send_all(rate, START, START + 600 * NS)) <= 401


@given(st.lists(st.tuples(st.integers(0, 900), st.booleans()), max_size=80))
def test_no_order_of_calls_passes_the_floor_or_the_minute(steps):
    """If it failed, some pattern of pauses and returned turns would break a cap."""
    rate, now, sent = control(floor_per_hour=60.0, per_minute=10.0), START, []
    rate.observed(0)
    for seconds, gives_back in steps:
        now += seconds * NS
        at = rate.allowed_at_ns(now)
        if at is not None and at <= now:
            rate.sent(now)
            if gives_back:
                rate.unsent(now)
            else:
                sent.append(now)
    for begin in sent:
        assert sum(begin <= at < begin + HOUR for at in sent) <= 91
        assert sum(begin <= at < begin + 60 * NS for at in sent) <= 10


def test_a_lowered_cap_says_why():
    """If it failed, a cap would fall from 60 to 3 a minute without a word."""
    rate = control(per_minute=60.0)
    assert rate.slowed is None
    rate.learnt(
        {"x-ratelimit-remaining-tokens": "1", "x-ratelimit-limit-tokens": "10"}, 0.1
    )
    assert rate.slowed is not None
    assert rate.slowed.per_minute == 30.0
    assert rate.slowed.why == "10% of the endpoint's quota are left"


def test_a_run_of_slow_kinds_is_no_slowness():
    """If it failed, ten pictures after fifty texts would halve the control's cap."""
    rate = control(per_minute=100.0)
    for _ in range(50):
        rate.learnt({}, 0.1, "text")
        rate.learnt({}, 3.0, "image")
    for _ in range(10):
        rate.learnt({}, 3.0, "image")
    assert rate.slowed is None


def test_milliseconds_more_are_no_slowness():
    """If it failed, a busy machine beside a fast model would lower the cap to 3."""
    rate = control(per_minute=60.0)
    for _ in range(50):
        rate.learnt({}, 0.015, "text")
    for _ in range(20):
        rate.learnt({}, 0.1, "text")
    assert rate.slowed is None


@pytest.mark.parametrize("per_minute", [2.0, 30.0, 600.0])
@pytest.mark.parametrize("share", [0.0, 3e-5, 1.0])
@pytest.mark.parametrize("floor", [0.0, 240.0])
@pytest.mark.parametrize("before", [0, 5, 200])
def test_room_is_what_can_be_sent_within_the_time(per_minute, share, floor, before):
    """Too much: a crash would cost more than was sent. Too little: pairs would wait."""
    rate = control(
        per_minute=per_minute, share_of_production=share, floor_per_hour=floor
    )
    now = send_up_to(rate, START, before)
    within, enough = 10 * NS, 50
    room = rate.room(now, within, enough)
    sent, at_ns = 0, now
    while sent < enough:
        due_ns = rate.allowed_at_ns(at_ns)
        if due_ns is None or due_ns > now + within:
            break
        at_ns = max(due_ns, at_ns)
        rate.sent(at_ns)
        sent += 1
    assert abs(room - sent) <= 1


def send_up_to(rate, at_ns, calls):
    """Send so many calls as soon as they are allowed; return the time of the last."""
    for _ in range(calls):
        due_ns = rate.allowed_at_ns(at_ns)
        if due_ns is None:
            return at_ns
        at_ns = max(due_ns, at_ns)
        rate.sent(at_ns)
    return at_ns
