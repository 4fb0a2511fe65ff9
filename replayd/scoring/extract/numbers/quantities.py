"""Numbers, dates and times in a text, whatever the locale they are written in.

`4,210`, `4.210` in a German text, `4 210` in a French one and `4.21 thousand` are
one value. Where a text does not tell its locale, a quantity keeps both readings and
equals whatever shares one of them.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from replayd.scoring.extract.language.language import (
    BLANK_GROUPS,
    COMMA_DECIMAL,
    lowered_words,
)
from replayd.scoring.extract.numbers.dates import beginnings, dates, times
from replayd.scoring.extract.numbers.number_words import names_numbers, number_words
from replayd.scoring.extract.numbers.quantity import Quantity

LONGEST_READ = 32_768  # characters; scorers read no further on either side
MOST_DIGITS = 40
SURE_DIGITS = 28  # as many as Python's decimal arithmetic keeps

_DIGITS = r"\d+(?:[.,'’\u00a0\u202f]\d+)*"
_SCALES = {
    word: 10**power
    for power, words in {
        2: "hundred",
        3: "k tsd thousand tausend mil mille mila duizend tys tysięcy tusen bin ribu rb тыс тысяч"
        " тысячи ألف",
        5: "lakh lakhs lac",
        6: "m mn mio million millions millionen millón millones milione milioni milhão"
        " milhões miljoen mln miljon miljoner milionów miliony milyon млн миллиона"
        " миллионов مليون",
        7: "crore crores",
        9: "b bn mrd billion billions milliard milliards milliarden miliardo miliardi"
        " miljard mld miliardów miljarder milyar млрд миллиардов مليار",
        12: "tn trillion trillions billionen",
    }.items()
    for word in words.split()
}
_SCALE_WORDS = [word for word in _SCALES if len(word) > 1]
_NUMBER = re.compile(
    rf"(?:(?<![\w)])(?P<sign>[-−+])[$€£¥]?|(?<!\w)(?:[$€£¥](?P<inner>-)?)?)(?P<digits>{_DIGITS})"
    r"(?P<letters>[^\W\d_]*)"
    rf"(?:[ \u00a0](?P<scale>{'|'.join(sorted(_SCALE_WORDS, key=len, reverse=True))})\b)?",
    re.IGNORECASE,
)
_BLANK_GROUPED = re.compile(
    r"(?:(?<![\w)])[-−])?(?<![\w.,])\d{1,3}(?: \d{3})+(?:,\d{1,2}(?!\d))?"
    r"(?![\w.,]*\d)"
)
# In any language: with a unit or a mark of money beside it, or a decimal comma.
_SURELY_GROUPED = re.compile(
    r"(?:(?<![\w)])[-−])?(?<![\w.,])(?<!\d )(?:(?<=[$€£¥])|(?<=[$€£¥] ))?\d{1,3}(?: \d{3})+"
    r"(?:,\d{1,2}(?!\d)|(?= ?(?:[^\W\d_]|[%$€£¥₹₽₺₩°]))|(?=[.!]?\s*\Z))(?![\w.,]*\d)"
)
_MINUS = re.compile(r"(?<!\w)(?:minus|moins|menos|meno|negative)\s\Z", re.IGNORECASE)
LONGEST_SIGN = 10
_A_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"\d+")
_POINTED = re.compile(r"\d+(?:\.\d+)?")
_THOUSANDS = re.compile("['’\u00a0\u202f]")


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
    if names_numbers(lowered_words(text)):
        found += _word_numbers(text, language)
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
    if grouped:
        pattern = _BLANK_GROUPED if code in BLANK_GROUPS else _SURELY_GROUPED
        for match in pattern.finditer(text):
            digits = match[0].replace(" ", "").replace(",", ".").replace("−", "-")
            value = Decimal(digits)
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
    sign, inner, digits, letters, scale = match.groups()
    sign = sign or inner
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
    if not values:  # 1,2,3 or 8.12,9.5 without blanks: a list, or a version
        for part in (_POINTED if "." in digits and "," in digits else _RUN).finditer(
            digits
        ):
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
    metres = letters == "m" and not scale_factor
    end = match.end() if factor and not metres else match.end("digits")
    yield Quantity(match.start(), end, frozenset(map(_canonical, values)))


def _values(digits: str, decimal_mark: str) -> list[Decimal]:
    """Return the possible values of a digit string; none if it is a list."""
    plain = _THOUSANDS.sub("", digits)
    groups = plain.replace(",", ".").split(".")
    if len(groups) == 1:
        return [Decimal(plain)]
    last = plain[-len(groups[-1]) - 1]
    mixed = "." in plain and "," in plain
    if mixed and plain.count(last) == 1 and all(len(g) == 3 for g in groups[1:-1]):
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


def _word_numbers(text: str, language: Callable[[], str | None]) -> Iterator[Quantity]:
    for word in number_words(text, language):
        sign = _MINUS.search(text, max(0, word.start - LONGEST_SIGN), word.start)
        value = -word.value if sign else word.value
        start = sign.start() if sign else word.start
        reading = frozenset({str(value)})
        yield Quantity(start, word.end, reading, optional=word.article)


def _canonical(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")
