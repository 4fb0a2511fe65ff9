"""Numbers, dates and times in a text, whatever the locale they are written in.

`4,210`, `4.210` in a German text, `4 210` in a French one and `4.21 thousand` are
one value. Where a text does not tell its locale, a quantity keeps both readings and
equals whatever shares one of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import pairwise

from replayd.scoring.extract.dates import beginnings, dates, times
from replayd.scoring.extract.language import BLANK_GROUPS, COMMA_DECIMAL, lowered_words
from replayd.scoring.extract.quantity import Quantity

LONGEST_READ = 32_768  # characters; scorers read no further on either side
MOST_DIGITS = 40
SURE_DIGITS = 28  # as many as Python's decimal arithmetic keeps

_DIGITS = r"\d+(?:[.,'’\u00a0\u202f]\d+)*"  # noqa: RUF001 - a thousands mark
_NUMBER = re.compile(
    rf"(?:(?<![\w)])(?P<sign>[-−+])[$€£¥]?|(?<!\w)[$€£¥]?)(?P<digits>{_DIGITS})"  # noqa: RUF001 - a minus sign
    r"(?P<letters>[^\W\d_]*)"
    r"(?:[ \u00a0](?P<scale>thousand|million|billion|mio|mrd|tsd|tausend|millionen"
    r"|milliarden|millions?|milliards?|millones|mil|bn|mn)\b)?",
    re.IGNORECASE,
)
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
_A_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"\d+")
_THOUSANDS = re.compile("['’\u00a0\u202f]")  # noqa: RUF001 - marks between them
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
_TENS, _UNITS = range(20, 100, 10), range(2, 10)


def quantities(text: str, language: Callable[[], str | None]) -> tuple[Quantity, ...]:
    """Return all quantities of `text` in order, none overlapping.

    The text's `language` is asked for only where it tells how to read a number.
    """
    found: list[Quantity] = []
    if _A_DIGIT.search(text):
        starts, grouped = beginnings(text)
        found += dates(text, starts)
        found += times(text, starts)
        found += _numbers(text, language, grouped=grouped)
    if named := _NAMED_NUMBERS.intersection(lowered_words(text)):
        found += _word_numbers(text, named)
    return _without_overlaps(found)


def _without_overlaps(found: list[Quantity]) -> tuple[Quantity, ...]:
    """Earlier kinds win: the `3` of `3 March` is no number of its own."""
    if len(found) < 2:
        return tuple(found)
    kept: list[Quantity] = []
    covered = bytearray(max(quantity.end for quantity in found))
    for quantity in found:
        start, end = quantity.start, quantity.end
        if covered.find(1, start, end) < 0:
            covered[start:end] = b"\1" * (end - start)
            kept.append(quantity)
    return tuple(sorted(kept, key=lambda quantity: quantity.start))


def _numbers(
    text: str, language: Callable[[], str | None], *, grouped: bool
) -> Iterator[Quantity]:
    matches = list(_number_matches(text))
    marked = [d for match in matches if not (d := match["digits"]).isdecimal()]
    # Digits alone read the same in every language.
    code = language() if grouped or marked else None
    if grouped and code in BLANK_GROUPS:
        for match in _BLANK_GROUPED.finditer(text):
            value = Decimal(match[0].replace(" ", ""))
            yield Quantity(match.start(), match.end(), frozenset({_canonical(value)}))
    decimal_mark = _decimal_mark(marked, code) if marked else ""
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
    sign, digits, letters, scale = match.groups()
    negative = sign and sign != "+"
    scale_factor = _SCALES.get(scale.lower()) if scale else None
    factor = scale_factor or (_SCALES.get(letters.lower()) if letters else None)
    if not factor and len(digits) <= SURE_DIGITS and digits.isdecimal():
        value = -int(digits) if negative else int(digits)
        yield Quantity(match.start(), match.end("digits"), frozenset({str(value)}))
        return
    if len(digits) > MOST_DIGITS:
        reading = frozenset({f"digits {digits}"})
        yield Quantity(match.start(), match.end(), reading)
        return
    values = _values(digits, decimal_mark)
    if not values:  # 1,2,3 without blanks: a list, or a version
        for part in _RUN.finditer(digits):
            at = match.start("digits") + part.start()
            reading = frozenset({_canonical(Decimal(part[0]))})
            yield Quantity(at, at + len(part[0]), reading)
        return
    if negative:
        values = [-value for value in values]
    if factor:
        scaled = [value * factor for value in values]
        # `5m` may be metres, `4k` a resolution: both readings stay.
        values = scaled if scale_factor else [*values, *scaled]
    end = match.end() if factor else match.end("digits")
    yield Quantity(match.start(), end, frozenset(map(_canonical, values)))


def _values(digits: str, decimal_mark: str) -> list[Decimal]:
    """Return the possible values of a digit string; none if it is a list."""
    plain = _THOUSANDS.sub("", digits)
    groups = plain.replace(",", ".").split(".")
    if len(groups) == 1:
        return [Decimal(plain)]
    last = plain[-len(groups[-1]) - 1]
    mixed = "." in plain and "," in plain
    if mixed and plain.count(last) == 1:
        return [Decimal("".join(groups[:-1]) + "." + groups[-1])]
    if len(groups) > 2:
        grouped = not mixed and all(len(g) == 3 for g in groups[1:])
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
    groups = number.replace(",", ".").split(".")
    if len(groups) == 1:
        return ""
    last = number[-len(groups[-1]) - 1]
    if "." in number and "," in number:
        return last
    if len(groups) > 2:
        other = "," if last == "." else "."
        return other if all(len(g) == 3 for g in groups[1:]) else ""
    if len(groups[1]) != 3 or len(groups[0]) > 3 or groups[0] == "0":
        return last
    return ""


def _word_numbers(text: str, named: Iterable[str]) -> Iterator[Quantity]:
    places = _places(text, named)
    used = -1  # where the unit of the word before begins
    for (start, word), (after, unit) in pairwise([*places, (-1, "")]):
        if start == used:
            continue
        if word in _ONES:
            yield Quantity(start, start + len(word), frozenset({"1"}), optional=True)
            continue
        value, end = _WORD_VALUES[word], start + len(word)
        if value in _TENS and after == end + 1 and text[end] in " -":
            added = 1 if unit == "one" else _WORD_VALUES.get(unit, 0)
            if added == 1 or added in _UNITS:
                value, end, used = value + added, after + len(unit), after
        yield Quantity(start, end, frozenset({str(value)}))


def _places(text: str, words: Iterable[str]) -> list[tuple[int, str]]:
    """Return where `words` stand, in order: as wholes, whatever their letter case."""
    # The lower form of a dotted capital would be two characters, and shift the rest.
    lowered = text.replace("\u0130", "\u0131").lower()
    found: list[tuple[int, str]] = []
    for word in words:
        start = lowered.find(word)
        while start >= 0:
            end = start + len(word)
            around = lowered[start - 1 : start] + lowered[end : end + 1]
            if not any(c.isalnum() and not c.isdecimal() for c in around):
                found.append((start, word))
            start = lowered.find(word, end)
    return sorted(found)


def _canonical(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")
