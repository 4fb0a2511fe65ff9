"""Every series name that the programs can expose, from their own registries."""

import inspect
from unittest.mock import MagicMock

from prometheus_client import CollectorRegistry

SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
}


def series_names(listing):
    """Return the names in a metrics listing (`name type {labels} help`)."""
    names = {}
    for line in listing.splitlines():
        name, kind, rest = line.split(" ", 2)
        labels = set(rest[1 : rest.index("}")].split(",")) - {""}
        if kind == "histogram":
            names |= {name + end: labels | {"le"} for end in SUFFIXES[kind]}
        else:
            names[name] = labels
    return names


def of_replayd():
    """Return {series name: labels} of replayd."""
    from replayd.metrics import listing

    return series_names(listing())


def of_collector():
    """Return {series name: labels} of the relay and of its sampling process."""
    from collector.metrics import RelayMetrics

    registry = CollectorRegistry()
    metrics = RelayMetrics(registry)
    found = {}
    for made in vars(metrics).values():
        if not hasattr(made, "_labelnames"):
            continue
        for family in made.describe():
            labels = set(made._labelnames)
            if family.type == "histogram":
                labels |= {"le"}
            for end in SUFFIXES.get(family.type, ("",)):
                found[family.name + end] = labels
    return found | sampler()


def sampler():
    """Return {series name: labels} of the sampling process."""
    from collector.sampling_metrics import SamplingMetrics

    # Only names are asked for; what the numbers are read from does not matter.
    _, *others = inspect.signature(SamplingMetrics).parameters
    sources = {name: MagicMock() for name in others}
    metrics = SamplingMetrics(CollectorRegistry(), **sources)
    own = [made for made in vars(metrics).values() if hasattr(made, "describe")]
    families = [family for made in own for family in made.describe()]
    labels = {
        family.name: made._labelnames for made in own for family in made.describe()
    }
    found = {}
    for family in [*families, *metrics.collect()]:
        end = SUFFIXES.get(family.type, ("",))[0]
        names = labels.get(family.name, getattr(family, "_labelnames", ()))
        found[family.name + end] = set(names)
    return found
