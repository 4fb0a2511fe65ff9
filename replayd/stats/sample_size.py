"""Predicted number of replays until a verdict.

First the replay count at which evidence on its expected course reaches the
threshold; then the spread around it, as the first passage of a random walk with
the drift and variance of the best bet (an inverse Gaussian law).

Source: Wald, "On cumulative sums of random variables", Ann. Math. Stat. 15
(1944), section 4 (first passage). In `bench/calibrate` the 90 % figures come
within a tenth of what is simulated, the medians up to a fifth above it; at half
a percent of discordance both err up to a seventh on the high side.
"""

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np
from msgspec import Struct

from replayd.stats.betting import growth_above, growth_below, log_e
from replayd.stats.bins import BINS, ZERO_BIN, FloatArray
from replayd.stats.errors import OutOfRangeError
from replayd.stats.intervals import log_threshold
from replayd.stats.restarts import FIRST_SHARE

LARGEST_PLAN_REPLAYS = 10_000_000  # beyond this a plan says "never"
DROPS = (0.03, 0.05, 0.10)  # the drops that a plan speaks of
DROP_STEPS = 1000  # in which the smallest drop is looked for
LARGEST_EXPONENT = 600.0  # exp beyond this leaves the floats


class ReplaysNeeded(Struct, frozen=True):
    """Replays until a verdict: in 50 % and in 90 % of all runs."""

    median: int
    p90: int


class Plan(Struct, frozen=True, kw_only=True):
    """Replays that one stream needs; None if 10 million replays do not suffice."""

    discordance: float  # assumed: share of pairs that differ without a change
    margin: float
    to_pass: ReplaysNeeded | None  # if the canary is as good as the control
    to_find: dict[str, ReplaysNeeded | None]  # by drop, "0.03", "0.05", "0.10"


def plan(
    *,
    discordance: float,
    margin: float,
    eps: float,
    alpha_regression: float,
    alpha_pass: float,
    clip: float = 1.0,
) -> Plan:
    """Return the replays that one stream needs, for `snaptrace plan`.

    `discordance` is the mean squared A/A difference, in [0, clip^2]; best taken
    from the noise stream of the previous epoch.

    Raises:
        OutOfRangeError: an argument outside its range.
    """
    return Plan(
        discordance=discordance,
        margin=margin,
        to_pass=replays_to_pass(discordance, margin, alpha_pass, clip),
        to_find={
            f"{drop:.2f}": replays_to_find(
                drop, discordance, eps, alpha_regression, clip
            )
            for drop in DROPS
            if drop < clip
        },
    )


def replays_to_pass(
    discordance: float, margin: float, alpha_pass: float, clip: float = 1.0
) -> ReplaysNeeded | None:
    """Return the replays until `pass` if nothing has changed."""
    half = _share_unequal(discordance, clip) / 2
    return _first_passage(
        _three_points(half, half), _key(-margin, clip), clip, alpha_pass, "above"
    )


def replays_to_find(
    drop: float,
    discordance: float,
    eps: float,
    alpha_regression: float,
    clip: float = 1.0,
) -> ReplaysNeeded | None:
    """Return the replays until `regressed` if the mean fell by `drop`.

    The drop comes on top of the usual discordance, as worse pairs.
    """
    if not 0.0 < drop <= clip:
        raise OutOfRangeError("drop", drop, f"(0, {clip}]")
    half = _share_unequal(discordance, clip) / 2
    worse = min(half + drop / clip, 1.0 - half)
    return _first_passage(
        _three_points(worse, half), _key(-eps, clip), clip, alpha_regression, "below"
    )


def smallest_found(
    replays: int,
    discordance: float,
    eps: float,
    alpha_regression: float,
    clip: float = 1.0,
) -> float | None:
    """Return the smallest drop that `replays` would have found nine times in ten.

    In steps of .001, rounded up; None if no drop would have been found.
    """
    # Two digits of either are enough, and let nearly every question be a cached one.
    digits = max(len(str(replays)) - 2, 0)
    replays = replays // 10**digits * 10**digits
    square = clip * clip
    rounded = min(math.ceil(discordance * 200) / 200, square)
    return _smallest_found(replays, rounded, eps, alpha_regression, clip)


@lru_cache(maxsize=4096)
def _smallest_found(
    replays: int, discordance: float, eps: float, alpha: float, clip: float
) -> float | None:
    def found(steps: int) -> bool:
        drop = min(steps / DROP_STEPS, clip)
        needed = replays_to_find(drop, discordance, eps, alpha, clip)
        return needed is not None and needed.p90 <= replays

    low, high = math.floor(eps * DROP_STEPS), math.ceil(clip * DROP_STEPS)
    if not found(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return min(high / DROP_STEPS, clip)


def _key(theta: float, clip: float) -> float:
    """Round, so that nearly equal questions share a cached answer."""
    growth_below(theta, clip)  # Refuses what is out of range.
    return round(theta, 6)


def _share_unequal(discordance: float, clip: float) -> float:
    """Return the share of +-clip pairs with this mean square, on a grid of .0001."""
    if not 0.0 <= discordance <= clip * clip + 1e-12:
        raise OutOfRangeError("discordance", discordance, f"[0, {clip * clip}]")
    return round(min(discordance / clip**2, 1.0), 4)


def _three_points(worse: float, better: float) -> tuple[float, float]:
    return round(worse, 6), round(better, 6)


@lru_cache(maxsize=4096)
def _first_passage(
    shares: tuple[float, float],
    theta: float,
    clip: float,
    alpha: float,
    side: Literal["below", "above"],
) -> ReplaysNeeded | None:
    worse, better = shares
    pairs = np.zeros(BINS)
    pairs[0], pairs[ZERO_BIN], pairs[-1] = worse, 1.0 - worse - better, better
    growth = (growth_below if side == "below" else growth_above)(theta, clip)
    needed = log_threshold(alpha) - math.log(FIRST_SHARE)
    rates = pairs @ growth
    mean = _expected_course(rates, needed)
    if mean is None:
        return None
    best = int(np.argmax(rates))
    variance = float(pairs @ (growth[:, best] - rates[best]) ** 2)
    reached = float(rates[best]) * mean
    shape = reached * reached / variance if variance > 0 else math.inf
    return ReplaysNeeded(
        median=math.ceil(_quantile(mean, shape, 0.5)),
        p90=math.ceil(_quantile(mean, shape, 0.9)),
    )


def _expected_course(rates: FloatArray, needed: float) -> float | None:
    """Return the replays at which expected wealth reaches `needed`, or None."""

    def reached(replays: float) -> bool:
        return float(log_e(replays * rates)) >= needed

    if not reached(LARGEST_PLAN_REPLAYS):
        return None
    low, high = 0.0, float(LARGEST_PLAN_REPLAYS)
    while high - low > 0.01 * (1.0 + low):
        middle = math.sqrt((1.0 + low) * (1.0 + high)) - 1.0
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _quantile(mean: float, shape: float, share: float) -> float:
    """Return a quantile of the inverse Gaussian law, by bisection."""
    if math.isinf(shape):
        return mean
    low, high = 0.0, 50.0 * mean
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        below = _passed_by(middle, mean, shape) < share
        low, high = (middle, high) if below else (low, middle)
    return high


def _passed_by(replays: float, mean: float, shape: float) -> float:
    """Return the inverse Gaussian distribution function at `replays` > 0."""
    normal = NormalDist()
    root = math.sqrt(shape / replays)
    passed = normal.cdf(root * (replays / mean - 1.0))
    exponent = 2.0 * shape / mean
    if exponent < LARGEST_EXPONENT:
        passed += math.exp(exponent) * normal.cdf(-root * (replays / mean + 1.0))
    return passed
