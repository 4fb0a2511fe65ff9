"""Confidence sequences: the means that the evidence does not rule out.

Both families of bets grow steadily with the claimed mean, so what is not ruled
out is an interval and bisection finds its ends. Valid at every look at once.

Source: Waudby-Smith and Ramdas (2024), theorem 3 (confidence sequences by
inverting bets); see `betting.py`.
"""

import math
from collections.abc import Callable

from msgspec import Struct

from replayd.stats.betting import growth_above, growth_below, log_e_of
from replayd.stats.errors import OutOfRangeError
from replayd.stats.evidence import Evidence
from replayd.stats.restarts import log_e_mixed, since

TOLERANCE = 1e-7  # of each end, outwards


class Interval(Struct, frozen=True):
    """Means not ruled out, `low <= high`, within [-clip, clip]."""

    low: float
    high: float


def log_threshold(alpha: float) -> float:
    """Return log(1 / alpha): evidence that a true claim reaches with chance alpha.

    Raises:
        OutOfRangeError: `alpha` is not in (0, 1).
    """
    if not 0.0 < alpha < 1.0:
        raise OutOfRangeError("alpha", alpha, "(0, 1)")
    return -math.log(alpha)


def interval(evidence: Evidence, alpha: float, from_block: int = 0) -> Interval:
    """Return the means since `from_block` not ruled out at `alpha`, half per side.

    Contains the sample mean of the window. For a window fixed in advance; a
    verdict's own interval is on its `StreamVerdict`.
    """
    threshold = log_threshold(alpha / 2)
    return Interval(
        low=lower_bound(evidence, threshold, from_block),
        high=upper_bound(evidence, threshold, from_block),
    )


def lower_bound(evidence: Evidence, threshold: float, from_block: int = 0) -> float:
    """Return the largest mean such that all below have log E >= `threshold`."""
    counts, clip = evidence.totals(from_block), evidence.clip

    def ruled_out(theta: float) -> bool:
        return float(log_e_of(counts, growth_above(theta, clip))) >= threshold

    return last_ruled_out(ruled_out, start=-clip, end=clip)


def upper_bound(evidence: Evidence, threshold: float, from_block: int = 0) -> float:
    """Return the smallest mean such that all above have log E >= `threshold`."""
    counts, clip = evidence.totals(from_block), evidence.clip

    def ruled_out(theta: float) -> bool:
        return float(log_e_of(counts, growth_below(theta, clip))) >= threshold

    return last_ruled_out(ruled_out, start=clip, end=-clip)


def upper_bound_mixed(evidence: Evidence, threshold: float) -> float:
    """Return the smallest mean such that all above have log E_R >= `threshold`.

    Below -eps exactly when the alarm against -eps is current.
    """
    if not evidence.blocks:
        return evidence.clip
    counts, clip = since(evidence.counts()), evidence.clip

    def ruled_out(theta: float) -> bool:
        return float(log_e_mixed(log_e_of(counts, growth_below(theta, clip)))) >= (
            threshold
        )

    return last_ruled_out(ruled_out, start=clip, end=-clip)


def last_ruled_out(
    ruled_out: Callable[[float], bool], start: float, end: float
) -> float:
    """Bisect from `start`, which may be ruled out, towards `end`, which is not."""
    out, kept = start, end
    while abs(kept - out) > TOLERANCE:
        middle = (out + kept) / 2
        if ruled_out(middle):
            out = middle
        else:
            kept = middle
    return out
