"""Pairs until a fault is caught, from the verdict's own test over seeded orders.

Pairs are drawn with replacement from the stored ones, as traffic would bring them. At
a rate below one only that share of the answers carries the fault. Where a control was
asked twice, a difference of it against itself, of either sign, is added to every pair:
without that noise an alarm would seem to need fewer pairs than it does.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from replayd.drills.certificate import CAUGHT_SHARE, Sensitivity
from replayd.drills.injuring import Measured
from replayd.evidence.differences import PROTECTED
from replayd.stats import StreamFold, StreamSettings, StreamWord

ORDERS = 20
MOST_PAIRS = 1_000
# A fault that fewer pairs can have, in number or in share, is not applicable.
FEWEST_APPLIES = 5
LEAST_APPLIES = 0.02
RATES = (1.0, 0.1)  # of faults; twins are drilled at 1 alone
_ALARMS: frozenset[StreamWord] = frozenset({"regressed"})
# Of a twin any alarm counts, and so does a drop that is within the margin.
_RAISED: frozenset[StreamWord] = frozenset({"regressed", "pass_with_drop"})


class Drilled(Protocol):
    """A fault by its name; how it is made is no matter here."""

    @property
    def name(self) -> str: ...  # noqa: D102 - a field
    @property
    def harmless(self) -> bool: ...  # noqa: D102


class Place(Struct, frozen=True):
    """A modality or one of its protected slices, and its streams' tests."""

    modality: str
    slice: str
    streams: Mapping[str, StreamSettings]  # by the name in `Measured`


class Orders(Struct, frozen=True, kw_only=True):
    """Number and length of the seeded orders of pairs."""

    count: int = ORDERS
    most_pairs: int = MOST_PAIRS
    seed: str = ""


async def sensitivities(
    place: Place,
    measured: Sequence[Measured],
    faults: Sequence[Drilled],
    orders: Orders,
    pause: Callable[[], Awaitable[None]],
) -> list[Sensitivity]:
    """Return one row per fault and rate; `pause` is awaited between orders."""
    there = [
        each
        for each in measured
        if each.modality == place.modality
        and (not place.slice or place.slice in each.slices)
    ]
    rows: list[Sensitivity] = []
    for fault in faults:
        pairs = [each for each in there if fault.name not in each.untried]
        applies = sum(fault.name in each.faults for each in pairs)
        for rate in (1.0,) if fault.harmless else RATES:
            row = Sensitivity(
                modality=place.modality,
                slice=place.slice,
                fault=fault.name,
                harmless=fault.harmless,
                rate=rate,
                pairs=len(pairs),
                applies=applies,
            )
            if applies >= max(FEWEST_APPLIES, LEAST_APPLIES * len(pairs)):
                drill = _Drill(place, pairs, fault, rate, orders)
                row = await drill.row(row, pause)
            rows.append(row)
    return rows


class _Drill:
    """One fault at one rate in one place."""

    def __init__(
        self,
        place: Place,
        pairs: Sequence[Measured],
        fault: Drilled,
        rate: float,
        orders: Orders,
    ) -> None:
        self._place, self._pairs, self._fault = place, pairs, fault
        self._rate, self._orders = rate, orders
        self._noise = [each.noise for each in pairs if each.noise is not None]
        self._alarms = _RAISED if fault.harmless else _ALARMS

    async def row(
        self, row: Sensitivity, pause: Callable[[], Awaitable[None]]
    ) -> Sensitivity:
        """Return `row` with what the orders came to."""
        after: list[float] = []
        streams: Counter[str] = Counter()
        for number in range(self._orders.count):
            await pause()
            count, stream = self._order(number)
            after.append(float("inf") if count is None else count)
            streams.update([stream] if stream else [])
        after.sort()
        caught = sum(count != float("inf") for count in after)
        last = len(after) - 1
        share = caught / len(after)
        low, median, high = (_at(after, round(q * last)) for q in (0.1, 0.5, 0.9))
        stream = streams.most_common(1)[0][0] if streams else ""
        return replace(
            row,
            standing="caught" if share >= CAUGHT_SHARE else "not_caught",
            caught_share=share,
            after=median,
            after_low=low,
            after_high=high,
            stream=stream_shown(self._place, stream),
        )

    def _order(self, number: int) -> tuple[int | None, str]:
        """Return the pairs until an alarm in one order, and whose it was."""
        place = self._place
        names = [name for name in place.streams if self._moves(name)]
        folds = {name: StreamFold(place.streams[name]) for name in names}
        for at, drawn in enumerate(self._drawn(number)):
            for name, value in drawn.items():
                fold = folds.get(name)
                if fold is not None and fold.add(value, number=at) in self._alarms:
                    return at + 1, name
        return None, ""

    def _moves(self, stream: str) -> bool:
        """Whether any pair differs there; else its test can raise nothing."""
        hits = (each.faults.get(self._fault.name, {}) for each in self._pairs)
        return any(each.get(stream) for each in (*hits, *self._noise))

    def _drawn(self, number: int) -> Iterator[dict[str, float]]:
        """Yield each pair's differences in one order."""
        key = (self._orders.seed, *self._place.streams, self._place.modality)
        seed = f"{key}/{self._place.slice}/{self._fault.name}/{self._rate}/{number}"
        rng = random.Random(seed)  # noqa: S311 - an order of pairs
        for _ in range(self._orders.most_pairs):
            pair = self._pairs[rng.randrange(len(self._pairs))]
            hit = rng.random() < self._rate
            injured = pair.faults.get(self._fault.name, {}) if hit else {}
            noise: Mapping[str, float] = rng.choice(self._noise) if self._noise else {}
            sign = rng.choice((-1.0, 1.0))
            yield {
                name: max(
                    -1.0, min(1.0, injured.get(name, 0.0) + sign * noise.get(name, 0.0))
                )
                for name in pair.streams
            }


def _at(counts: Sequence[float], place: int) -> int | None:
    count = counts[place]
    return None if count == float("inf") else int(count)


def stream_shown(place: Place, name: str) -> str:
    """Return a stream's name as verdicts use it."""
    return f"slice:{place.slice}" if name == PROTECTED else name
