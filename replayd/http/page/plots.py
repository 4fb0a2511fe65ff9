"""Geometry of a confidence sequence as an inline SVG: band, mean, margin and zero.

Pure: numbers in, path data out. The template draws it; no script is needed.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from replayd.results.evidence_trail import TrailPoint

WIDTH: Final = 420.0
HEIGHT: Final = 170.0
LEFT: Final = 46.0  # of the plotted field; labels stand beside it
RIGHT: Final = 10.0
TOP: Final = 8.0
BOTTOM: Final = 24.0
LINE: Final = 13.0  # between two labels
NARROWEST: Final = 3.0  # margins that the field shows above and below zero at least


class Tick(Struct, frozen=True):
    """A labelled place on an axis."""

    at: float
    label: str


class Plot(Struct, frozen=True, kw_only=True):
    """A drawn course; coordinates are those of the view box."""

    band: str  # path of the interval
    line: str  # path of the mean
    end_x: float
    end_y: float | None  # of the newest mean
    zero: float
    margin: float
    alarm_x: float | None  # where it was first called a regression
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


def plotted(points: Sequence[TrailPoint], margin: float) -> Plot | None:
    """Return the drawn course; None without a replay."""
    if not points:
        return None
    low, high = _extent(points, margin)
    last = max(points[-1].replays, 2)

    def x(replays: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * replays / last, 1)

    def y(value: float) -> float:
        share = (high - min(max(value, low), high)) / (high - low)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * share, 1)

    upper = [f"{x(p.replays)},{y(p.high)}" for p in points]
    lower = [f"{x(p.replays)},{y(p.low)}" for p in reversed(points)]
    mean = [
        f"{x(p.replays)},{y(p.difference)}" for p in points if p.difference is not None
    ]
    newest = points[-1]
    alarm = next((p for p in points if p.word == "regressed"), None)
    return Plot(
        band=f"M{'L'.join(upper)}L{'L'.join(lower)}Z",
        line=f"M{'L'.join(mean)}" if mean else "",
        end_x=x(newest.replays),
        end_y=None if newest.difference is None else y(newest.difference),
        zero=y(0.0),
        margin=y(-margin),
        alarm_x=None if alarm is None else x(alarm.replays),
        x_ticks=tuple(Tick(x(n), f"{n:,}") for n in sorted({0, last // 2, last})),
        y_ticks=_y_ticks(low, high, margin, y),
    )


def _extent(points: Sequence[TrailPoint], margin: float) -> tuple[float, float]:
    """Return what the field spans: the newest interval, all means, and some margins.

    The first intervals span everything; drawn whole, they would leave no room.
    """
    settled = points[len(points) // 3 :]
    means = [p.difference for p in settled if p.difference is not None]
    low = min([-NARROWEST * margin, 1.15 * points[-1].low, *(1.15 * m for m in means)])
    high = max([NARROWEST * margin, 1.15 * points[-1].high, *(1.15 * m for m in means)])
    # One odd end must not flatten the other.
    low, high = min(low, -high / 4), max(high, -low / 4)
    return max(low, -1.05), min(high, 1.05)


def _y_ticks(
    low: float, high: float, margin: float, y: Callable[[float], float]
) -> tuple[Tick, ...]:
    """Label zero and the margin, and the ends where they leave room."""
    beside = max(y(-margin), round(y(0.0) + LINE, 1))  # a small margin lies on zero
    found = [Tick(y(0.0), "0"), Tick(beside, _signed(-margin))]
    for value in (high, low):
        at = y(value)
        if all(abs(at - tick.at) >= LINE for tick in found):
            found.append(Tick(at, _signed(value)))
    return tuple(found)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\u2212")
