"""Prometheus' protobuf exposition, the one format that carries native histograms.

Source: prometheus/client_model, `io/prometheus/client/metrics.proto` (proto2); a page
is a sequence of `MetricFamily` messages, each after its length. Written field by field:
generated classes would cost the sidecar memory for a dozen fields.
"""

import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, Literal

from snaptrace.runtime.exposition.native_histogram import (
    SCHEMA,
    ZERO_THRESHOLD,
    Sparse,
    spans_and_deltas,
)

MEDIA_TYPE: Final = (
    "application/vnd.google.protobuf; "
    "proto=io.prometheus.client.MetricFamily; encoding=delimited"
)
Kind = Literal["counter", "gauge", "histogram", "untyped"]
Labels = Sequence[tuple[str, str]]
_TYPES: Final[dict[Kind, int]] = {
    "counter": 0,
    "gauge": 1,
    "untyped": 3,
    "histogram": 4,
}
# Field of `Metric` that holds a value, whose own first field is the number.
_VALUE_FIELDS: Final[dict[Kind, int]] = {"gauge": 2, "counter": 3, "untyped": 5}


def is_preferred(accept: str) -> bool:
    """Report whether an `Accept` header ranks this format before every other one.

    Prometheus does so where it is set to scrape native histograms.
    """
    best, ranked_first = 0.0, False
    for choice in accept.split(","):
        kind, *parameters = choice.replace(" ", "").split(";")
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        if weight > best:
            best = weight
            ranked_first = kind == "application/vnd.google.protobuf" and {
                "proto=io.prometheus.client.MetricFamily",
                "encoding=delimited",
            } <= set(parameters)
    return ranked_first


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _signed(number: int, value: int) -> bytes:
    return _int(number, value << 1 if value >= 0 else (-value << 1) - 1)


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _labels(number: int, labels: Labels) -> bytes:
    return b"".join(
        _bytes(number, _bytes(1, name.encode()) + _bytes(2, value.encode()))
        for name, value in labels
    )


def family(name: str, text: str, kind: Kind, metrics: Iterable[bytes]) -> bytes:
    """Return one delimited family; `name` is the series' name, `_total` included."""
    body = _bytes(1, name.encode()) + _bytes(2, text.encode()) + _int(3, _TYPES[kind])
    body += b"".join(_bytes(4, metric) for metric in metrics)
    return _varint(len(body)) + body


def exemplar(labels: Labels, value: float, at_seconds: float | None) -> bytes:
    """Return an exemplar for `sample`."""
    written = _labels(1, labels) + _double(2, value)
    if at_seconds is not None:
        whole = int(at_seconds)
        nanoseconds = int((at_seconds - whole) * 1e9)
        written += _bytes(3, _int(1, whole) + _int(2, nanoseconds))
    return written


def sample(kind: Kind, labels: Labels, value: float, shown: bytes = b"") -> bytes:
    """Return one metric with a single number; `shown` is an exemplar of a counter."""
    body = _double(1, value) + (_bytes(2, shown) if shown else b"")
    return _labels(1, labels) + _bytes(_VALUE_FIELDS[kind], body)


def histogram(
    labels: Labels,
    bounds: Sequence[float],
    counts: Sequence[int],
    total: float,
    sparse: Sparse,
) -> bytes:
    """Return one histogram, classic and native at once.

    `counts` has one number per bound and one more for above them all. Observations
    without an exponential bucket are in the zero bucket.
    """
    count = sum(counts)
    body = _int(1, count) + _double(2, total)
    for bound, below in zip(bounds, accumulate(counts), strict=False):
        body += _bytes(3, _int(1, below) + _double(2, bound))
    spans, deltas = spans_and_deltas(sparse)
    body += _signed(5, SCHEMA) + _double(6, ZERO_THRESHOLD)
    body += _int(7, count - sum(held for _, held in sparse))
    for offset, length in spans or [(0, 0)]:
        body += _bytes(12, _signed(1, offset) + _int(2, length))
    for delta in deltas:
        body += _signed(13, delta)
    return _labels(1, labels) + _bytes(7, body)
