"""Formats numbers and rows for the page's templates."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from replayd.model import STREAMS
from replayd.results.pair_view import Scored

T = TypeVar("T")
Rows: TypeAlias = list[tuple[str, Scored]]


class Page(Struct, Generic[T], frozen=True):
    """One page of a longer list."""

    rows: Sequence[T]
    number: int  # from 1
    pages: int


def paged(rows: Sequence[T], wanted: str, size: int) -> Page[T]:
    """Return the requested page; the first if the query is invalid."""
    pages = max(1, -(-len(rows) // size))
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else 1
    number = min(max(number, 1), pages)
    return Page(rows[(number - 1) * size : number * size], number, pages)


def signed(value: float | None) -> str:
    """Format a difference with its sign; a dash if absent."""
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")  # noqa: RUF001


def score(value: float | None) -> str:
    """Format a score with three digits; a dash if absent."""
    return "–" if value is None else f"{value:.3f}"  # noqa: RUF001 - a dash


def percent(value: float | None) -> str:
    """Format a share in percent; a dash if absent."""
    return "–" if value is None else f"{value:.0%}"  # noqa: RUF001 - a dash


def count(value: int) -> str:
    """Format a count with separators."""
    return f"{value:,}"


def age(seconds: float | None) -> str:
    """Format a duration in its largest unit; a dash if absent."""
    if seconds is None:
        return "–"  # noqa: RUF001 - a dash
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(at_ns: int) -> str:
    """Format a time in UTC to the minute; a dash if absent."""
    if not at_ns:
        return "–"  # noqa: RUF001 - a dash
    return f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%Y-%m-%d %H:%M} UTC"


def word(verdict: str) -> str:
    """Return a verdict in plain English."""
    return verdict.replace("_", " ")


class Bar(Struct, frozen=True):
    """An interval drawn on a line from -extent to +extent, in percent from the left."""

    low: float
    high: float
    mean: float | None
    margin: float
    zero: float = 50.0


def bar(stream: Any) -> Bar:  # noqa: ANN401 - a StreamView or ModalityView
    """Return where interval, mean and margin of a stream lie on the drawn line.

    The line reaches two and a half margins either way, or far enough for the mean.
    """
    extent = max(2.5 * float(stream.margin), 1.2 * abs(float(stream.difference or 0)))

    def at(value: float) -> float:
        share = (value + extent) / (2 * extent)
        return round(min(max(share, 0.0), 1.0) * 100, 2)

    low, high = stream.interval
    mean = None if stream.difference is None else at(stream.difference)
    return Bar(low=at(low), high=at(high), mean=mean, margin=at(-stream.margin))


def size(value: int) -> str:
    """Format a number of bytes in its largest unit."""
    for unit, factor in (("MB", 10**6), ("kB", 10**3)):
        if value >= factor:
            return f"{value / factor:.1f} {unit}"
    return f"{value} bytes"


def apart(scores: Mapping[str, Scored]) -> tuple[Rows, Rows]:
    """Return gating streams and rules that tell the arms apart, then the others."""
    told = [
        (name, score)
        for name, score in scores.items()
        if name in STREAMS or score.canary != score.control
    ]
    known = {name for name, _ in told}
    return told, [item for item in scores.items() if item[0] not in known]


FILTERS: dict[str, Callable[..., Any]] = {
    "signed": signed,
    "score": score,
    "count": count,
    "share": percent,
    "age": age,
    "moment": moment,
    "word": word,
    "bar": bar,
    "bytes": size,
    "apart": apart,
}
