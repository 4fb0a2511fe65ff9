"""Histogram of durations for a `prometheus_client` registry, classic and native.

The library's own histogram cannot count into exponential buckets.
"""

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from snaptrace.runtime.exposition.native_histogram import DurationBuckets


class DurationFamily(HistogramMetricFamily):
    """A scrape of a `DurationHistogram`: its samples, and their source."""

    bounds: tuple[float, ...] = ()
    children: tuple[tuple[tuple[str, ...], DurationBuckets], ...] = ()
    label_names: tuple[str, ...] = ()


class DurationHistogram(Collector):
    """Distribution of durations by labels; `bounds` are rising upper bounds."""

    def __init__(
        self,
        name: str,
        text: str,
        labels: tuple[str, ...],
        *,
        bounds: tuple[float, ...],
        registry: CollectorRegistry,
    ) -> None:
        self.name, self.label_names = name, labels
        self._text, self._bounds = text, bounds
        self._children: dict[tuple[str, ...], DurationBuckets] = {}
        registry.register(self)

    def labels(self, *values: str) -> DurationBuckets:
        """Return the child for these labels; it is exported from now on."""
        if values not in self._children:
            if len(values) != len(self.label_names):
                raise ValueError(f"{self.name} has {self.label_names}")
            self._children[values] = DurationBuckets(self._bounds)
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
