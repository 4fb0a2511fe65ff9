"""Prometheus text exposition.

Source: Prometheus documentation, "Exposition formats", text format 0.0.4.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from collector.metrics.families import Buckets, Family, Labels

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPED_TEXT: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})
_ESCAPED_LABEL: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def page(families: Iterable[Family]) -> bytes:
    """Render these families as a page."""
    return "".join(line for family in families for line in _lines(family)).encode()


def _lines(family: Family) -> Iterator[str]:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    yield f"# HELP {name} {family.text.translate(_ESCAPED_TEXT)}\n"
    yield f"# TYPE {name} {family.kind}\n"
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
