"""Totals and means over live traffic, from a sample with known probabilities. No I/O.

Totals: D. G. Horvitz, D. J. Thompson (JASA 1952). Means are ratios of two totals, with
the linearised variance of C.-E. Särndal, B. Swensson, J. Wretman, "Model Assisted
Survey Sampling" (1992), eq. 5.7.3. Traces are as if drawn independently, so their
variances add up; calls of one trace are one draw.
"""

from math import sqrt
from typing import NamedTuple

from snaptrace.snapshot.inclusion_probability import Frame, Sampled


class Estimate(NamedTuple):
    """An estimate about live traffic, and one standard error of it.

    The error is of sampling alone: it is 0 where every call was kept, and it knows
    nothing of calls that no collector saw.
    """

    value: float
    standard_error: float
    snapshots: int  # that it rests on

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.standard_error:.2g} ({self.snapshots} calls)"


class _Trace:
    """Sums of one trace's calls, each undone for the draw of its span."""

    __slots__ = ("calls", "probability", "values")

    def __init__(self, probability: float) -> None:
        self.probability = probability
        self.calls = self.values = 0.0


class Estimator:
    """Collects values of calls; estimates their total and their mean over traffic."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._traces: dict[tuple[str, int, int, float], _Trace] = {}
        self.snapshots = 0

    def add(self, collector: str, call: Sampled, value: float) -> bool:
        """Add one call, each once; false where the sample does not hold it."""
        stages = self._frame.stages(collector, call)
        if stages is None:
            return False
        upstream = call.upstream_probability
        kept = stages.trace * (1.0 if upstream is None else upstream)
        key = (collector, call.window_start_ns, call.rank, kept)
        trace = self._traces.setdefault(key, _Trace(kept))
        trace.calls += 1.0 / stages.span
        trace.values += value / stages.span
        self.snapshots += 1
        return True

    def total(self) -> Estimate:
        """Return the sum of the values over all calls that there were."""
        total = sum(t.values / t.probability for t in self._traces.values())
        return Estimate(total, self._error(0.0), self.snapshots)

    def mean(self) -> Estimate | None:
        """Return the mean of the values over all calls; None without any."""
        calls = sum(t.calls / t.probability for t in self._traces.values())
        if not calls:
            return None
        total = sum(t.values / t.probability for t in self._traces.values())
        mean = total / calls
        return Estimate(mean, self._error(mean) / calls, self.snapshots)

    def _error(self, mean: float) -> float:
        """Return the standard error of the total of values, less `mean` a call."""
        return sqrt(
            sum(
                (t.values - mean * t.calls) ** 2
                * (1 - t.probability)
                / t.probability**2
                for t in self._traces.values()
            )
        )
