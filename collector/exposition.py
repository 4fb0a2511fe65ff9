"""The sampling process' metrics, shown among the relay's own in one scrape."""

from collections.abc import Callable, Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry


class SamplerMetrics(Collector):
    """Parses the child's last exposition; names that the relay has are left out."""

    def __init__(self, own: CollectorRegistry, exposition: Callable[[], str]) -> None:
        self._exposition = exposition
        self._own = {family.name for family in own.collect()}

    def collect(self) -> Iterable[Metric]:
        """Yield the child's families; none while it does not answer."""
        for family in text_string_to_metric_families(self._exposition()):
            if family.name not in self._own:
                yield family
