"""Exponential buckets of Prometheus' native histograms.

Source: Prometheus documentation, "Native histograms", standard schemas: bucket `i`
holds values in (base^(i-1), base^i], where base = 2^(2^-schema).
"""

from bisect import bisect_left
from collections import Counter
from functools import cache
from itertools import product
from math import inf, ldexp
from typing import Final

SCHEMA: Final = 3  # eight buckets per power of two: a bound is at most 9 % off
ZERO_THRESHOLD: Final = 2.0**-128
_PER_OCTAVE: Final = 2**SCHEMA
# From a microsecond to twelve days; what lies outside is counted at the end.
_OCTAVES: Final = 20
_BOUNDS: Final = (
    *(
        ldexp(2 ** (k / _PER_OCTAVE), octave)
        for octave, k in product(range(-_OCTAVES, _OCTAVES), range(_PER_OCTAVE))
    ),
    2.0**_OCTAVES,
)
_LOWEST: Final = -_OCTAVES * _PER_OCTAVE  # the index of the first bound's bucket

Sparse = tuple[tuple[int, int], ...]  # (bucket index, count), indexes rising


class DurationBuckets:
    """Counts of observed durations in fixed and in exponential buckets.

    `bounds` are the fixed buckets' upper bounds, rising. A value is looked up once,
    among the bounds of both kinds: it is observed for every request. Who reads adds
    the counts up; at most 321 exponential buckets are shown.
    """

    __slots__ = ("_bounds", "_counts", "_edges", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._edges = _edges(bounds)
        self._counts = [0] * (len(self._edges) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Record one value; a bound belongs to the bucket below it."""
        self._counts[bisect_left(self._edges, value)] += 1
        self.total += value

    @property
    def counts(self) -> tuple[int, ...]:
        """The count per fixed bound, and one more for what lies above them all."""
        found = [0] * (len(self._bounds) + 1)
        for edge, count in self._counted():
            found[bisect_left(self._bounds, edge)] += count
        return tuple(found)

    @property
    def sparse(self) -> Sparse:
        """The exponential buckets that hold anything; zero and less have none."""
        found: Counter[int] = Counter()
        for edge, count in self._counted():
            if edge > ZERO_THRESHOLD:
                at = min(bisect_left(_BOUNDS, edge), len(_BOUNDS) - 1)
                found[_LOWEST + at] += count
        return tuple(sorted(found.items()))

    def _counted(self) -> list[tuple[float, int]]:
        """Return upper edge and count of each bucket that holds anything."""
        buckets = zip((*self._edges, inf), self._counts, strict=True)
        return [(edge, count) for edge, count in buckets if count]


@cache
def _edges(bounds: tuple[float, ...]) -> tuple[float, ...]:
    """Return the bounds of both kinds of buckets, rising; shared by all children."""
    return tuple(sorted({ZERO_THRESHOLD, *_BOUNDS, *bounds}))


def spans_and_deltas(sparse: Sparse) -> tuple[list[tuple[int, int]], list[int]]:
    """Return (offset, length) of each run of buckets, and the counts' differences."""
    spans: list[tuple[int, int]] = []
    deltas: list[int] = []
    following, before = 0, 0
    for index, count in sparse:
        if spans and index == following:
            spans[-1] = (spans[-1][0], spans[-1][1] + 1)
        else:
            spans.append((index - following, 1))
        deltas.append(count - before)
        following, before = index + 1, count
    return spans, deltas
