import math
import random

import pytest

from replayd.stats.proportion import log_e_above, share_interval


def test_nothing_is_proven_of_nothing():
    """A row without a comparison would be verified, or lowered."""
    assert log_e_above(0, 0, 0.95) == pytest.approx(0.0)
    found = share_interval(0, 0, 0.01)
    assert (found.low, found.high) == (0.0, 1.0)


def test_evidence_grows_with_events_and_falls_with_their_absence():
    """A difference found would speak for equality."""
    assert log_e_above(120, 120, 0.95) > log_e_above(100, 100, 0.95) > 0
    assert log_e_above(119, 120, 0.95) < log_e_above(120, 120, 0.95)


def test_the_interval_holds_the_share_and_ends_at_the_bounds():
    """Doctor would show a range without the value in it, or beyond all shares."""
    for events, trials in [(0, 40), (20, 40), (40, 40), (511, 512)]:
        found = share_interval(events, trials, 0.01)
        assert 0 <= found.low <= events / trials <= found.high <= 1


@pytest.mark.parametrize("share", [0.005, 0.95])
def test_a_true_share_is_seldom_contradicted_however_often_one_looks(share):
    """The promised error rate would hold only for whoever looks once."""
    rng, wrong, runs = random.Random(7), 0, 300
    for _ in range(runs):
        events = 0
        for trials in range(1, 201):
            events += rng.random() < share
            if log_e_above(events, trials, share) >= math.log(1 / 0.1):
                wrong += 1
                break
    assert wrong / runs <= 0.1
