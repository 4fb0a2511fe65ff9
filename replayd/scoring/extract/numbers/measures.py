"""Numbers with their units, dates, times and weekdays: what a short answer states."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.numbers.clock_words import plain_clock
from replayd.scoring.extract.numbers.dates import MONTHS
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.numbers.quantities import quantities
from replayd.scoring.extract.numbers.quantity import Quantity, agree
from replayd.scoring.extract.numbers.units import PURE, Beside, Unit, unit_beside

LONGEST_READ = 16_384  # characters
CLOSE = 1e-6  # relative; more is another value
ROUGH = 5e-4  # for values that do not end, as 1/3

_FRACTIONS: Final = (
    (re.compile(r"\bhalf (?:an?|of an?)\b(?! (?:dozen|million|billion))|\b(?:ein|eine[nrs]?) halbe[rns]?\b|\bun demi(?:-|\b)|\bune demi(?:e|-)|\bmedi[oa]\b(?= (?:litro|kilo|hora|metro))|\bmezz[oa]\b(?= )", re.IGNORECASE), "0.5"),
    (re.compile(r"\b(?:three|drei|3) ?[- ]?(?:quarters?|viertel)\b|\btrois quarts\b|\btres cuartos\b", re.IGNORECASE), "0.75"),
    (re.compile(r"\b(?:an?|one|ein|eine) (?:quarter|viertel)\b(?! (?:past|to|nach|vor))|\bun quart\b|\bun cuarto\b", re.IGNORECASE), "0.25"),
    (re.compile(r"\b(?:two|zwei) ?-?(?:thirds|drittel)\b|\bdeux tiers\b|\bdos tercios\b", re.IGNORECASE), "0.666667"),
    (re.compile(r"\b(?:an?|one|ein) ?-?(?:third|drittel)\b|\bun tiers\b|\bun tercio\b", re.IGNORECASE), "0.333333"),
    (re.compile(r"\bhalf (?:a |of )?(?=(?:million|billion|dozen)\b)", re.IGNORECASE), "0.5 "),
    (re.compile(r"\b(?:a )?dozen\b", re.IGNORECASE), "12"),
    (re.compile(r"\b(?:an?|ein|une?|una?) (?=(?:hundred|thousand|million|billion|million|millón|milliard)\b)", re.IGNORECASE), "1 "),
    (re.compile(r"\b(?:one|two|three|four|five|six|seven|eight|nine|\d+) and a half\b", re.IGNORECASE), "+half"),
    (re.compile(r"\b(?:one|a) and a half\b|\banderthalb\b|\beinundeinhalb\b", re.IGNORECASE), "1.5"),
)  # fmt: skip
_SMALL: Final = "zero one two three four five six seven eight nine".split()
_DAYS: Final = {
    word: f"weekday {day}"
    for day, words in enumerate(
        (
            "monday mon mondays montag montags lundi lunes lunedì segunda-feira maandag",
            "tuesday tue tues tuesdays dienstag dienstags mardi martes martedì dinsdag",
            "wednesday wed wednesdays mittwoch mittwochs mercredi miércoles mercoledì"
            " woensdag",
            "thursday thu thur thurs thursdays donnerstag donnerstags jeudi jueves"
            " giovedì donderdag",
            "friday fri fridays freitag freitags vendredi viernes venerdì vrijdag",
            "saturday sat saturdays samstag samstags sonnabend samedi sábado sabato"
            " zaterdag",
            "sunday sundays sonntag sonntags dimanche domingo domenica zondag",
        )
    )
    for word in words.split()
}
_DAY = re.compile(
    rf"\b(?:{'|'.join(sorted(_DAYS, key=len, reverse=True))})\b", re.IGNORECASE
)
_SHORT_DAYS = frozenset({"sat", "wed", "mon", "fri", "thu", "tue", "martes", "sun"})


_MONTH_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH_YEAR = re.compile(
    rf"(?<!\d[ .])(?<!\w)(?:(?P<month>{_MONTH_NAMES})\b\.?,?(?:\s(?:of|de|del|im jahr))?\s(?P<y>\d{{4}})"
    r"|(?P<m>0?[1-9]|1[0-2])[/.](?P<y2>(?:19|20)\d\d)|(?P<y3>(?:19|20)\d\d)-(?P<m3>0[1-9]|1[0-2]))(?![\d/-])",
    re.IGNORECASE,
)


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


class Measured(NamedTuple):
    """A text in plain notation and its measures, in order."""

    text: str
    measures: tuple[Measure, ...]


def measured(text: str, language: str | None = None) -> Measured:
    """Return the measures of `text`."""
    plain = plain_clock(plain_numbers(text[:LONGEST_READ]))
    for pattern, value in _FRACTIONS:
        plain = pattern.sub(_and_a_half if value == "+half" else value, plain)
    found = list(quantities(plain, language=lambda: language or language_of(plain)))
    taken = {q.start for q in found}
    for day in _DAY.finditer(plain):
        word = day[0].lower()
        if day.start() in taken or (word in _SHORT_DAYS and not day[0][0].isupper()):
            continue
        found.append(Quantity(day.start(), day.end(), frozenset({_DAYS[word]})))
    for month in _MONTH_YEAR.finditer(plain):
        found = _with_month(found, month)
    found.sort(key=lambda quantity: quantity.start)
    return Measured(plain, tuple(_with_units(plain, found)))


def _with_month(found: list[Quantity], match: re.Match[str]) -> list[Quantity]:
    """Take a month with its year as one date, where no whole date stands already."""
    start, end = match.span()
    inside = [q for q in found if q.start < end and q.end > start]
    if any(" " in reading for q in inside for reading in q.readings):
        return found
    number = MONTHS.get((match["month"] or "").lower()) or int(
        match["m"] or match["m3"]
    )
    year = match["y"] or match["y2"] or match["y3"]
    date = Quantity(start, end, frozenset({f"date {year}-{number:02}"}))
    return [*(q for q in found if q not in inside), date]


def _and_a_half(match: re.Match[str]) -> str:
    word = match[0].split()[0].lower()
    return f"{_SMALL.index(word) if word in _SMALL else int(word)}.5"


def _with_units(text: str, found: Sequence[Quantity]) -> list[Measure]:
    measures: list[Measure] = []
    for quantity in found:
        if any(" " in reading for reading in quantity.readings):
            measures.append(Measure(quantity, None, "", "", quantity.end))
            continue
        beside: Beside = unit_beside(text, quantity.start, quantity.end)
        digits = text[quantity.start : quantity.end]
        mark = "".join(sorted({c for c in digits if c in ".,"}))
        measures.append(
            Measure(quantity, beside.unit, beside.per, beside.noun, beside.end, mark)
        )
    return measures


def same_measure(wanted: Measure, got: Measure) -> bool:
    """Whether both state the same; a unit left out is none that contradicts."""
    if not wanted.is_number or not got.is_number:
        return agree(wanted.quantity, got.quantity)
    if wanted.per and got.per and wanted.per != got.per:
        return False
    one, other = wanted.unit, got.unit
    if one and other and one.dimension != other.dimension:
        return _angle(one, other) and _close(wanted, 1.0, got, 1.0)
    if one and other:
        return _close(wanted, one.factor, got, other.factor)
    if _close(wanted, 1.0, got, 1.0):
        return True
    shares = [u for u in (one, other) if u and u.dimension == PURE]
    if not shares:
        return False
    return _close(
        wanted, one.factor if one else 1.0, got, other.factor if other else 1.0
    )


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
    return any(
        _same(float(a) * by, float(b) * other, rough=_endless(a) or _endless(b))
        for a in wants
        for b in gets
        if not a.startswith("digits") and not b.startswith("digits")
    )


def _endless(reading: str) -> bool:
    return len(reading.partition(".")[2]) > 5


def _same(one: float, other: float, *, rough: bool) -> bool:
    return abs(one - other) <= (ROUGH if rough else CLOSE) * max(abs(one), abs(other))
