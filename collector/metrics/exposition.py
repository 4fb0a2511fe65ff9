"""Prometheus text exposition, OpenMetrics and protobuf, as the scraper asks.

Sources: Prometheus documentation, "Exposition formats", text format 0.0.4; OpenMetrics
1.0.0, where a counter's family has no `_total` and the page ends with `# EOF`.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from collector.metrics.families import Buckets, Family, Labels
from snaptrace.runtime.exposition import prometheus_protobuf as protobuf

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_ESCAPED_TEXT: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})
_ESCAPED_LABEL: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def wants_open_metrics(accept: str) -> bool:
    """Report whether an `Accept` header names OpenMetrics in a version written here."""
    for choice in accept.split(","):
        kind, *parameters = (part.strip() for part in choice.split(";"))
        if kind == "application/openmetrics-text":
            versions = [p[8:] for p in parameters if p.startswith("version=")]
            if not versions or versions[0].strip('"') in ("0.0.1", "1.0.0"):
                return True
    return False


def negotiated(families: Iterable[Family], accept: str) -> tuple[str, bytes]:
    """Return the media type and the page that an `Accept` header asks for."""
    if protobuf.is_preferred(accept):
        return protobuf.MEDIA_TYPE, b"".join(map(_message, families))
    asked = wants_open_metrics(accept)
    return OPEN_METRICS if asked else MEDIA_TYPE, page(families, open_metrics=asked)


def page(families: Iterable[Family], *, open_metrics: bool = False) -> bytes:
    """Render these families as a page of either format."""
    text = "".join(line for family in families for line in _lines(family, open_metrics))
    return (text + "# EOF\n" if open_metrics else text).encode()


def _message(family: Family) -> bytes:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    metrics = []
    for values, value in family.values:
        labels = tuple(zip(family.labels, values, strict=True))
        if isinstance(value, Buckets):
            metrics.append(
                protobuf.histogram(
                    labels, family.bounds, value.counts, value.total, value.sparse
                )
            )
        else:
            metrics.append(protobuf.sample(family.kind, labels, float(value)))
    return protobuf.family(name, family.text, family.kind, metrics)


def _lines(family: Family, open_metrics: bool) -> Iterator[str]:  # noqa: FBT001
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    titled = family.name if open_metrics else name
    escaped = _ESCAPED_LABEL if open_metrics else _ESCAPED_TEXT
    yield f"# HELP {titled} {family.text.translate(escaped)}\n"
    yield f"# TYPE {titled} {family.kind}\n"
    for labels, value in family.values:
        if isinstance(value, Buckets):
            yield from _histogram(family, labels, value)
        else:
            yield f"{name}{_braces(family.labels, labels)} {float(value)!r}\n"


def _histogram(family: Family, labels: Labels, value: Buckets) -> Iterator[str]:
    name, names = family.name, (*family.labels, "le")
    bounds = (*(repr(float(bound)) for bound in family.bounds), "+Inf")
    for bound, count in zip(bounds, accumulate(value.counts), strict=True):
        yield f"{name}_bucket{_braces(names, (*labels, bound))} {float(count)!r}\n"
    shown = _braces(family.labels, labels)
    yield f"{name}_count{shown} {float(sum(value.counts))!r}\n"
    yield f"{name}_sum{shown} {value.total!r}\n"


def _braces(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    pairs = zip(names, values, strict=True)
    inside = ",".join(f'{n}="{v.translate(_ESCAPED_LABEL)}"' for n, v in pairs)
    return f"{{{inside}}}"
