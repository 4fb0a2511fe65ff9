"""What every sequential test promises, on each that the product offers."""

import math

import numpy as np
import pytest

from replayd.stats import Evidence, OutOfRangeError, log_threshold, new_evidence

ALPHA = 0.05
TESTS = {
    "below": (Evidence.log_e_below, -1),
    "above": (Evidence.log_e_above, 1),
    "regression": (Evidence.log_e_regression, -1),
}
each_test = pytest.mark.parametrize(("log_e", "finds"), TESTS.values(), ids=TESTS)


def _of(differences):
    evidence = new_evidence()
    for number, difference in enumerate(differences):
        evidence = evidence.add(float(difference), number=number)
    return evidence


@each_test
def test_false_alarms_stay_below_alpha_at_every_look(log_e, finds):
    """Peeking would raise alarms that nobody caused."""
    rng = np.random.default_rng(20)
    runs, alarms = 120, 0
    for _ in range(runs):
        evidence = new_evidence()
        pairs = rng.choice([-1.0, 0.0, 1.0], size=220, p=[0.1, 0.8, 0.1])
        for number, difference in enumerate(pairs):
            evidence = evidence.add(float(difference), number=number)
            if difference and log_e(evidence, 0.0) >= log_threshold(ALPHA):
                alarms += 1
                break
    assert alarms <= runs * ALPHA


@each_test
def test_a_real_change_is_found(log_e, finds):
    """A test that never speaks keeps every promise and is of no use."""
    assert log_e(_of([finds, 0, 0, 0] * 60), 0.0) > log_threshold(1e-6)


@each_test
def test_the_opposite_change_is_not_evidence(log_e, finds):
    """An improvement would be reported as a regression."""
    assert log_e(_of([-finds, 0, 0, 0] * 60), 0.0) < 0.0


@each_test
def test_order_of_equal_inputs_does_not_matter(log_e, finds):
    """The verdict would depend on which of two answers came first."""
    pairs = [-1, 0, 0, 1, 0, 0.4, -0.3, 0] * 12
    assert log_e(_of(pairs), -0.01) == log_e(_of(sorted(pairs)), -0.01)


@each_test
def test_no_data_is_no_evidence(log_e, finds):
    """An empty stream would lean to one side."""
    assert log_e(new_evidence(), -0.005) == pytest.approx(0.0, abs=1e-12)


@each_test
@pytest.mark.parametrize("theta", [-1.0, 1.0, 1.2, math.nan])
def test_impossible_claims_are_refused(log_e, finds, theta):
    """Nonsense would come back as a number."""
    for evidence in (new_evidence(), _of([0, 1])):
        with pytest.raises(OutOfRangeError):
            log_e(evidence, theta)


@pytest.mark.parametrize("difference", [math.nan, -1.01, math.inf])
def test_scores_out_of_range_are_refused(difference):
    """The promise covers differences in [-1, 1] only."""
    with pytest.raises(OutOfRangeError):
        new_evidence().add(difference, number=0)
