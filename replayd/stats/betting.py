"""Testing by betting: log wealth for one window of paired differences.

A gambler who believes that the mean difference lies below theta bets against
"mean >= theta". If that claim is true, no betting scheme gains on average, so
the wealth E exceeds 1/alpha at some look with probability at most alpha,
however often one looks (Ville's inequality).

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables
by betting", JRSS-B 86 (2024), sections 3 and 4; constant bets mixed evenly
instead of adaptive ones, so that the order of the differences does not matter.

Functions take arrays with any leading shape, one stream or many runs alike.
"""

from functools import lru_cache

import numpy as np

from replayd.stats.bins import FloatArray, IntArray, bin_values
from replayd.stats.errors import OutOfRangeError

BETS = 16
# Fractions of the largest bet that cannot go bankrupt, kappa_j = (j - 1/2) / 16.
KAPPAS: FloatArray = (np.arange(1, BETS + 1) - 0.5) / BETS
LOG_BETS = float(np.log(BETS))


def check_theta(theta: float, clip: float) -> None:
    """Reject a claimed mean outside the range of clipped differences.

    Raises:
        OutOfRangeError: `theta` is NaN or outside (-clip, clip), or `clip` is
            outside (0, 1].
    """
    if not 0.0 < clip <= 1.0:
        raise OutOfRangeError("clip", clip, "(0, 1]")
    if not -clip < theta < clip:
        raise OutOfRangeError("theta", theta, f"({-clip}, {clip})")


def growth_below(theta: float, clip: float = 1.0) -> FloatArray:
    """Return log growth per bin and bet, shape (21, 16), against "mean >= theta".

    Rises with theta in every cell, so evidence does too and the thetas that are
    not rejected form an interval.
    """
    check_theta(theta, clip)
    scaled = (bin_values(clip) - theta) / (clip - theta)
    return np.log1p(-scaled[:, None] * KAPPAS)


def growth_above(theta: float, clip: float = 1.0) -> FloatArray:
    """Return log growth per bin and bet, shape (21, 16), against "mean <= theta"."""
    check_theta(theta, clip)
    scaled = (bin_values(clip) - theta) / (clip + theta)
    return np.log1p(scaled[:, None] * KAPPAS)


def log_sum_exp(values: FloatArray) -> FloatArray:
    """Return log(sum(exp(values))) over the last axis; finite input only."""
    top: FloatArray = np.asarray(values.max(axis=-1))
    rest: FloatArray = np.exp(values - top[..., None]).sum(axis=-1)
    return top + np.log(rest)


def log_e(log_wealth: FloatArray) -> FloatArray:
    """Return the log of the mean wealth of the 16 bets, shape (..., 16) to (...)."""
    return log_sum_exp(log_wealth) - LOG_BETS


def log_e_of(counts: IntArray, growth: FloatArray) -> FloatArray:
    """Return log E of each histogram, counts (..., bins), growth (bins, 16)."""
    return log_e(counts @ growth)


@lru_cache(maxsize=256)
def fixed_growth(theta: float, clip: float, *, below: bool) -> FloatArray:
    """Return `growth_below` or `growth_above`, computed once and read-only."""
    growth = (growth_below if below else growth_above)(theta, clip)
    growth.setflags(write=False)
    return growth
