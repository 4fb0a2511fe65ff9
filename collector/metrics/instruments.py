"""Counters, gauges and histograms of one process; not thread-safe.

Labels are positional. An instrument without labels is its own only value; one with
labels gives a value out by `labels`, to be looked up once and kept where it is hot.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from msgspec.structs import replace

from collector.metrics.families import Buckets, Family, Labels
from snaptrace.runtime.exposition.native_histogram import DurationBuckets


class Source(Protocol):
    """Interface of anything that provides metric families."""

    def families(self) -> Iterable[Family]: ...  # noqa: D102 - the class says it


class Registry:
    """All metrics of a program, in order of registration.

    A name that came earlier wins: what another process reports cannot stand in for a
    metric of our own.
    """

    def __init__(self) -> None:
        self._sources: list[Source] = []

    def register(self, source: Source) -> None:
        """Add a source, read at every scrape."""
        self._sources.append(source)

    def families(self) -> Iterator[Family]:
        """Yield every family once."""
        seen: set[str] = set()
        for source in self._sources:
            for family in source.families():
                if family.name not in seen:
                    seen.add(family.name)
                    yield family

    def value(self, name: str, *labels: str) -> float:
        """Return a counter's or gauge's value; 0 if never set."""
        for family in self.families():
            if family.name == name:
                value = dict(family.values).get(labels, 0.0)
                return value if isinstance(value, int | float) else value.total
        return 0.0


class CounterValue:
    """One monotonically increasing value."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Increment the value."""
        self.value += amount


class GaugeValue:
    """One value that can rise and fall."""

    __slots__ = ("_read",)

    def __init__(self) -> None:
        self._read: Callable[[], float] = float

    @property
    def value(self) -> float:
        """The last value set, or the function's result."""
        return float(self._read())

    def set(self, value: float) -> None:
        """Replace the value."""
        self._read = lambda: value

    def set_function(self, read: Callable[[], float]) -> None:
        """Read the value from this function at every scrape."""
        self._read = read


class HistogramValue(DurationBuckets):
    """Bucket counts of observed values, in fixed and in exponential buckets."""

    __slots__ = ()

    @property
    def value(self) -> Buckets:
        """The observations so far."""
        return Buckets(self.counts, self.total, self.sparse)


V = TypeVar("V", CounterValue, GaugeValue, HistogramValue)


class _Labelled(Generic[V]):
    """Base of the three instruments: a name, a help text, a value per label set."""

    def __init__(
        self, family: Family, make: Callable[[], V], registry: Registry
    ) -> None:
        self._family = family
        self._make: Callable[[], V] = make
        self._values: dict[Labels, V] = {}
        if not family.labels:
            self.labels()
        registry.register(self)

    def labels(self, *labels: str) -> V:
        """Return the child for these labels; it is exported from now on."""
        value = self._values.get(labels)
        if value is None:
            if len(labels) != len(self._family.labels):
                raise ValueError(f"{self._family.name} has {self._family.labels}")
            value = self._values[labels] = self._make()
        return value

    def families(self) -> Iterable[Family]:
        """Return this metric as of now."""
        values = tuple((key, v.value) for key, v in self._values.items())
        return [replace(self._family, values=values)]


class Counter(_Labelled[CounterValue]):
    """Cumulative count of events."""

    def __init__(
        self, name: str, text: str, labels: Iterable[str] = (), *, registry: Registry
    ) -> None:
        family = Family(name, "counter", text, tuple(labels))
        super().__init__(family, CounterValue, registry)

    def inc(self, amount: float = 1.0) -> None:
        """Increment a counter without labels."""
        self.labels().inc(amount)


class Gauge(_Labelled[GaugeValue]):
    """Current amount."""

    def __init__(
        self, name: str, text: str, labels: Iterable[str] = (), *, registry: Registry
    ) -> None:
        super().__init__(
            Family(name, "gauge", text, tuple(labels)), GaugeValue, registry
        )

    def set(self, value: float) -> None:
        """Set a gauge without labels."""
        self.labels().set(value)

    def set_function(self, read: Callable[[], float]) -> None:
        """Read a gauge without labels from this function at every scrape."""
        self.labels().set_function(read)


class Histogram(_Labelled[HistogramValue]):
    """Distribution of values; `buckets` are ascending upper bounds."""

    def __init__(
        self,
        name: str,
        text: str,
        labels: Iterable[str] = (),
        *,
        buckets: tuple[float, ...],
        registry: Registry,
    ) -> None:
        family = Family(name, "histogram", text, tuple(labels), (), buckets)
        super().__init__(family, lambda: HistogramValue(buckets), registry)
