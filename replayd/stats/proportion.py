"""Anytime-valid statements on the share of an event, from counts alone.

An event is a paired difference of +1, its absence one of -1, so the bets of
`betting.py` apply at full size and the order of the events does not matter.
"""

import numpy as np

from replayd.stats.betting import fixed_growth, growth_above, growth_below, log_e_of
from replayd.stats.bins import BINS, IntArray
from replayd.stats.intervals import Interval, last_ruled_out, log_threshold


def log_e_above(events: int, trials: int, share: float) -> float:
    """Return log evidence against "the event's share is at most `share`".

    Raises:
        OutOfRangeError: `share` is not in (0, 1).
    """
    growth = fixed_growth(2.0 * share - 1.0, 1.0, below=False)
    return float(log_e_of(_counts(events, trials), growth))


def share_interval(events: int, trials: int, alpha: float) -> Interval:
    """Return the shares not ruled out at `alpha`, half per side; [0, 1] of nothing."""
    counts, threshold = _counts(events, trials), log_threshold(alpha / 2)

    def too_low(theta: float) -> bool:
        return float(log_e_of(counts, growth_above(theta))) >= threshold

    def too_high(theta: float) -> bool:
        return float(log_e_of(counts, growth_below(theta))) >= threshold

    low = last_ruled_out(too_low, start=-1.0, end=1.0)
    high = last_ruled_out(too_high, start=1.0, end=-1.0)
    return Interval(low=max((low + 1) / 2, 0.0), high=min((high + 1) / 2, 1.0))


def _counts(events: int, trials: int) -> IntArray:
    counts = np.zeros(BINS, dtype=np.int64)
    counts[0], counts[-1] = trials - events, events
    return counts
