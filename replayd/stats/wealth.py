"""Betting wealth against one claim, with bounds on its unevaluated change.

Working out log E takes tens of microseconds, and nearly every replay leaves it far
from its bar. One replay multiplies each bet's wealth by a factor that its bin fixes,
so between two looks the truth lies between bounds that cost an addition; the look is
taken when a bound reaches the bar. What is decided is the same as at every look.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from replayd.stats.betting import fixed_growth, log_e
from replayd.stats.bins import FloatArray

# Rounding of sums of float64 stays far below this.
SLACK = 1e-6


@lru_cache(maxsize=256)
def most_growth(theta: float, clip: float) -> tuple[float, ...]:
    """Return the most that a replay adds to log E_R, by its bin; at least 0.

    Against "the mean never fell below theta": what is not staked yet, and what is
    staked from now on, stays as it is.
    """
    growth = fixed_growth(theta, clip, below=True).max(axis=1)
    return tuple(np.maximum(growth, 0.0).tolist())


class Wealth:
    """Log wealth of each bet since the start of each block, for one claim.

    Kept block by block in one fixed order of additions, so that a restored fold
    equals the one that was never stopped, bit for bit.
    """

    def __init__(self, theta: float, clip: float, *, below: bool) -> None:
        self._growth = fixed_growth(theta, clip, below=below)  # (21, 16)
        self.most: list[float] = self._growth.max(axis=1).tolist()  # per bin
        self.least: list[float] = self._growth.min(axis=1).tolist()
        # Since each block's start, without the newest block.
        self._closed = np.zeros((0, self._growth.shape[1]))

    def open(self, full: Sequence[int]) -> None:
        """Open a block; `full` are the counts (21,) of the previous one, if any."""
        before = self._closed
        if len(before):
            before = before + self._newest(full)
        self._closed = np.vstack([before, np.zeros((1, self._growth.shape[1]))])

    def log_e_since(self, newest: Sequence[int]) -> FloatArray:
        """Return log E since the start of each block, shape (blocks,).

        `newest` are the counts (21,) of the newest block.
        """
        return log_e(self._closed + self._newest(newest))

    def _newest(self, counts: Sequence[int]) -> FloatArray:
        return np.asarray(counts, dtype=np.float64) @ self._growth


class Bounds:
    """Bounds on a log E since its last exact evaluation."""

    __slots__ = ("high", "low")

    def __init__(self, value: float) -> None:
        self.low = self.high = value

    def at_least(self, bar: float) -> bool:
        """Whether the value has certainly reached `bar`."""
        return self.low >= bar + SLACK

    def below(self, bar: float) -> bool:
        """Whether the value is certainly below `bar`."""
        return self.high < bar - SLACK
