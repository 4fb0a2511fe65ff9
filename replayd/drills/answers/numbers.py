"""Faults in numbers and dates: ten times too large, the other sign, another month."""

import re
from typing import Final

from replayd.drills.answers.contract import Injured, Injury, with_text
from replayd.drills.answers.values import list_markers
from snaptrace.snapshot.model import Answer

_WHOLE: Final = re.compile(
    r"(?<![\w.,/:-])(?P<whole>\d{1,3}(?:,\d{3})+|[1-9]\d*|0(?=\.))(?P<part>\.\d+)?"
    r"(?![\w/:]|[.,-]\d)"
)
# A value with its sign: beside a label, in a cell, or with a unit of its own.
_SIGNED: Final = re.compile(r"(?P<before>(?:^|[\s(|:=]))[-−](?P<number>\d)")
_VALUE: Final = re.compile(r"(?P<before>[|:=]\s*)(?P<number>\d)")
_LANGUAGES: Final = """
January February March April May June July August September October November December
Januar Februar März April Mai Juni Juli August September Oktober November Dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
"""
_MONTHS: Final = tuple(tuple(line.split()) for line in _LANGUAGES.strip().split("\n"))
_NAMED: Final = tuple(
    re.compile(rf"(?<=\d[\s.]){name}\b|(?<=\d[.] ){name}\b|\b{name}(?= \d)")
    for name in dict.fromkeys(name for names in _MONTHS for name in names)
)
_DATED: Final = re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])-(\d{2})(?!\d)")
_BY_YEAR: Final = re.compile(r"(?<!\d)(\d{1,2}[./]\d{1,2}[./])(\d{4})(?!\d)")


def tenfold(answer: Answer, injury: Injury) -> Injured | None:
    """Make one number ten times as large."""
    markers = list_markers(answer.text)
    found = [
        each for each in _WHOLE.finditer(answer.text) if each.start() not in markers
    ]
    if not found:
        return None
    chosen = injury.rng.choice(found)
    whole, part = chosen["whole"], chosen["part"] or ""
    digits = whole.replace(",", "") + (part[1:2] or "0")
    value = f"{int(digits):,}" if "," in whole else str(int(digits))
    rest = f".{part[2:]}" if part[2:] else ""
    start, end = chosen.span()
    return with_text(answer, answer.text[:start] + value + rest + answer.text[end:])


def sign_flipped(answer: Answer, injury: Injury) -> Injured | None:
    """Take a number's minus away, or put one before a value."""
    for pattern, sign in ((_SIGNED, ""), (_VALUE, "-")):
        if found := list(pattern.finditer(answer.text)):
            chosen = injury.rng.choice(found)
            start, end = chosen.span()
            value = f"{chosen['before']}{sign}{chosen['number']}"
            return with_text(answer, answer.text[:start] + value + answer.text[end:])
    return None


def date_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Move one date to another month, or year where its order of fields is open."""
    text = answer.text
    if found := _DATED.search(text):
        month = f"{int(found[2]) % 12 + 1:02}"
        return with_text(answer, text[: found.start(2)] + month + text[found.end(2) :])
    for pattern in _NAMED:
        if found := pattern.search(text):
            names = next(names for names in _MONTHS if found[0] in names)
            other = injury.rng.choice([name for name in names if name != found[0]])
            return with_text(
                answer, text[: found.start()] + other + text[found.end() :]
            )
    if found := _BY_YEAR.search(text):
        year = str(int(found[2]) + injury.rng.choice((-2, -1, 1, 2)))
        return with_text(answer, text[: found.start(2)] + year + text[found.end() :])
    return None
