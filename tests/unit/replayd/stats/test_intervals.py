import math

import pytest

from replayd.stats.errors import OutOfRangeError
from replayd.stats.evidence import new_evidence
from replayd.stats.intervals import (
    Interval,
    interval,
    log_threshold,
    lower_bound,
    upper_bound,
    upper_bound_mixed,
)


def _of(differences, clip=1.0):
    evidence = new_evidence(clip)
    for number, difference in enumerate(differences):
        evidence = evidence.add(difference, number=number)
    return evidence


def test_nothing_seen_rules_nothing_out():
    """An interval without data would look like knowledge."""
    empty = new_evidence(0.5)
    assert interval(empty, 0.05) == Interval(-0.5, 0.5)
    assert upper_bound_mixed(empty, 3.0) == 0.5


def test_ends_are_where_the_evidence_crosses():
    """Interval and verdict would contradict each other."""
    evidence = _of([-1, 0, 0, 0, 0, 0, 1, 0, 0, 0, -1, 0] * 40)
    threshold = log_threshold(0.01)
    low, high = lower_bound(evidence, threshold), upper_bound(evidence, threshold)
    assert evidence.log_e_above(low) >= threshold
    assert evidence.log_e_above(low + 1e-6) < threshold
    assert evidence.log_e_below(high) >= threshold
    assert evidence.log_e_below(high - 1e-6) < threshold
    mixed = upper_bound_mixed(evidence, threshold)
    assert evidence.log_e_regression(mixed) >= threshold
    assert evidence.log_e_regression(mixed - 1e-6) < threshold


def test_a_window_speaks_of_its_own_replays():
    """The recent window would show the whole epoch's difference."""
    evidence = _of([0] * 200 + [-1] * 100)
    assert interval(evidence, 0.05, from_block=2).high < -0.85
    assert interval(evidence, 0.05).high > -0.5


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 2.0, math.nan])
def test_an_impossible_alpha_is_refused(alpha):
    """A threshold of zero or below alarms at once, NaN never."""
    with pytest.raises(OutOfRangeError):
        log_threshold(alpha)
