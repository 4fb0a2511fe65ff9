"""Metrics page of a `prometheus_client` registry, in the format a scraper asks for."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from snaptrace.runtime.exposition import prometheus_protobuf as protobuf
from snaptrace.runtime.exposition.duration_histogram import DurationFamily

_KINDS: dict[str, protobuf.Kind] = {"counter": "counter", "gauge": "gauge"}


def negotiated(registry: CollectorRegistry, accept: str) -> tuple[str, bytes]:
    """Return the media type and the page that an `Accept` header asks for."""
    if protobuf.is_preferred(accept):
        messages = (one for metric in registry.collect() for one in _messages(metric))
        return protobuf.MEDIA_TYPE, b"".join(messages)
    encode, media_type = choose_encoder(accept)
    return media_type, encode(registry)


def _messages(metric: Metric) -> Iterator[bytes]:
    if isinstance(metric, DurationFamily):
        yield _durations(metric)
        return
    kind = _KINDS.get(metric.type, "untyped")
    by_name: dict[str, list[bytes]] = {}
    for one in metric.samples:
        by_name.setdefault(one.name, []).append(_sample(kind, one))
    for name, samples in by_name.items():
        yield protobuf.family(name, metric.documentation, kind, samples)


def _sample(kind: protobuf.Kind, one: Sample) -> bytes:
    shown = b""
    if one.exemplar is not None and kind == "counter":
        at = one.exemplar.timestamp
        shown = protobuf.exemplar(
            tuple(one.exemplar.labels.items()),
            one.exemplar.value,
            None if at is None else float(at),
        )
    return protobuf.sample(kind, tuple(one.labels.items()), one.value, shown)


def _durations(metric: DurationFamily) -> bytes:
    samples = [
        protobuf.histogram(
            tuple(zip(metric.label_names, values, strict=True)),
            metric.bounds,
            child.counts,
            child.total,
            child.sparse,
        )
        for values, child in metric.children
    ]
    return protobuf.family(metric.name, metric.documentation, "histogram", samples)
