import math
import tomllib
from pathlib import Path

import numpy as np
import pytest

from bench.calibrate.exact import false_alarm_chance
from replayd.stats.betting import growth_above, growth_below, log_e
from replayd.stats.errors import OutOfRangeError
from replayd.stats.evidence import Evidence
from replayd.stats.intervals import interval

GOLDEN = Path(__file__).parents[3] / "golden" / "stats"
WINDOWS = tomllib.loads((GOLDEN / "log_e.toml").read_text())["window"]
WALKS = tomllib.loads((GOLDEN / "exact_false_alarms.toml").read_text())["walk"]


def _window(case):
    counts = [0] * 21
    counts[0], counts[10], counts[20] = case["worse"], case["same"], case["better"]
    return Evidence(blocks=(tuple(counts),), last_number=sum(counts))


@pytest.mark.parametrize("case", WINDOWS, ids=lambda case: f"{case['worse']}-worse")
def test_evidence_equals_the_independent_value(case):
    """A wrong bet, prior or sum still looks plausible; these numbers do not bend."""
    window = _window(case)
    below, above = case["log_e_below_zero"], case["log_e_above_margin"]
    assert window.log_e_below(0.0) == pytest.approx(below, abs=1e-6)
    assert window.log_e_above(-0.03) == pytest.approx(above, abs=1e-6)


@pytest.mark.parametrize(
    "case",
    [case for case in WINDOWS if "interval" in case],
    ids=lambda case: f"{case['same']}-same",
)
def test_interval_equals_the_independent_value(case):
    """The interval shown would disagree with the verdict beside it."""
    shown = interval(_window(case), 0.05)
    assert (shown.low, shown.high) == pytest.approx(case["interval"], abs=5e-6)


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: f"{walk['discordant']}")
def test_false_alarms_equal_the_exact_chance(walk):
    """The promised error rate itself would be off."""
    rng = false_alarm_chance(walk["discordant"], walk["alpha"])
    assert rng == pytest.approx(walk["chance"], abs=1e-9)
    assert rng == pytest.approx(walk["rounded"], abs=5e-6)
    assert rng <= walk["alpha"]


def test_ten_million_replays_stay_finite():
    """A long epoch would end in NaN, which compares false: a silent green."""
    window = _window({"worse": 10**6, "same": 8 * 10**6, "better": 10**6})
    assert math.isfinite(window.log_e_below(-0.005))
    assert math.isfinite(window.log_e_above(-0.03))
    assert window.log_e_above(-0.03) > 1_000


def test_one_call_judges_many_runs():
    """Calibration would have to copy the arithmetic that it is to check."""
    counts = np.array([[[5, 90, 5], [9, 90, 1]], [[0, 99, 1], [3, 3, 3]]])
    growth = growth_below(-0.005)[[0, 10, 20]]
    many = log_e(counts @ growth)
    assert many.shape == (2, 2)
    alone = _window({"worse": 9, "same": 90, "better": 1}).log_e_below(-0.005)
    assert many[0, 1] == pytest.approx(alone, abs=1e-12)


@pytest.mark.parametrize("growth", [growth_below, growth_above])
@pytest.mark.parametrize(
    ("theta", "clip", "name"),
    [
        (1.0, 1.0, "theta"),
        (-1.0, 1.0, "theta"),
        (0.5, 0.5, "theta"),
        (math.nan, 1.0, "theta"),
        (0.0, 0.0, "clip"),
        (0.0, 1.5, "clip"),
        (0.0, math.nan, "clip"),
    ],
)
def test_impossible_claims_are_refused(growth, theta, clip, name):
    """Outside the range a bet can go bankrupt or win for sure."""
    with pytest.raises(OutOfRangeError) as caught:
        growth(theta, clip)
    assert caught.value.name == name
