"""Traffic estimates from a sample with known probabilities. No I/O.

Source: D. G. Horvitz, D. J. Thompson, "A generalization of sampling without
replacement from a finite universe" (JASA 1952); traces above a bottom-k threshold are
as if drawn independently (Cohen, Kaplan, PODC 2007), so their variances add up.
"""

from collections.abc import Iterable
from math import hypot, sqrt
from typing import NamedTuple

from snaptrace.snapshot.inclusion_probability import Frame, Sampled
from snaptrace.snapshot.segment import RANK_SPAN

# Late calls and headers on their way make the two differ by a little.
_SLACK_CALLS = 2.0
_SLACK_SHARE = 0.01


class Traffic(NamedTuple):
    """Estimated traffic of one service in one modality."""

    calls: float = 0.0  # that reached the collectors, estimated from what was kept
    calls_error: float = 0.0  # one standard error of it
    upstream_calls: float = 0.0  # that there were, where samplers told their share
    seen: int = 0  # that the collectors counted; pre-threshold rejections left out
    expected_seen: float = 0.0  # what `seen` should be, estimated from what was kept
    expected_seen_error: float = 0.0
    stored: int = 0

    def plus(self, other: "Traffic") -> "Traffic":
        """Return the sum of two separately sampled estimates."""
        return Traffic(
            calls=self.calls + other.calls,
            calls_error=hypot(self.calls_error, other.calls_error),
            upstream_calls=self.upstream_calls + other.upstream_calls,
            seen=self.seen + other.seen,
            expected_seen=self.expected_seen + other.expected_seen,
            expected_seen_error=hypot(
                self.expected_seen_error, other.expected_seen_error
            ),
            stored=self.stored + other.stored,
        )

    @property
    def disagreement(self) -> float:
        """Difference between counter and estimate, in standard errors.

        Above zero: more was seen than what is stored stands for, so calls were lost
        on the way, or thresholds lie.
        """
        slack = _SLACK_CALLS + _SLACK_SHARE * self.seen
        return (self.seen - self.expected_seen) / hypot(self.expected_seen_error, slack)


class _Sums:
    """One cell's sums; `traces` has the calls of each, undone for the span cap."""

    def __init__(self) -> None:
        self.upstream = 0.0
        self.stored = 0
        # (collector, window, rank, probability, share decoded) -> calls
        self.traces: dict[tuple[str, int, int, float, float], float] = {}

    def traffic(self, seen: int) -> Traffic:
        calls = variance = expected = expected_variance = 0.0
        for (*_, kept, decoded), weight in self.traces.items():
            calls += weight / kept
            variance += weight**2 * (1 - kept) / kept**2
            # Of those decoded the share kept is larger by that much.
            given = kept / decoded
            expected += weight / given
            expected_variance += weight**2 * (1 - given) / given**2
        return Traffic(
            calls=calls,
            calls_error=sqrt(variance),
            upstream_calls=self.upstream,
            seen=seen,
            expected_seen=expected,
            expected_seen_error=sqrt(max(expected_variance, 0.0)),
            stored=self.stored,
        )


def traffic(
    frame: Frame, stored: Iterable[tuple[str, Sampled]]
) -> dict[tuple[str, str], Traffic]:
    """Estimate traffic by service and modality from (collector, call) pairs.

    Each call once. Cells of which nothing is stored are there, too: their estimate is
    zero, whatever was seen.
    """
    cells: dict[tuple[str, str], _Sums] = {}
    for collector, call in stored:
        stages = frame.stages(collector, call)
        if stages is None:
            continue
        sums = cells.setdefault((call.service, call.modality), _Sums())
        decoded = 1 - frame.pre_threshold(collector, call) / RANK_SPAN
        trace = (collector, call.window_start_ns, call.rank, stages.trace, decoded)
        sums.traces[trace] = sums.traces.get(trace, 0.0) + 1 / stages.span
        upstream = call.upstream_probability or 1.0
        sums.upstream += 1 / (stages.trace * stages.span * upstream)
        sums.stored += 1
    seen = frame.seen()
    return {
        cell: cells.get(cell, _Sums()).traffic(seen.get(cell, 0))
        for cell in sorted({*cells, *seen})
    }
