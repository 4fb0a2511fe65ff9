"""Change detection in a stream of paired differences, with a stated run length.

Each answer of today is paired with an earlier one to the same case. While the model is
unchanged the mean difference is zero whatever the case, so a bet against it gains
nothing on average. Every pair starts the bets once more, and their wealths are summed:
the sum exceeds the number of pairs by nothing on average, so before it reaches N there
are N pairs or more on average (the run length to a false alarm). After a change it
grows as the bets started there do.

Source: Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential
change detection", NEJSDS 2 (2024), section 3 (the Shiryaev-Roberts e-detector), with
the bets of `betting.py`, mixed over both directions by fixed weights.
"""

import math
from typing import Literal

import numpy as np
from msgspec import Struct

from replayd.stats.betting import BETS, KAPPAS, fixed_growth, log_sum_exp
from replayd.stats.bins import (
    BINS,
    ZERO_BIN,
    FloatArray,
    bin_of,
    bin_values,
    rounding_draw,
)
from replayd.stats.errors import DamagedStateError, OutOfOrderError, OutOfRangeError

Direction = Literal["worse", "better"]
DIRECTIONS: tuple[Direction, ...] = ("worse", "better")
WORSE_SHARE = 0.75  # of the bets' weight; the rest looks for a change to the better
KEPT_PAIRS = 5_000  # the newest, by which the start of a change is found
START_SHARE = 0.9  # of the probability that the shown starts hold


class Change(Struct, frozen=True, kw_only=True):
    """A detected change; pairs count from the detector's first."""

    direction: Direction
    raised_at: int  # pairs counted when it was raised
    start: int  # likeliest first pair after the change
    start_low: int  # first and last of the starts that may be the true one
    start_high: int
    difference: float  # mean since the likeliest start


class ChangeState(Struct, frozen=True, kw_only=True):
    """State of a detector: sums of wealth, and the newest pairs by bin."""

    log_sums: tuple[float, ...] = ()  # by direction and bet; empty before a pair
    pairs: int = 0
    last_number: int = -1
    recent: bytes = b""  # bin of each of the newest pairs, in order
    change: Change | None = None


class ChangeDetector:
    """Looks at every pair; `change` holds from the alarm on. Not safe for threads."""

    def __init__(self, run_length: float, state: ChangeState | None = None) -> None:
        """Go on from `state`, or start.

        Raises:
            OutOfRangeError: a run length below 1.
            DamagedStateError: `state` contradicts itself.
        """
        if not (math.isfinite(run_length) and run_length >= 1.0):
            raise OutOfRangeError("run_length", run_length, "[1, inf)")
        self._bar = math.log(run_length)
        self._growth = growth()
        self._sums: FloatArray = np.full(len(DIRECTIONS) * BETS, -np.inf)
        self._recent = bytearray()
        self.pairs, self._last_number = 0, -1
        self.change: Change | None = None
        if state is not None:
            self._restore(state)

    @property
    def state(self) -> ChangeState:
        """Frozen state from which a later process can resume."""
        sums = tuple(self._sums.tolist()) if self.pairs else ()
        return ChangeState(
            log_sums=sums,
            pairs=self.pairs,
            last_number=self._last_number,
            recent=bytes(self._recent),
            change=self.change,
        )

    @property
    def log_evidence(self) -> float:
        """Log of the summed wealth; an alarm at the log of the run length."""
        return float(log_mean(self._sums)) if self.pairs else -math.inf

    @property
    def threshold(self) -> float:
        """Log evidence at which a change is detected."""
        return self._bar

    def add(self, difference: float, *, number: int) -> Change | None:
        """Count one difference in [-1, 1]; return the change, once there is one.

        Raises:
            OutOfRangeError: NaN or out of range; nothing was changed.
            OutOfOrderError: `number` did not rise; nothing was changed.
        """
        if number <= self._last_number:
            raise OutOfOrderError(number, self._last_number)
        at = bin_of(difference, rounding_draw(number), 1.0)
        self._sums = step(self._sums, self._growth[at])
        self.pairs, self._last_number = self.pairs + 1, number
        self._recent.append(at)
        del self._recent[:-KEPT_PAIRS]
        if self.change is None and self.log_evidence >= self._bar:
            self.change = self._found()
        return self.change

    def _found(self) -> Change:
        direction = DIRECTIONS[int(self._sums.argmax()) // BETS]
        bins = np.frombuffer(bytes(self._recent), dtype=np.uint8)
        start, low, high = starts(bins)
        offset = self.pairs - len(bins)
        return Change(
            direction=direction,
            raised_at=self.pairs,
            start=offset + start,
            start_low=offset + low,
            start_high=offset + high,
            difference=float(bin_values(1.0)[bins[start:]].mean()),
        )

    def _restore(self, state: ChangeState) -> None:
        wanted = len(self._sums) if state.pairs else 0
        if len(state.log_sums) != wanted or max(state.recent, default=0) >= BINS:
            raise DamagedStateError("a change detector's sums or pairs do not fit")
        if len(state.recent) > min(state.pairs, KEPT_PAIRS):
            raise DamagedStateError("a change detector keeps more pairs than it saw")
        if state.pairs:
            self._sums = np.array(state.log_sums)
        self.pairs, self._last_number = state.pairs, state.last_number
        self._recent, self.change = bytearray(state.recent), state.change


def growth() -> FloatArray:
    """Return log growth of every bet per bin, shape (21, 32): worse, then better."""
    below = fixed_growth(0.0, 1.0, below=True)
    above = fixed_growth(0.0, 1.0, below=False)
    return np.concatenate([below, above], axis=1)


def step(log_sums: FloatArray, grown: FloatArray) -> FloatArray:
    """Return the sums after one more pair: a new start each, then the bets' growth."""
    moved: FloatArray = np.logaddexp(log_sums, 0.0) + grown
    return moved


def log_mean(log_sums: FloatArray) -> FloatArray:
    """Return the log of the weighted mean over all bets, (..., 32) to (...)."""
    return log_sum_exp(log_sums + _LOG_WEIGHTS)


def _log_weights() -> FloatArray:
    """Return the bets' weights: more for moderate ones, which fit most changes."""
    moderate = KAPPAS * (1.0 - KAPPAS)
    moderate = moderate / moderate.sum()
    both = (WORSE_SHARE * moderate, (1.0 - WORSE_SHARE) * moderate)
    weights: FloatArray = np.log(np.concatenate(both))
    return weights


_LOG_WEIGHTS = _log_weights()


def starts(bins: np.ndarray) -> tuple[int, int, int]:
    """Return the likeliest start of a change, and the first and last that may be it.

    A change at a pair splits the pairs into two kinds, each with its own shares of
    worse, same and better. Every start is equally likely beforehand, and unknown shares
    are integrated out (Jeffreys' prior); the starts that hold START_SHARE of the
    probability may be the true one.
    """
    kinds = np.stack([bins < ZERO_BIN, bins == ZERO_BIN, bins > ZERO_BIN], axis=1)
    before = np.vstack([np.zeros((1, 3), dtype=int), kinds.cumsum(axis=0)[:-1]])
    log_gamma = _log_gamma_halves(len(bins))
    fit = _fit(before, log_gamma) + _fit(kinds.sum(axis=0) - before, log_gamma)
    chance = np.exp(fit - fit.max())
    chance /= chance.sum()
    order = np.argsort(-chance, kind="stable")
    enough = int(np.searchsorted(chance[order].cumsum(), START_SHARE)) + 1
    near = order[:enough]
    return int(order[0]), int(near.min()), int(near.max())


def _fit(counts: np.ndarray, log_gamma: FloatArray) -> FloatArray:
    """Return the log probability of counts (n, 3) under unknown shares, up to a sum."""
    total = counts.sum(axis=1)
    # lgamma(total + 3/2) = lgamma(total + 1/2) + log(total + 1/2).
    norm: FloatArray = log_gamma[total] + np.log(total + 0.5)
    fitted: FloatArray = log_gamma[counts].sum(axis=1) - norm
    return fitted


def _log_gamma_halves(most: int) -> FloatArray:
    """Return lgamma(k + 1/2) for k from 0 to `most`."""
    steps = np.log(np.arange(most) + 0.5)
    return np.concatenate([[0.0], steps.cumsum()]) + math.lgamma(0.5)
