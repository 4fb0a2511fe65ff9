"""One value with its unit, and when two of them state the same."""

import math
import re
from typing import Final, NamedTuple

from replayd.scoring.extract.numbers.quantity import Quantity, agree
from replayd.scoring.extract.numbers.units import PURE, Unit

CLOSE: Final = 1e-6  # relative; more is another value
CONVERTED: Final = 3e-3  # of metres in feet, as people round them
_OF_TIME: Final = frozenset({60, 3_600, 86_400, 604_800, 12})
ROUGH: Final = 5e-4  # for values that do not end, as 1/3
_CLOCK = re.compile(r"([01]?\d|2[0-3])\.([0-5]\d)")
# Signs and words that several units share: each stands for any of them.
_SHARED: Final = {
    "money $": frozenset("USD AUD CAD NZD SGD HKD MXN".split()),
    "money ¥": frozenset("JPY CNY".split()),
    "money kr": frozenset("SEK NOK DKK".split()),
    "pounds": frozenset(["GBP"]),
}
_POUND: Final = Unit("mass", 0.45359237)


class Measure(NamedTuple):
    """One value and what it counts."""

    quantity: Quantity
    unit: Unit | None
    per: str
    noun: str  # the word that follows a bare number
    end: int  # where its unit ends
    mark: str = ""  # the one mark among its digits

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.quantity.start

    @property
    def is_number(self) -> bool:
        """Whether it is a number, not a date, a time or a weekday."""
        return not any(" " in reading for reading in self.quantity.readings)


def same_measure(wanted: Measure, got: Measure) -> bool:
    """Whether both state the same; a unit left out is none that contradicts."""
    if wanted.is_number != got.is_number:
        time, number = (got, wanted) if wanted.is_number else (wanted, got)
        return _is_time(time, number)
    if not wanted.is_number:
        return agree(wanted.quantity, got.quantity)
    if wanted.per and got.per and wanted.per != got.per:
        return False
    one, other = wanted.unit, got.unit
    if one and other and _counts_both_ends(wanted, one, got, other):
        return True
    if one and other:
        one, other = _settled(one, other), _settled(other, one)
        if one.dimension != other.dimension:
            return _angle(one, other) and _close(wanted, 1.0, got, 1.0)
        return _close(wanted, one.factor, got, other.factor)
    shares = [u for u in (one, other) if u and u.dimension == PURE]
    bare = got if one else wanted
    if _close(wanted, 1.0, got, 1.0):
        # A part of one is no part of a hundred: `1/4` is not `0.25 %`.
        return not (shares and _is_part(bare))
    if not shares:
        return False
    return _close(
        wanted, one.factor if one else 1.0, got, other.factor if other else 1.0
    )


# A fortnight and a week in languages that count its first day and its last.
_BY_BOTH_ENDS: Final = (("15", "2"), ("8", "1"))


def _counts_both_ends(wanted: Measure, one: Unit, got: Measure, other: Unit) -> bool:
    """Whether one states days and the other weeks: `quince días`, `dos semanas`."""
    if {one.factor, other.factor} != {86_400, 604_800}:
        return False
    days, weeks = (wanted, got) if one.factor < other.factor else (got, wanted)
    return any(
        day in days.quantity.readings and week in weeks.quantity.readings
        for day, week in _BY_BOTH_ENDS
    )


def _is_part(measure: Measure) -> bool:
    """Whether a number lies between nought and one."""
    return all(
        0 < float(reading) < 1
        for reading in measure.quantity.readings
        if not reading.startswith("digits")
    )


def _settled(unit: Unit, other: Unit) -> Unit:
    """Return which unit a shared sign means beside the `other` one."""
    meant = _SHARED.get(unit.dimension)
    if meant is None or unit.dimension == other.dimension:
        return unit
    if other.dimension == "mass" and unit.dimension == "pounds":
        return _POUND
    if other.dimension.removeprefix("money ") in meant:
        return other
    # Both shared, as `$` and `US$`: the same sign was settled above.
    return unit


def _is_time(time: Measure, number: Measure) -> bool:
    """Whether a number says a time: `18.30` for 18:30, or 42 seconds for 0:42."""
    readings = {r.removeprefix("time ") for r in time.quantity.readings}
    clocks = [r for r in readings if re.fullmatch(r"\d\d:\d\d", r)]
    if not clocks or number.per:
        return False
    unit = number.unit
    for clock in clocks:
        first, _, second = clock.partition(":")
        high, low = int(first), int(second)
        if unit is None:
            # The second of a pair of digits may be a nought: 18.3 is 18.30.
            stated = {f"{float(r):.2f}" for r in number.quantity.readings}
            if f"{high}.{low:02}" in stated:
                return True
        elif unit.dimension == "time":
            wanted = {float(high * 3_600 + low * 60), float(high * 60 + low)}
            values = {float(r) * unit.factor for r in number.quantity.readings}
            if wanted & values:
                return True
    return False


def _angle(one: Unit, other: Unit) -> bool:
    """Whether bare degrees stand for those of a temperature."""
    kinds = {one.dimension, other.dimension}
    return "angle" in kinds and bool(kinds & {"temperature", "temperature_f"})


def _close(wanted: Measure, by: float, got: Measure, other: float) -> bool:
    wants, gets = wanted.quantity.readings, got.quantity.readings
    if by == other and not wants.isdisjoint(gets):
        return True
    if len(wants) == len(gets) == 2 and wanted.mark == got.mark:
        # Both grouped or both decimal: `3,210 t` is not `3,210 kg` read otherwise.
        pairs = zip(sorted(wants, key=len), sorted(gets, key=len), strict=True)
        return any(
            _same(float(a) * by, float(b) * other, rough=False) for a, b in pairs
        )
    if _is_converted(by, other):
        return any(
            abs(float(a) * by - float(b) * other) <= CONVERTED * abs(float(a) * by)
            for a in wants
            for b in gets
            if not a.startswith("digits") and not b.startswith("digits")
        )
    return any(
        _same(float(a) * by, float(b) * other, rough=_endless(a) or _endless(b))
        for a in wants
        for b in gets
        if not a.startswith("digits") and not b.startswith("digits")
    )


def _is_converted(by: float, other: float) -> bool:
    """Whether two units are of different systems, so that a conversion is rounded."""
    ratio = math.log10(by / other)
    return abs(ratio - round(ratio)) > CLOSE and {by, other}.isdisjoint(_OF_TIME)


def _endless(reading: str) -> bool:
    return len(reading.partition(".")[2]) > 5


def _same(one: float, other: float, *, rough: bool) -> bool:
    return abs(one - other) <= (ROUGH if rough else CLOSE) * max(abs(one), abs(other))
