"""Codes in a text: order numbers, ids, addresses, paths. Exact to the character."""

import re
from typing import Final

LONGEST_READ = 16_384  # characters
MOST_CODES = 60

_CODE = re.compile(
    r"https?://[^\s<>\"')]+"
    r"|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+"
    r"|(?<!\w)0x[0-9A-Fa-f]{2,16}(?!\w)"
    r"|(?<![\w.-])\d{1,3}(?:\.\d{1,3}){0,3}\([a-z0-9]{1,3}\)"
    r"|(?<![\w.-])(?=[\w./_-]*\d)(?=[\w./_-]*[A-Za-z])[A-Za-z0-9]{1,40}(?:[-_/.][A-Za-z0-9]{1,40}){1,12}(?![\w-])"
    r"|(?<![\w.-])(?=\w*\d)[A-Z]{1,6}\d[A-Z0-9]{2,40}(?!\w)"
    r"|(?<![\w./~-])[~.]{0,2}/(?:[\w.-]+/)*[\w.-]+"
    r"|(?<![\w.-])\d{2,3}(?:\.\d{3}){2}(?:/\d{2,4})?-\d{2}(?![\w-])"
    r"|(?<![\w.,-])\+\d{7,}(?![\d.,])"
    r"|(?<![\w.,-])(?:\d{15,30}|0\d{8,12})(?![\w-]|[.,]\d)"
    r"|(?<![\w.-])\d{1,4}(?:-\d{2,6}){2,6}(?![\w-])"
    r"|(?<![\w.-])[vV]?\d{1,4}(?:\.\d{1,5}){2,5}(?![\w-]|\.\d)",
    re.ASCII,
)
# Written in groups: account numbers, telephone numbers, card numbers.
_GROUPED = re.compile(
    r"(?<![\w-])[A-Z]{2}\d{2}(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?(?![\w-])"
    r"|(?<![\w+])\+\d{1,3}(?:[ ()./-]{1,3}\d{1,5}){2,6}(?![\w-])"
    r"|(?<![\w-])(?:\d{4}[ -]){3}\d{4}(?![\w-])"
    r"|(?<![\w+-])\(?0\d{2,5}\)? ?(?:[ /-]\d{4,8}|(?:[ -]\d{2,4}){2,4})(?![\w-]|[.,:/]\d)"
)
_FIGURES: Final = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "zero oh null zéro cero nul",
            "one eins un uno één um",
            "two zwei zwo deux dos due twee dois",
            "three drei trois tres tre drie três",
            "four vier quatre cuatro quattro quatro",
            "five fünf cinq cinco cinque vijf",
            "six sechs seis sei zes",
            "seven sieben sept siete sette zeven sete",
            "eight acht huit ocho otto oito",
            "nine neun neuf nueve nove negen",
        )
    )
    for word in words.split()
}
# Told one by one; fewer may count something.
_SPELT = re.compile(
    rf"\b(?:(?:{'|'.join(_FIGURES)})[\s,.–-]{{1,3}}){{5,29}}(?:{'|'.join(_FIGURES)})\b",
    re.IGNORECASE,
)
_VERSION = re.compile(r"v?\d+(?:\.\d+)+")
_SUBSCRIPT = re.compile(r"(?<=[A-Z])_(?=\d)|(?<=[a-z])_(?=\d+[A-Z])")
_TRUNK = re.compile(r"\(0\)")
_BETWEEN = re.compile(r"[ ()./-]")
# What has the shape of a code and is a value: a date, a time, a rate, a size.
_VALUE: Final = re.compile(
    r"\d{1,3}(?:\.\d{3})+|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d+(?:st|nd|rd|th)|\d+[.,]?\d*[a-zA-Z]{1,3}(?:/[a-zA-Z]{1,3})?"
    r"|\d+-[a-z]+(?:-[a-z]+)*|[a-z]+-\d+|[ap]\.m|\d{1,2}h\d{2}|\d+(?:\.\d+)?[eE][+-]?\d+|[A-Z]{3}[.]?\d+(?:\.\d+)?"
)


def codes_of(text: str) -> tuple[str, ...]:
    """Return the codes of `text` in order, folded, each once."""
    found = [m[0].rstrip(".,").casefold() for m in _matches(one_group(text))]
    versions = (c.lstrip("v") if _VERSION.fullmatch(c) else c for c in found)
    return tuple(dict.fromkeys(versions))[:MOST_CODES]


def one_group(text: str) -> str:
    """Return `text` with account and telephone numbers written in one."""
    text = _SPELT.sub(_digits, text)
    if not any(map(str.isdigit, text)):
        return text
    text = _GROUPED.sub(lambda m: _BETWEEN.sub("", _TRUNK.sub("", m[0])), text)
    return _SUBSCRIPT.sub("", text)


def _digits(match: re.Match[str]) -> str:
    """Return digits for a number that is spelt digit by digit."""
    return "".join(_FIGURES[w] for w in re.findall(r"[^\W\d_]+", match[0].lower()))


def without_codes(text: str) -> str:
    """Return `text` with a blank for each code, so that none is read as a number."""
    text = one_group(text)
    for match in reversed(_matches(text)):
        text = f"{text[: match.start()]} {text[match.end() :]}"
    return text


def _matches(text: str) -> list[re.Match[str]]:
    if not any(map(str.isdigit, text)) and "/" not in text and "@" not in text:
        return []
    return [
        m
        for m in _CODE.finditer(text[:LONGEST_READ])
        if not _VALUE.fullmatch(m[0].rstrip(".,"))
    ]
