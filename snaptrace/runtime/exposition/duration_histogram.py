"""Histogram of durations for a `prometheus_client` registry, classic and native.

The library's own histogram cannot count into exponential buckets.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from snaptrace.runtime.exposition.native_histogram import ExponentialBuckets, Sparse


class Durations:
    """The durations observed under one set of labels."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._exponential = ExponentialBuckets()
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Record one duration; a bound belongs to the bucket below it."""
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self._exponential.observe(seconds)
        self.total += seconds

    @property
    def sparse(self) -> Sparse:
        """The observations in exponential buckets."""
        return self._exponential.sparse


class DurationFamily(HistogramMetricFamily):
    """A scrape of a `DurationHistogram`: its samples, and their source."""

    bounds: Sequence[float] = ()
    children: tuple[tuple[tuple[str, ...], Durations], ...] = ()
    label_names: tuple[str, ...] = ()


class DurationHistogram(Collector):
    """Distribution of durations by labels; `bounds` are rising upper bounds."""

    def __init__(
        self,
        name: str,
        text: str,
        labels: tuple[str, ...],
        *,
        bounds: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:
        self.name, self.label_names = name, labels
        self._text, self._bounds = text, bounds
        self._children: dict[tuple[str, ...], Durations] = {}
        registry.register(self)

    def labels(self, *values: str) -> Durations:
        """Return the child for these labels; it is exported from now on."""
        if values not in self._children:
            if len(values) != len(self.label_names):
                raise ValueError(f"{self.name} has {self.label_names}")
            self._children[values] = Durations(self._bounds)
        return self._children[values]

    def collect(self) -> Iterable[DurationFamily]:
        """Return this metric as of now."""
        family = DurationFamily(self.name, self._text, labels=self.label_names)
        family.bounds, family.label_names = self._bounds, self.label_names
        family.children = tuple(self._children.items())
        shown = [*map(floatToGoString, self._bounds), "+Inf"]
        for values, child in family.children:
            cumulative = map(float, accumulate(child.counts))
            buckets = list(zip(shown, cumulative, strict=True))
            family.add_metric(values, buckets, child.total)
        return [family]
