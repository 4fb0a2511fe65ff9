"""Exponential buckets of Prometheus' native histograms.

Source: Prometheus documentation, "Native histograms", standard schemas: bucket `i`
holds values in (base^(i-1), base^i], where base = 2^(2^-schema).
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from math import frexp
from typing import Final

SCHEMA: Final = 3  # eight buckets per power of two: a bound is at most 9 % off
ZERO_THRESHOLD: Final = 2.0**-128
_PER_OCTAVE: Final = 2**SCHEMA
_BOUNDS: Final = tuple(0.5 * 2 ** (k / _PER_OCTAVE) for k in range(_PER_OCTAVE))
# From a microsecond to twelve days; what lies outside is counted at the end.
_LOWEST: Final = -20 * _PER_OCTAVE
_HIGHEST: Final = 20 * _PER_OCTAVE

Sparse = tuple[tuple[int, int], ...]  # (bucket index, count), indexes rising


class ExponentialBuckets:
    """Counts of observed durations by bucket index; at most 321 buckets are shown."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        # By index plus one octave; a float has some 17,000 at most. Observed for every
        # request: what can wait is done where the buckets are read.
        self._counts: defaultdict[int, int] = defaultdict(int)

    def observe(self, value: float) -> None:
        """Count a value; zero and less have no bucket."""
        if value > ZERO_THRESHOLD:
            fraction, exponent = frexp(value)
            self._counts[bisect_left(_BOUNDS, fraction) + exponent * _PER_OCTAVE] += 1

    @property
    def sparse(self) -> Sparse:
        """The buckets that hold anything, in order."""
        found: Counter[int] = Counter()
        for index, count in self._counts.items():
            found[min(max(index - _PER_OCTAVE, _LOWEST), _HIGHEST)] += count
        return tuple(sorted(found.items()))


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
