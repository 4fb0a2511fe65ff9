"""Numbers, dates and times in a text, whatever the locale they are written in.

`4,210`, `4.210` in a German text, `4 210` in a French one and `4.21 thousand` are
one value. Where a text does not tell its locale, a quantity keeps both readings and
equals whatever shares one of them.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from replayd.scoring.language import BLANK_GROUPS, COMMA_DECIMAL, language_of

LONGEST_READ = 32_768  # characters; scorers read no further on either side
MOST_DIGITS = 40
KEPT_READINGS = 64  # texts; all rules of a pair read the same few


class Quantity(Struct, frozen=True):
    """One value and where it stands."""

    start: int
    end: int
    readings: frozenset[str]  # canonical values; two quantities agree if they share one
    optional: bool = False  # "one" and its like: may be an article
    # Readings with a part left out, as a date without its year: they agree with a
    # quantity that leaves it out too, not with each other.
    shortened: frozenset[str] = frozenset()


_DIGITS = r"\d+(?:[.,'’\u00a0\u202f]\d+)*"  # noqa: RUF001 - a thousands mark
_NUMBER = re.compile(
    rf"(?:(?<![\w)])(?P<sign>[-−+])[$€£¥]?|(?<!\w)[$€£¥]?)(?P<digits>{_DIGITS})"  # noqa: RUF001 - a minus sign
    r"(?P<letters>[^\W\d_]*)"
    r"(?:[ \u00a0](?P<scale>thousand|million|billion|mio|mrd|tsd|tausend|millionen"
    r"|milliarden|millions?|milliards?|millones|mil|bn|mn)\b)?",
    re.IGNORECASE,
)
_A_BLANK_GROUP = re.compile(r"\d \d{3}")
_BLANK_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?: \d{3})+(?![\w.,]*\d)")
_SCALES = {
    "k": 1_000,
    "tsd": 1_000,
    "thousand": 1_000,
    "tausend": 1_000,
    "mil": 1_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "mio": 1_000_000,
    "million": 1_000_000,
    "millions": 1_000_000,
    "millionen": 1_000_000,
    "millones": 1_000_000,
    "b": 1_000_000_000,
    "bn": 1_000_000_000,
    "mrd": 1_000_000_000,
    "billion": 1_000_000_000,
    "milliard": 1_000_000_000,
    "milliards": 1_000_000_000,
    "milliarden": 1_000_000_000,
}
_MONTHS = {
    prefix: month
    for month, prefixes in enumerate(
        (
            "jan ene gen",
            "feb fév fev",
            "mar mär mrz",
            "apr avr abr",
            "may mai mag maj",
            "jun juin giu",
            "jul juil lug",
            "aug aoû ago",
            "sep set",
            "oct okt ott out",
            "nov",
            "dec dez déc dic",
        ),
        start=1,
    )
    for prefix in prefixes.split()
}
_MONTH = r"(?P<month>[^\W\d_]{3,10})\.?"
_A_DIGIT = re.compile(r"\d")
# Each with what it cannot do without, which is quicker to look for.
_DATES = (
    (
        re.compile(r"\d-\d"),
        re.compile(r"(?<![\w.])(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)"),
    ),
    (
        re.compile(r"\d\.\s?\d"),
        re.compile(
            r"(?<![\w.])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})(?!\d)"
        ),
    ),
    (
        re.compile(r"\d/\d"),
        re.compile(r"(?<![\w.])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})(?!\d)"),
    ),
    (
        re.compile(r"\d[^\W\d_.]{0,2}\.?\s[^\W\d_]"),
        re.compile(
            rf"(?<![\w.])(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?\s(?:(?:of|de)\s)?{_MONTH}"
            r"(?:,?\s(?:de\s)?(?P<y>\d{4}))?(?!\d)",
            re.IGNORECASE,
        ),
    ),
    (
        re.compile(r"\s\d"),
        re.compile(
            rf"(?<!\w){_MONTH}\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<y>\d{{4}}))?(?![\d.,]*\d)",
            re.IGNORECASE,
        ),
    ),
)
_A_TIME = re.compile(r"\d(?::\d\d|\s?[ap]\.?m)", re.IGNORECASE)
_TIME = re.compile(
    r"(?<![\w.:])(?P<h>\d{1,2})(?::(?P<min>\d{2}))?(?:\s?(?P<half>[ap])\.?m\b\.?|(?<=:\d\d)(?![:\d]))",
    re.IGNORECASE,
)
_WORD_VALUES = {
    word: value
    for value, words in {
        0: "zero",
        2: "two zwei deux dos",
        3: "three drei trois tres",
        4: "four vier quatre cuatro",
        5: "five fünf cinq cinco",
        6: "six sechs seis",
        7: "seven sieben siete",
        8: "eight acht huit ocho",
        9: "nine neun neuf nueve",
        10: "ten zehn dix diez",
        11: "eleven elf onze",
        12: "twelve zwölf douze doce",
        13: "thirteen dreizehn treize trece",
        14: "fourteen vierzehn quatorze catorce",
        15: "fifteen fünfzehn quinze quince",
        16: "sixteen sechzehn seize",
        17: "seventeen siebzehn",
        18: "eighteen achtzehn",
        19: "nineteen neunzehn",
        20: "twenty zwanzig vingt veinte",
        30: "thirty dreißig trente treinta",
        40: "forty vierzig quarante cuarenta",
        50: "fifty fünfzig cinquante cincuenta",
        60: "sixty sechzig soixante sesenta",
        70: "seventy siebzig setenta",
        80: "eighty achtzig ochenta",
        90: "ninety neunzig noventa",
    }.items()
    for word in words.split()
}
_ONES = frozenset(
    "one ein eine einen einem einer eins un une uno una".split()  # noqa: SIM905
)
_NAMED_NUMBERS = _ONES.union(_WORD_VALUES)
_WORD = re.compile(r"[^\W\d_]+")
_TENS, _UNITS = range(20, 100, 10), range(2, 10)


def quantities(text: str) -> tuple[Quantity, ...]:
    """Return all quantities of `text` in order, none overlapping."""
    return _quantities(text[:LONGEST_READ])


@lru_cache(maxsize=KEPT_READINGS)
def _quantities(text: str) -> tuple[Quantity, ...]:
    found: list[Quantity] = []
    if _A_DIGIT.search(text):
        found = [*_dates(text), *_times(text), *_numbers(text)]
    return _without_overlaps([*found, *_word_numbers(text)])


def agree(one: Quantity, other: Quantity) -> bool:
    """Whether both can be read as the same value."""
    return not (
        one.readings.isdisjoint(other.readings | other.shortened)
        and one.shortened.isdisjoint(other.readings)
    )


def _without_overlaps(found: list[Quantity]) -> tuple[Quantity, ...]:
    """Earlier kinds win: the `3` of `3 March` is no number of its own."""
    kept: list[Quantity] = []
    covered = bytearray(LONGEST_READ + 1)
    for quantity in found:
        if not any(covered[quantity.start : quantity.end]):
            covered[quantity.start : quantity.end] = b"\1" * (
                quantity.end - quantity.start
            )
            kept.append(quantity)
    return tuple(sorted(kept, key=lambda quantity: quantity.start))


def _dates(text: str) -> Iterator[Quantity]:
    for needed, pattern in _DATES:
        for match in pattern.finditer(text) if needed.search(text) else ():
            if days := _days(match.groupdict()):
                short = frozenset(f"date {day}" for day in days)
                year = match.groupdict().get("y")
                full = frozenset(f"date {year}-{day}" for day in days)
                yield Quantity(
                    match.start(),
                    match.end(),
                    full if year else short,
                    shortened=short if year else frozenset(),
                )


def _days(parts: dict[str, str | None]) -> list[str]:
    """Return the days, as `03-31`, that a date's parts may mean."""
    if parts.get("a"):
        a, b = int(parts["a"] or 0), int(parts["b"] or 0)
        orders = {(a, b), (b, a)}
    elif parts.get("month"):
        month = _month(parts["month"] or "")
        orders = {(month, int(parts["d"] or 0))} if month else set()
    else:
        orders = {(int(parts["m"] or 0), int(parts["d"] or 0))}
    return [
        f"{month:02}-{day:02}"
        for month, day in sorted(orders)
        if 1 <= month <= 12 and 1 <= day <= 31
    ]


def _month(word: str) -> int | None:
    word = word.lower()
    return _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])


def _times(text: str) -> Iterator[Quantity]:
    for match in _TIME.finditer(text) if _A_TIME.search(text) else ():
        hour, minute = int(match["h"]), int(match["min"] or 0)
        half = (match["half"] or "").lower()
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour < 24 and minute < 60:
            yield Quantity(
                match.start(), match.end(), frozenset({f"time {hour:02}:{minute:02}"})
            )


def _numbers(text: str) -> Iterator[Quantity]:
    matches = list(_number_matches(text))
    digits = [match["digits"] for match in matches]
    grouped = bool(_A_BLANK_GROUP.search(text))
    # Digits alone read the same in every language.
    plain = not grouped and not any("." in each or "," in each for each in digits)
    language = None if plain else language_of(text)
    if grouped and language in BLANK_GROUPS:
        for match in _BLANK_GROUPED.finditer(text):
            value = Decimal(match[0].replace(" ", ""))
            yield Quantity(match.start(), match.end(), frozenset({_canonical(value)}))
    decimal_mark = _decimal_mark(digits, language)
    for match in matches:
        yield from _number(match, decimal_mark)


def _number_matches(text: str) -> Iterator[re.Match[str]]:
    """Yield what `finditer` would, looking at digits and the two places before."""
    at = 0
    while digit := _A_DIGIT.search(text, at):
        match = _NUMBER.search(text, max(at, digit.start() - 2))
        if match is None:
            return
        yield match
        at = match.end()


def _number(match: re.Match[str], decimal_mark: str) -> Iterator[Quantity]:
    digits = match["digits"]
    letters = (match["letters"] or "").lower()
    if len(digits) > MOST_DIGITS:
        reading = frozenset({f"digits {digits}"})
        yield Quantity(match.start(), match.end(), reading)
        return
    values = _values(digits, decimal_mark)
    if not values:  # 1,2,3 without blanks: a list, or a version
        for part in re.finditer(r"\d+", digits):
            at = match.start("digits") + part.start()
            reading = frozenset({_canonical(Decimal(part[0]))})
            yield Quantity(at, at + len(part[0]), reading)
        return
    if match["sign"] and match["sign"] != "+":
        values = [-value for value in values]
    scaled = list(values)
    if factor := _SCALES.get((match["scale"] or "").lower()):
        scaled = [value * factor for value in values]
    elif factor := _SCALES.get(letters):
        # `5m` may be metres, `4k` a resolution: both readings stay.
        scaled = [*values, *(value * factor for value in values)]
    end = match.end() if factor else match.end("digits")
    yield Quantity(match.start(), end, frozenset(map(_canonical, scaled)))


def _values(digits: str, decimal_mark: str) -> list[Decimal]:
    """Return the possible values of a digit string; none if it is a list."""
    plain = re.sub("['’\u00a0\u202f]", "", digits)  # noqa: RUF001 - thousands marks
    marks = [mark for mark in plain if mark in ".,"]
    if not marks:
        return [Decimal(plain)]
    last = marks[-1]
    groups = re.split("[.,]", plain)
    if len(set(marks)) == 2 and marks.count(last) == 1:
        return [Decimal("".join(groups[:-1]) + "." + groups[-1])]
    if len(marks) > 1:
        grouped = len(set(marks)) == 1 and all(len(g) == 3 for g in groups[1:])
        return [Decimal("".join(groups))] if grouped else []
    whole, rest = groups
    as_decimal = Decimal(f"{whole}.{rest}")
    if len(rest) != 3 or len(whole) > 3 or whole == "0":
        return [as_decimal]
    as_grouped = Decimal(whole + rest)
    if not decimal_mark:
        return [as_grouped, as_decimal]
    return [as_decimal] if last == decimal_mark else [as_grouped]


def _decimal_mark(numbers: list[str], language: str | None) -> str:
    """Return the decimal mark that the text itself shows, else its language's."""
    shown = {mark for number in numbers if (mark := _mark_shown(number))}
    if len(shown) == 1:
        return shown.pop()
    if shown or language is None:
        return ""
    return "," if language in COMMA_DECIMAL else "."


def _mark_shown(number: str) -> str:
    """Return the decimal mark that one number gives away, or an empty text."""
    marks = [mark for mark in number if mark in ".,"]
    other = {".": ",", ",": "."}
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1]
    groups = re.split("[.,]", number)
    if len(marks) > 1:
        return other[marks[0]] if all(len(g) == 3 for g in groups[1:]) else ""
    if len(groups[1]) != 3 or len(groups[0]) > 3 or groups[0] == "0":
        return marks[0]
    return ""


def _word_numbers(text: str) -> Iterator[Quantity]:
    lowered = text.lower() if text.isascii() else ""
    if lowered and _NAMED_NUMBERS.isdisjoint(_WORD.findall(lowered)):
        return
    words = list(_WORD.finditer(text))
    skip = False
    for index, match in enumerate(words):
        word = match[0].lower()
        if skip:
            skip = False
            continue
        if word in _ONES:
            yield Quantity(match.start(), match.end(), frozenset({"1"}), optional=True)
        value = _WORD_VALUES.get(word)
        if value is None:
            continue
        end = match.end()
        if value in _TENS and index + 1 < len(words):
            after = words[index + 1]
            unit = _WORD_VALUES.get(after[0].lower())
            unit = 1 if after[0].lower() == "one" else unit
            if (unit == 1 or unit in _UNITS) and text[end : after.start()] in {
                " ",
                "-",
            }:
                value, end, skip = value + (unit or 0), after.end(), True
        yield Quantity(match.start(), end, frozenset({str(value)}))


def _canonical(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")
