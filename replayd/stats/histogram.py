"""Mutable evidence: adding a difference copies nothing."""

import numpy as np

from replayd.stats.bins import BINS, ZERO_BIN, IntArray, bin_of, rounding_draw
from replayd.stats.errors import OutOfOrderError
from replayd.stats.evidence import Evidence, counts_of, log_e_regression_of
from replayd.stats.restarts import block_replays


class GrowingEvidence:
    """Mutable form of `Evidence`."""

    __slots__ = (
        "_full",
        "_full_counts",
        "_held",
        "_room",
        "_shown",
        "clip",
        "last_number",
        "newest",
    )

    def __init__(self, evidence: Evidence) -> None:
        self.clip, self.last_number = evidence.clip, evidence.last_number
        self._full = evidence.blocks[:-1]
        self.newest = list(evidence.blocks[-1]) if evidence.blocks else []
        self._held = sum(self.newest)
        self._full_counts: IntArray | None = None  # of `_full`, once asked for
        self._room = block_replays(len(self._full)) if self.newest else 0
        self._shown: Evidence | None = evidence

    @property
    def evidence(self) -> Evidence:
        """The counts as frozen evidence."""
        if self._shown is None:
            self._shown = Evidence(
                clip=self.clip,
                last_number=self.last_number,
                blocks=(*self._full, tuple(self.newest)),
            )
        return self._shown

    def log_e_regression(self, theta: float) -> float:
        """Return what `Evidence.log_e_regression` does; cheaper when asked often."""
        if not self.newest:
            return self.evidence.log_e_regression(theta)
        if self._full_counts is None:
            self._full_counts = counts_of(self._full)
        return log_e_regression_of(
            np.vstack((self._full_counts, self.newest)), theta, self.clip
        )

    def bin_of(self, difference: float, number: int) -> int:
        """Return the bin for a difference in [-1, 1].

        Raises:
            OutOfRangeError: NaN or out of range; a scorer broke its contract.
            OutOfOrderError: `number` was counted before or came late.
        """
        if number <= self.last_number:
            raise OutOfOrderError(number, self.last_number)
        if difference == 0.0:
            return ZERO_BIN
        return bin_of(difference, rounding_draw(number), self.clip)

    def add(self, at: int, number: int) -> bool:
        """Count a number in the bin from `bin_of`; true if it opened a block."""
        opened = self._held == self._room
        if opened:
            self._open()
        self.newest[at] += 1
        self._held += 1
        self.last_number = number
        self._shown = None
        return opened

    def add_same(self, pairs: int, number: int) -> None:
        """Count so many pairs without any difference; `number` is their newest."""
        while pairs:
            if self._held == self._room:
                self._open()
            fit = min(pairs, self._room - self._held)
            self.newest[ZERO_BIN] += fit
            self._held += fit
            pairs -= fit
        self.last_number = max(self.last_number, number)
        self._shown = None

    def _open(self) -> None:
        """Begin another block."""
        if self.newest:
            self._full = (*self._full, tuple(self.newest))
            self._full_counts = (
                None
                if self._full_counts is None
                else np.vstack((self._full_counts, self.newest))
            )
        self.newest = [0] * BINS
        self._held, self._room = 0, block_replays(len(self._full))
