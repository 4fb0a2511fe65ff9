"""Evidence of one stream: a histogram of differences per block.

Everything else in this package is a function of these counts, so a stream is
stored, restored and shown without its history of looks.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from replayd.stats.betting import fixed_growth, growth_above, growth_below, log_e_of
from replayd.stats.bins import (
    BINS,
    ZERO_BIN,
    IntArray,
    bin_of,
    bin_values,
    rounding_draw,
)
from replayd.stats.errors import DamagedStateError, OutOfOrderError, OutOfRangeError
from replayd.stats.restarts import block_replays, log_e_mixed, since

EMPTY_BLOCK = (0,) * BINS


class Evidence(Struct, frozen=True, kw_only=True):
    """Paired differences of one stream in one epoch, counted by block and bin.

    `d = score(canary) - score(control)`; negative is worse. The order inside a
    block does not matter. Encodes to JSON or msgpack through msgspec; call
    `check` on what was decoded.
    """

    clip: float = 1.0  # differences beyond +-clip count as clip; in (0, 1]
    last_number: int = -1  # dispatch number of the newest difference
    blocks: tuple[tuple[int, ...], ...] = ()  # (blocks, 21); all but the last full

    @property
    def replays(self) -> int:
        """Pairs counted."""
        if not self.blocks:
            return 0
        full = sum(map(block_replays, range(len(self.blocks) - 1)))
        return full + sum(self.blocks[-1])

    def counts(self, from_block: int = 0) -> IntArray:
        """Return counts per block from `from_block` on, shape (blocks, 21)."""
        return counts_of(self.blocks[from_block:])

    def totals(self, from_block: int = 0) -> IntArray:
        """Return counts since the start of `from_block`, shape (21,)."""
        totals: IntArray = self.counts(from_block).sum(axis=0)
        return totals

    def add(self, difference: float, *, number: int) -> "Evidence":
        """Return the evidence with one more difference, in [-1, 1].

        Raises:
            OutOfRangeError: NaN or out of range; a scorer broke its contract.
            OutOfOrderError: `number` was folded before or came late.
        """
        if number <= self.last_number:
            raise OutOfOrderError(number, self.last_number)
        at = bin_of(difference, rounding_draw(number), self.clip)
        blocks = self.blocks
        if not blocks or sum(blocks[-1]) == block_replays(len(blocks) - 1):
            blocks = (*blocks, EMPTY_BLOCK)
        newest = blocks[-1]
        grown = (*newest[:at], newest[at] + 1, *newest[at + 1 :])
        return Evidence(
            clip=self.clip, last_number=number, blocks=(*blocks[:-1], grown)
        )

    def log_e_below(self, theta: float, from_block: int = 0) -> float:
        """Return log E that the mean since `from_block` is below `theta`.

        Evidence against "mean >= theta"; 0 before the first replay. Restarts are
        not mixed in: for a window fixed in advance.
        """
        counts = self.totals(from_block)
        return float(log_e_of(counts, growth_below(theta, self.clip)))

    def log_e_above(self, theta: float, from_block: int = 0) -> float:
        """Return log E that the mean since `from_block` is above `theta`."""
        counts = self.totals(from_block)
        return float(log_e_of(counts, growth_above(theta, self.clip)))

    def log_e_regression(self, theta: float) -> float:
        """Return log E_R: restarts mixed in, against "the mean never fell below"."""
        if not self.blocks:
            growth_below(theta, self.clip)  # Refuses a theta out of range.
            return 0.0
        return log_e_regression_of(self.counts(), theta, self.clip)


def counts_of(blocks: Sequence[tuple[int, ...]]) -> IntArray:
    """Return blocks as an array, shape (blocks, 21)."""
    return np.array(blocks, dtype=np.int64).reshape(len(blocks), BINS)


def log_e_regression_of(counts: IntArray, theta: float, clip: float) -> float:
    """Return log E_R of counts per block, shape (blocks, 21), at least one block."""
    growth = fixed_growth(theta, clip, below=True)
    return float(log_e_mixed(log_e_of(since(counts), growth)))


class Recent(Struct, frozen=True):
    """Mean difference of the newest replays, in whole blocks."""

    difference: float | None  # None before the first replay
    replays: int


class Outcomes(Struct, frozen=True):
    """Pairs by the sign of their difference, after rounding to the grid."""

    worse: int
    same: int
    better: int


def outcomes(evidence: Evidence, from_block: int = 0) -> Outcomes:
    """Return how many pairs were worse, the same and better."""
    totals = evidence.totals(from_block)
    return Outcomes(
        worse=int(totals[:ZERO_BIN].sum()),
        same=int(totals[ZERO_BIN]),
        better=int(totals[ZERO_BIN + 1 :].sum()),
    )


def mean_of(counts: IntArray, clip: float = 1.0) -> float | None:
    """Return the mean difference of a histogram (21,), None if it is empty."""
    replays = int(counts.sum())
    return float(counts @ bin_values(clip)) / replays if replays else None


def discordance(evidence: Evidence) -> float | None:
    """Return the mean squared difference; for pass and fail, the share unequal."""
    totals = evidence.totals()
    replays = int(totals.sum())
    squares = bin_values(evidence.clip) ** 2
    return float(totals @ squares) / replays if replays else None


def recent(evidence: Evidence, at_least: int = 200) -> Recent:
    """Return the mean over the fewest newest blocks with `at_least` replays.

    All replays where there are fewer. For display beside the cumulative
    difference; no verdict rests on it.
    """
    from_block = len(evidence.blocks)
    replays = 0
    while from_block and replays < at_least:
        from_block -= 1
        replays += sum(evidence.blocks[from_block])
    return Recent(mean_of(evidence.totals(from_block), evidence.clip), replays)


def check(evidence: Evidence) -> None:
    """Reject counts that no sequence of `add` could produce.

    Raises:
        DamagedStateError: refold the results.
    """
    if not 0.0 < evidence.clip <= 1.0:
        raise DamagedStateError(f"clip {evidence.clip} is not in (0, 1]")
    for block, counts in enumerate(evidence.blocks):
        if len(counts) != BINS or min(counts) < 0:
            raise DamagedStateError(f"block {block}: not {BINS} counts from 0")
        held, full = sum(counts), block_replays(block)
        newest = block == len(evidence.blocks) - 1
        if held > full or held == 0 or (held < full and not newest):
            raise DamagedStateError(f"block {block} holds {held} of {full} replays")
    if evidence.last_number < evidence.replays - 1:
        raise DamagedStateError(
            f"{evidence.replays} replays cannot end at number {evidence.last_number}"
        )


def new_evidence(clip: float = 1.0) -> Evidence:
    """Return the evidence of a stream before its first replay.

    Raises:
        OutOfRangeError: `clip` is not in (0, 1].
    """
    if not 0.0 < clip <= 1.0:
        raise OutOfRangeError("clip", clip, "(0, 1]")
    return Evidence(clip=clip)
