"""Every metric family of the collector, as its registries know them."""

import inspect
from unittest.mock import MagicMock

from collector.metrics.instruments import Registry
from collector.metrics.process import ProcessFamilies
from collector.metrics.relay import RelayMetrics
from collector.sampling.metrics import SamplingMetrics


def families():
    """Yield every family of the relay and of its sampling process."""
    registry = Registry()
    registry.register(ProcessFamilies())
    RelayMetrics(registry)
    yield from registry.families()
    # Names and texts are asked for; what the numbers are read from does not matter.
    sources = inspect.signature(SamplingMetrics).parameters
    yield from SamplingMetrics(**{name: MagicMock() for name in sources}).families()
