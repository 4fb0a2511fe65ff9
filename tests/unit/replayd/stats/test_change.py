"""A change of a stream of paired differences, against what is promised of it."""

import math

import numpy as np
import pytest

from replayd.stats import DamagedStateError, OutOfOrderError, OutOfRangeError
from replayd.stats.change import (
    ChangeDetector,
    ChangeState,
    growth,
    log_mean,
    starts,
    step,
)


def fed(differences, run_length=1000.0, state=None, first=0):
    """Return a detector that took these differences."""
    detector = ChangeDetector(run_length, state)
    for number, difference in enumerate(differences, start=first):
        detector.add(difference, number=number)
    return detector


def test_the_sums_are_those_of_bets_started_at_every_pair():
    """The run length would be that of another statistic than the cited one."""
    differences = [0.0, -1.0, 0.0, 1.0, -0.5]
    detector = fed(differences)
    grown = growth()
    bins = [10, 0, 10, 20, 5]
    expected = -math.inf
    for start in range(len(bins)):
        wealth = sum(grown[at] for at in bins[start:])
        expected = np.logaddexp(expected, wealth)
    assert detector.log_evidence == pytest.approx(float(log_mean(expected)))


def test_an_unchanged_stream_keeps_the_run_length():
    """False alarms would come more often than once in the promised number of pairs."""
    rng = np.random.default_rng(5)
    run_length, runs, horizon = 100.0, 400, 4000
    sums = np.full((runs, 32), -np.inf)
    ended = np.full(runs, float(horizon))
    going = np.ones(runs, dtype=bool)
    for pair in range(horizon):
        bins = rng.choice([0, 10, 20], size=runs, p=[0.05, 0.9, 0.05])
        sums = step(sums, growth()[bins])
        alarms = (log_mean(sums) >= math.log(run_length)) & going
        ended[alarms] = pair + 1
        going &= ~alarms
    assert ended.mean() >= run_length


def test_a_change_is_found_with_its_start():
    """Nobody would know on which day the provider changed the model."""
    rng = np.random.default_rng(3)
    calm = rng.choice([-1.0, 0.0, 1.0], size=300, p=[0.03, 0.94, 0.03])
    worse = rng.choice([-1.0, 0.0, 1.0], size=300, p=[0.25, 0.72, 0.03])
    change = fed([*calm, *worse], run_length=10_000).change
    assert change.direction == "worse"
    assert 300 < change.raised_at < 400
    assert change.start_low <= 300 <= change.start_high
    assert change.start_low <= change.start <= change.start_high < change.raised_at
    assert -0.4 < change.difference < -0.1


def test_a_change_to_the_better_is_one_too():
    """A model that was swapped for a better one would go unnoticed."""
    change = fed([1.0, 0.0, 0.0] * 200, run_length=10_000).change
    assert change.direction == "better"


def test_a_restored_detector_goes_on_as_if_never_stopped():
    """A restart would lose or repeat evidence."""
    differences = [(-1.0, 0.0, 0.0, 0.3)[n % 4] for n in range(60)]
    whole = fed(differences)
    half = fed(differences[:30])
    again = fed(differences[30:], state=half.state, first=30)
    assert again.state == whole.state


@pytest.mark.parametrize(
    "state",
    [
        ChangeState(pairs=3),
        ChangeState(pairs=1, log_sums=(0.0,) * 32, recent=b"\x00\x00"),
        ChangeState(pairs=1, log_sums=(0.0,) * 32, recent=bytes([99])),
    ],
)
def test_a_damaged_state_is_refused(state):
    """An alarm would be raised, or missed, by what no pairs ever said."""
    with pytest.raises(DamagedStateError):
        ChangeDetector(100.0, state)


def test_pairs_out_of_order_or_range_change_nothing():
    """Evidence would depend on which answer came back sooner."""
    detector = fed([0.0, 0.0])
    before = detector.state
    with pytest.raises(OutOfOrderError):
        detector.add(0.0, number=1)
    with pytest.raises(OutOfRangeError):
        detector.add(math.nan, number=2)
    with pytest.raises(OutOfRangeError):
        ChangeDetector(0.5)
    assert detector.state == before


def test_the_likeliest_start_is_where_the_drop_begins():
    """The page would name the wrong day."""
    bins = np.array([10] * 50 + [0] * 20, dtype=np.uint8)
    best, low, high = starts(bins)
    assert best == 50
    assert low <= 50 <= high
