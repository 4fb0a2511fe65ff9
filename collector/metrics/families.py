"""Metric families as plain data.

The sampling process sends these to the relay, which shows them on one page with its
own (`exposition.py`). Why no client library: `docs/adr/0017-own-instruments.md`.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from snaptrace.runtime.exposition.native_histogram import Sparse

Labels = tuple[str, ...]  # values, in the order of the family's label names


class Buckets(Struct, frozen=True):
    """Histogram data for one set of labels."""

    counts: tuple[int, ...]  # per bound of its family, and one more for above them all
    total: float  # of the observed values
    sparse: Sparse = ()  # the same observations, in exponential buckets


class Family(Struct, frozen=True):
    """One metric: its name without suffixes, and a value per set of labels."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()
    values: tuple[tuple[Labels, float | Buckets], ...] = ()
    bounds: tuple[float, ...] = ()  # of a histogram, rising


def counter(
    name: str, text: str, labels: tuple[str, ...], counts: Mapping[str, float]
) -> Family:
    """Return a counter with at most one label from counts by that label's value."""
    values = tuple(((key,) if labels else (), float(n)) for key, n in counts.items())
    return Family(name, "counter", text, labels, values)


def gauge(name: str, text: str, value: float) -> Family:
    """Return a gauge without labels."""
    return Family(name, "gauge", text, (), (((), float(value)),))


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(tuple[Family, ...])


def pack(families: Iterable[Family]) -> bytes:
    """Serialise families for `unpack`."""
    return _ENCODER.encode(tuple(families))


def unpack(data: bytes) -> tuple[Family, ...]:
    """Deserialise families packed by a sampling process of the same release."""
    return _DECODER.decode(data)
