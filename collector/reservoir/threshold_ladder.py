"""Discrete ranks of pre-thresholds, and call counts per rank interval.

A pre-threshold rises while calls are being counted, and what was counted before must
then mean calls above the new one. So it only ever stands on a rung, and calls are
counted between rungs: exact at each, without remembering a rank.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from snaptrace.snapshot.segment import RANK_SPAN

_STEPS_PER_HALF = 4  # a rung leaves 2 ** -1/4 of the ranks that the one below leaves
_STEPS = 80  # the last leaves a millionth

RUNGS = tuple(
    RANK_SPAN - round(RANK_SPAN * 2 ** (-step / _STEPS_PER_HALF))
    for step in range(_STEPS + 1)
)


def rung_from(rank: int) -> int:
    """Return the lowest rung at or above `rank`, or the highest rung if none is."""
    return RUNGS[min(bisect_left(RUNGS, rank), _STEPS)]


class RankCounts:
    """Call counts by the highest rung below their trace's rank."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}  # how many rungs are below the rank -> calls

    def add(self, rank: int, calls: int = 1) -> None:
        """Count calls of a trace with this rank."""
        below = bisect_left(RUNGS, rank)
        self._counts[below] = self._counts.get(below, 0) + calls

    def above(self, pre: int) -> int:
        """Return the calls counted whose rank is above `pre`, a rung."""
        first = bisect_right(RUNGS, pre)
        return sum(calls for below, calls in self._counts.items() if below >= first)

    def add_all(self, other: "RankCounts") -> None:
        """Add the counts of `other`."""
        for below, calls in other.items():
            self._counts[below] = self._counts.get(below, 0) + calls

    def add_unranked(self, calls: int, pre: int) -> None:
        """Count calls above `pre` of which nothing else is known: ranks are uniform."""
        for below, share in _shares(bisect_right(RUNGS, pre), calls):
            self._counts[below] = self._counts.get(below, 0) + share

    def items(self) -> Iterable[tuple[int, int]]:
        """Return (rungs below the rank, calls)."""
        return self._counts.items()

    def clear(self) -> None:
        """Reset all counts."""
        self._counts.clear()

    def __bool__(self) -> bool:
        return bool(self._counts)


def _shares(first: int, calls: int) -> Iterator[tuple[int, int]]:
    """Share calls out between the rungs from `first` up, by the ranks in between."""
    left, left_ranks = calls, RANK_SPAN - RUNGS[first - 1]
    for below in range(first, len(RUNGS)):
        ranks = RUNGS[below] - RUNGS[below - 1]
        share = round(left * ranks / left_ranks)
        left, left_ranks = left - share, left_ranks - ranks
        if share:
            yield below, share
    if left:
        yield len(RUNGS), left
