import math

import numpy as np
import pytest

from replayd.stats.bins import BINS, bin_of, bin_values, rounding_draw
from replayd.stats.errors import OutOfRangeError


@pytest.mark.parametrize(("difference", "at"), [(-1.0, 0), (0.0, 10), (1.0, 20)])
@pytest.mark.parametrize("draw", [0.0, 0.5, 1 - 2**-53])
def test_pass_and_fail_scores_are_never_moved(difference, at, draw):
    """Rounding would add noise to scores that need none."""
    assert bin_of(difference, draw) == at


@pytest.mark.parametrize("tenths", range(-10, 11))
def test_every_grid_value_stays_whatever_the_draw(tenths):
    """Float noise in 0.3 * 10 would push a grid value to its neighbour."""
    assert bin_of(tenths / 10, 0.0) == bin_of(tenths / 10, 1 - 2**-53) == tenths + 10


@pytest.mark.parametrize("clip", [1.0, 0.5])
@pytest.mark.parametrize("difference", [-0.97, -0.333, 0.0123, 0.26, 0.49])
def test_rounding_keeps_the_mean(difference, clip):
    """A biased rounding shifts every similarity score, and the verdict with it."""
    draws = (np.arange(20_000) + 0.5) / 20_000
    bins = [bin_of(difference, float(draw), clip) for draw in draws]
    wanted = max(-clip, min(clip, difference))
    assert bin_values(clip)[bins].mean() == pytest.approx(wanted, abs=1e-5)


def test_differences_beyond_the_clip_count_as_the_clip():
    """One wild similarity score would outweigh many pairs."""
    assert bin_of(-0.9, 0.3, clip=0.5) == 0
    assert bin_of(0.7, 0.3, clip=0.5) == BINS - 1


@pytest.mark.parametrize("difference", [math.nan, math.inf, -1.0001, 1.5])
def test_a_difference_out_of_range_is_refused(difference):
    """The promise covers [-1, 1] only; NaN would pass every comparison."""
    with pytest.raises(OutOfRangeError) as caught:
        bin_of(difference, 0.5)
    assert caught.value.name == "difference"


def test_draws_are_even_and_repeatable():
    """A skewed or changing draw biases scores or breaks a fold from the store."""
    draws = np.array([rounding_draw(number) for number in range(20_000)])
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    shares, _ = np.histogram(draws, bins=10, range=(0, 1))
    assert np.abs(shares / 2_000 - 1).max() < 0.1
    assert rounding_draw(7) == draws[7]
