"""Neighbouring measures that state one value: `1 h 45 min`, `3 dollars and 20 cents`."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import structs

from replayd.scoring.extract.numbers.measure import Measure
from replayd.scoring.extract.numbers.quantity import Quantity
from replayd.scoring.extract.numbers.units import UNITS, Unit

_GAP = re.compile(r"[\s,]*(?:and|und|et|y|e|en|och|i|и|ve)?\s*", re.IGNORECASE)
_HOURS = re.compile(
    r"\s?(?:hours?|hrs?|h|std\.?|stunden?|heures?|horas?|ore|uur|timmar|godzin\w*)\b",
    re.IGNORECASE,
)
_SECOND: Final = UNITS["s"]
# A sum of money and what is a hundredth of it.
_BEHIND: Final = frozenset(
    ["", "for", "per", "für", "pro", "pour", "para", "each", "and"]
)
_CENTS: Final = "cents"
LONGEST_GAP: Final = 3  # characters, as in `sette euro e cinquanta`


def joined(text: str, measures: Sequence[Measure]) -> list[Measure]:
    """Return measures with those that state one value together made one."""
    found: list[Measure] = []
    for measure in (_duration(text, each) for each in measures):
        if found and _GAP.fullmatch(text, found[-1].end, measure.start):
            one = _together(found[-1], measure)
            if one is not None:
                found[-1] = one
                continue
        found.append(measure)
    return found


def _together(one: Measure, other: Measure) -> Measure | None:
    a, b = one.unit, other.unit
    if a is not None and b is None and _is_change(one, other):
        return _sum(one, other, 1.0, 0.01, a)
    if a is None or b is None or one.per or not (one.is_number and other.is_number):
        return None
    if a.dimension == b.dimension == _SECOND.dimension and a.factor > b.factor:
        return _sum(one, other, a.factor, b.factor, _SECOND)
    if a.dimension.startswith("money") and b.dimension == _CENTS:
        return _sum(one, other, 1.0, 0.01, a)
    if a.dimension == b.dimension == "length" and a.factor == 0.3048 > b.factor:
        return _sum(one, other, a.factor, b.factor, Unit("length", 1.0))
    return None


def _is_change(one: Measure, other: Measure) -> bool:
    """Whether a bare number behind a sum of money is its cents: `drei Euro sechzig`."""
    spoken = other.start - one.end <= LONGEST_GAP and one.end - one.quantity.end > 2
    if (
        not spoken
        or not (one.is_number and other.is_number)
        or other.noun not in _BEHIND
    ):
        return False
    values = (_number(one), _number(other))
    return (
        one.unit is not None
        and one.unit.dimension.startswith(("money", "pounds"))
        and all(value == int(value) for value in values)
        and 0 < values[1] < 100
    )


def _sum(one: Measure, other: Measure, by: float, also: float, unit: Unit) -> Measure:
    first, second = _number(one), _number(other)
    value = first * Decimal(str(by)) + second * Decimal(str(also))
    quantity = Quantity(
        one.start,
        other.quantity.end,
        frozenset({format(value.normalize() + 0, "f")}),
    )
    return one._replace(quantity=quantity, unit=unit, end=other.end, mark="")


def _number(measure: Measure) -> Decimal:
    return Decimal(min(measure.quantity.readings, key=len))


def _duration(text: str, measure: Measure) -> Measure:
    """Read `1:45 hours` as a duration, not as a time of day."""
    reading = next(iter(measure.quantity.readings))
    if not reading.startswith("time ") or not (
        hours := _HOURS.match(text, measure.end)
    ):
        return measure
    if hours[0].strip().lower() == "h" and text[measure.end] != " ":
        return measure
    hour, _, minute = reading.removeprefix("time ").partition(":")
    seconds = int(hour) * 3_600 + int(minute) * 60
    quantity = structs.replace(measure.quantity, readings=frozenset({str(seconds)}))
    return measure._replace(quantity=quantity, unit=_SECOND, end=hours.end())
