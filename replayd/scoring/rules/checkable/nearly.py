"""Values and names that differ in nothing a reader would mind: rounding, transliteration."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from replayd.scoring.extract.language.key_words import plain_word
from replayd.scoring.extract.numbers.measure import Measure

ABOUT: Final = 5e-3  # relative, of a value that is said to be rounded
TO_THE_DIGIT: Final = 2e-2  # the same, where it rounds to the digit
UNSAID: Final = 5e-4  # the same where nothing says so, and decimals were dropped
SHORTEST_NAME: Final = 6  # letters of a name that has several spellings
_ABOUT = re.compile(
    r"(?:\b(?:about|around|approx\w*\.?|roughly|nearly|almost|circa|ca\.?|c\.|etwa|ungefähr|rund|knapp|environ|à peu près|unos?|aproximad\w+|casi|cerca d[ei]|circa|ongeveer|ungefär|około|около|примерно|yaklaşık)|[≈~∼約约大]|약|حوالي|लगभग)\W{0,3}\Z",
    re.IGNORECASE,
)
_SPELLINGS: Final = (
    (re.compile("tsch|tch|ch"), "h"),
    (re.compile("sch|sh|sz"), "s"),
    (re.compile("kh"), "h"),
    (re.compile("zh"), "z"),
    (re.compile("ph|ff|w|v"), "f"),
    (re.compile("ck|c|q"), "k"),
    (re.compile("ou"), "u"),
    (re.compile("[jy]"), "i"),
    (re.compile("i(?=[aeou])"), ""),
    (re.compile("ii+"), "i"),
    (re.compile(r"(.)\1"), r"\1"),
)


def rounded(wanted: Measure, got: Measure, recorded: str, text: str) -> bool:
    """Whether one of two values is the other, rounded as it says or seems to be."""
    if not (wanted.is_number and got.is_number) or (wanted.per != got.per):
        return False
    if wanted.unit and got.unit and wanted.unit.dimension != got.unit.dimension:
        return False
    first, second = _number(wanted), _number(got)
    if first is None or second is None or not first:
        return False
    if wanted.unit and got.unit:
        second *= got.unit.factor / wanted.unit.factor
    share = abs(first - second) / abs(first)
    told = _ABOUT.search(text[: got.start]) or _ABOUT.search(recorded[: wanted.start])
    places = min(_decimals(wanted), _decimals(got))
    if told:
        return share <= ABOUT or (
            share <= TO_THE_DIGIT and round(first, places) == round(second, places)
        )
    money = any(
        u is not None and u.dimension.startswith("money")
        for u in (wanted.unit, got.unit)
    )
    one, other = _decimals(wanted), _decimals(got)
    return not money and one != other and min(one, other) >= 1 and share <= UNSAID


def same_year(wanted: Measure, got: Measure) -> bool:
    """Whether a date says when, to the day, where a year was recorded."""
    if not wanted.is_number or wanted.unit is not None or got.is_number:
        return False
    years = {r[5:9] for r in got.quantity.readings if r.startswith("date ")}
    return bool(years & wanted.quantity.readings)


def without_sign(measure: Measure) -> Measure:
    """Return a value's amount."""
    readings = frozenset(r.removeprefix("-") for r in measure.quantity.readings)
    return measure._replace(quantity=replace(measure.quantity, readings=readings))


def _number(measure: Measure) -> float | None:
    readings = measure.quantity.readings
    if len(readings) != 1 or not (only := next(iter(readings)))[-1].isdecimal():
        return None
    try:
        return float(only)
    except ValueError:
        return None


def _decimals(measure: Measure) -> int:
    return len(min(measure.quantity.readings, key=len).partition(".")[2])


def same_name(words: Sequence[str], name: str) -> bool:
    """Whether a name stands there in another spelling: `Bulgakow` for `Bulgakov`."""
    if len(name) < SHORTEST_NAME or not name.isalpha():
        return False
    one = _spelt_alike(name)
    return any(
        word[:1] == name[:1]
        and len(word) >= SHORTEST_NAME - 1
        and _spelt_alike(word) == one
        for word in words
    )


def _spelt_alike(name: str) -> str:
    name = plain_word(name)
    for pattern, form in _SPELLINGS:
        name = pattern.sub(form, name)
    return name
