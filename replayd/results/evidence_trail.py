"""Course of one stream's verdict over its replays: mean and interval, as plotted.

A confidence sequence holds at every look at once, so its whole course may be shown.
The same fold as the leader's, over the same committed differences; a few dozen of its
looks are kept, twice as far apart whenever there are too many.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from replayd.stats import StreamFold, StreamSettings, StreamVerdict, StreamWord

MOST_POINTS: Final = 96
CHUNK: Final = 2_000  # differences folded before others on the loop get their turn


class TrailPoint(Struct, frozen=True):
    """The verdict after so many replays."""

    replays: int
    number: int  # of the pair then folded
    difference: float | None
    low: float
    high: float
    word: StreamWord


class EvidenceTrail:
    """Folds differences in order and keeps looks at even distances."""

    def __init__(self, settings: StreamSettings) -> None:
        self.settings = settings
        self._fold = StreamFold(settings)
        self._points: list[TrailPoint] = []
        self._every = 1
        self._replays = 0
        self.next_number = 0

    def add(self, differences: Iterable[tuple[int, float]]) -> None:
        """Fold (number, difference) in order; numbers already seen are ignored."""
        for number, difference in differences:
            if number < self.next_number:
                continue
            self.next_number = number + 1
            self._fold.add(difference, number=number)
            self._replays += 1
            if self._replays % self._every == 0:
                self._points.append(self._look())
                if len(self._points) > MOST_POINTS:
                    del self._points[::2]
                    self._every *= 2

    @property
    def points(self) -> tuple[TrailPoint, ...]:
        """The looks kept, and one at the newest replay."""
        if not self._replays or self._points[-1:] == [newest := self._look()]:
            return tuple(self._points)
        return (*self._points, newest)

    def _look(self) -> TrailPoint:
        verdict: StreamVerdict = self._fold.verdict()
        return TrailPoint(
            replays=verdict.replays,
            number=self.next_number - 1,
            difference=verdict.difference,
            low=verdict.interval.low,
            high=verdict.interval.high,
            word=verdict.word,
        )
