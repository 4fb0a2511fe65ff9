"""Nested values compared by path: how many leaves are wrong, missing or invented."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.numbers.marks import (
    looks_coded,
    looks_coded_text,
    marked_words,
)
from replayd.scoring.extract.numbers.measures import measured, same_measure
from replayd.scoring.extract.numbers.units import UNITS
from replayd.scoring.extract.prose.statements import same_statement
from snaptrace.snapshot.model import Json

PROSE: Final = 5  # words, from which a string is a statement and not a value
CODE: Final = 5  # letters of capitals that are a code
_PHONE = re.compile(r"(?=(?:\D*\d){7})[+(]?\d[\d ()/.-]{5,24}\d")
_NO_DIGIT = re.compile(r"[^\d+]|\(0\)")
_MONEY = re.compile(r"[$€£¥₹₺₽₩]")
_TITLES = frozenset(
    "mr mrs ms miss dr prof herr frau m mme mlle sr sra srta sig sig.ra dhr mevr pan pani".split()
)
SAME_ESTIMATE: Final = 0.2
_ESTIMATE = re.compile(r"confiden|probab|certainty|likelihood|score\Z", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:center_|start_|end_|click_)?[xy][12]?|left|top|right|bottom|x_?(?:min|max)|y_?(?:min|max)",
    re.IGNORECASE,
)
FARTHEST_PIXELS: Final = 4
_INSTANT = re.compile(
    r"(?:(?P<date>\d{4}-\d\d-\d\d)[T ])?(?P<time>\d\d:\d\d)(?::00(?:[.,]0+)?)?"
    r"\s?(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_STREETS: Final = {
    "c/": "calle ", "calle": "calle ", "str.": "straße", "av.": "avenida",
    "avda.": "avenida", "st.": "street", "ave.": "avenue", "rd.": "road",
    "blvd.": "boulevard", "ul.": "ulica", "ул.": "улица",
}  # fmt: skip
_STREET = re.compile(
    r"\bc/|\bcalle\b|(?:str|\bavd?a?|\bst|\bave|\brd|\bblvd|\bul|\bул)\."
)
_BLANKS = re.compile(r"(?<!\d)[\s,]+|[\s,]+(?![\d\s,])")
_TWO_LETTERS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
# Inside a code that is grouped for the eye: `LH 441`, an account number.
_CODE_BLANK = re.compile(r"(?<=\b[a-z]{2}) (?=\d)|(?<=\d) (?=\d)")
# Lists whose order means something, by their key.
_IN_ORDER: Final = frozenset(
    "steps commands command args script scripts tasks stages entrypoint instructions".split()
)
MOST_ALIGNED = 64  # objects of one list that are aligned; beyond, by place
DEEPEST = 60


class Difference(NamedTuple):
    """Leaves that are wrong, and leaves there were."""

    wrong: float
    asked: int


def difference(wanted: Json, got: Json, known: str = "") -> Difference:
    """Compare two values; `known` is the request, which prose may draw on."""
    return Difference(_wrong(wanted, got, known, 0), max(1, leaf_count(wanted)))


def leaf_count(value: Json, level: int = 0) -> int:
    """Return how many plain values there are; an empty object or list is one."""
    if level < DEEPEST:
        if isinstance(value, dict) and value:
            return sum(leaf_count(inner, level + 1) for inner in value.values())
        if isinstance(value, list) and value:
            return sum(leaf_count(inner, level + 1) for inner in value)
    return 1


def _wrong(wanted: Json, got: Json, known: str, level: int) -> float:
    if level > DEEPEST:
        return float(wanted != got)
    if isinstance(wanted, dict) and isinstance(got, dict):
        return _of_objects(wanted, got, known, level)
    if isinstance(wanted, list) and isinstance(got, list):
        return _of_lists(wanted, got, known, level)
    if isinstance(wanted, dict | list) or isinstance(got, dict | list):
        if _says_nothing(wanted) and _says_nothing(got):
            return 0.0
        return max(leaf_count(wanted), leaf_count(got))
    return float(not same_leaf(wanted, got, known))


def _of_objects(
    wanted: Mapping[str, Json], got: Mapping[str, Json], known: str, level: int
) -> float:
    wrong = 0.0
    for key, value in wanted.items():
        if key in got:
            if not (
                _is_estimate(key, value, got[key]) or _is_place(key, value, got[key])
            ):
                wrong += _wrong(value, got[key], known, level + 1)
                if key.casefold() in _IN_ORDER:
                    wrong += _out_of_order(value, got[key], known, level)
        elif value is not None:
            wrong += leaf_count(value)
    surplus = [got[key] for key in got.keys() - wanted.keys()]
    return wrong + sum(
        leaf_count(value) for value in surplus if not _says_nothing(value)
    )


def _out_of_order(wanted: Json, got: Json, known: str, level: int) -> float:
    """Count steps that stand at another place; what differs otherwise is counted."""
    if not isinstance(wanted, list) or not isinstance(got, list):
        return 0.0
    if max(len(wanted), len(got)) > MOST_ALIGNED:
        return 0.0
    _, pairs = _aligned(wanted, got, known, level)
    places = [j for _, j in sorted(pairs)]
    return float(sum(a > b for a, b in pairwise(places)))


def _is_estimate(key: str, wanted: Json, got: Json) -> bool:
    """Whether two values are a model's own confidence, close to each other."""
    return (
        bool(_ESTIMATE.search(key))
        and isinstance(wanted, float)
        and isinstance(got, int | float)
        and 0 <= wanted <= 1
        and abs(wanted - got) <= SAME_ESTIMATE
    )


def _is_place(key: str, wanted: Json, got: Json) -> bool:
    """Whether two values are one place on a screen, to the pixel or nearly so."""
    return (
        bool(_PLACE.fullmatch(key))
        and isinstance(wanted, int | float)
        and isinstance(got, int | float)
        and max(wanted, got) > FARTHEST_PIXELS * 4
        and abs(wanted - got) <= FARTHEST_PIXELS
    )


def _says_nothing(value: Json) -> bool:
    return value is None or value in ("", [], {})


def _of_lists(
    wanted: Sequence[Json], got: Sequence[Json], known: str, level: int
) -> float:
    """Align two lists: the pairs with the fewest errors first, each used once.

    Numbers are places or a series: their order means something.
    """
    ordered = len(wanted) == len(got) and all(map(_is_number, (*wanted, *got)))
    if ordered or max(len(wanted), len(got)) > MOST_ALIGNED:
        paired = list(zip(range(len(wanted)), range(len(got)), strict=False))
        wrong = sum(_wrong(wanted[i], got[j], known, level + 1) for i, j in paired)
    else:
        wrong, paired = _aligned(wanted, got, known, level)
    left = [wanted[i] for i in range(len(wanted)) if i not in {i for i, _ in paired}]
    over = [got[j] for j in range(len(got)) if j not in {j for _, j in paired}]
    return wrong + sum(map(leaf_count, left)) + sum(map(leaf_count, over))


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _aligned(
    wanted: Sequence[Json], got: Sequence[Json], known: str, level: int
) -> tuple[float, list[tuple[int, int]]]:
    offers = sorted(
        (_wrong(one, other, known, level + 1), abs(i - j), i, j)
        for i, one in enumerate(wanted)
        for j, other in enumerate(got)
    )
    used_wanted: set[int] = set()
    used_got: set[int] = set()
    paired: list[tuple[int, int]] = []
    wrong = 0.0
    for errors, _, i, j in offers:
        if i in used_wanted or j in used_got:
            continue
        used_wanted.add(i)
        used_got.add(j)
        paired.append((i, j))
        wrong += errors
    return wrong, paired


def same_leaf(wanted: Json, got: Json, known: str = "") -> bool:
    """Whether two plain values are the same for whoever reads the structure."""
    if isinstance(wanted, str) and isinstance(got, str):
        return same_text(wanted, got, known)
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return wanted == got
    if wanted is None or got is None:
        return _says_nothing(wanted) and _says_nothing(got)
    return type(wanted) is type(got) and wanted == got


def same_text(wanted: str, got: str, known: str = "") -> bool:
    """Whether two strings are the same value: marks count, wording of prose does not."""
    if wanted == got:
        return True
    if _other_money(wanted, got):
        return False
    return marked_words(wanted) == marked_words(got) or _same_text(wanted, got, known)


def _same_text(wanted: str, got: str, known: str) -> bool:
    """Whether two strings of other words are the same value."""
    if (instant := _instant(wanted)) and instant in {
        _instant(got),
        _instant(got.strip().replace(".", ":")),
    }:
        return True
    if _folded(wanted) == _folded(got) or _squeezed(wanted) == _squeezed(got):
        return True
    if (unit := UNITS.get(wanted.casefold())) and unit == UNITS.get(got.casefold()):
        return not wanted.isupper()
    if _PHONE.fullmatch(wanted) and _PHONE.fullmatch(got):
        if measured(wanted).measures and _same_value(wanted, got):
            return True  # one date in two notations
        return _NO_DIGIT.sub("", wanted) == _NO_DIGIT.sub("", got)
    if wanted.isupper() and len(wanted) <= CODE:
        return False  # `EUR` is a code: `euros` is another value to a program
    if looks_coded(wanted) or looks_coded_text(wanted) or looks_coded_text(got):
        return _same_value(wanted, got)
    if len(wanted.split()) > PROSE or len(got.split()) > PROSE + 1:
        return same_statement(wanted, got, known)
    return _same_value(wanted, got) or _same_words(wanted, got)


def _other_money(wanted: str, got: str) -> bool:
    """Whether both bear marks of money, and none of them both."""
    one, other = set(_MONEY.findall(wanted)), set(_MONEY.findall(got))
    return bool(one and other) and one.isdisjoint(other)


def _folded(text: str) -> str:
    """Return `text` with umlauts as two letters, and a code without its blanks."""
    text = text.strip().casefold().translate(_TWO_LETTERS)
    return _CODE_BLANK.sub("", text)


def _squeezed(text: str) -> str:
    """Return a text without blanks but between digits: `3º B` is `3ºB`."""
    text = _STREET.sub(lambda m: _STREETS[m[0].casefold()], text.strip().casefold())
    return _BLANKS.sub("", text)


def _instant(text: str) -> str:
    """Return a date with its time or a time, without seconds that are nought."""
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        return ""
    zone = (match["zone"] or "").replace("+00:00", "Z").replace("+0000", "Z")
    return f"{match['date'] or ''} {match['time']} {zone}"


def _same_value(wanted: str, got: str) -> bool:
    """Whether both are one and the same measure or date, and nothing besides."""
    one, other = measured(wanted), measured(got)
    if len(one.measures) != 1 or len(other.measures) != 1:
        return False
    first, second = one.measures[0], other.measures[0]
    rest = one.text[: first.start] + one.text[first.end :]
    other_rest = other.text[: second.start] + other.text[second.end :]
    bare = not rest.strip(" .,") and not other_rest.strip(" .,")
    dated = not first.is_number and not second.is_number
    return bare and dated and same_measure(first, second)


def _same_words(wanted: str, got: str) -> bool:
    """Whether all words that carry one stand in the other, which may place it further."""
    values, given = measured(wanted).measures, measured(got).measures
    if len(values) != len(given) or not all(map(same_measure, values, given)):
        return False
    one = tuple(word for word in key_words(wanted) if word not in _TITLES)
    other = tuple(word for word in key_words(got) if word not in _TITLES)
    if not one or not all(holds_word(other, word) for word in one):
        return False
    # `Oslo, Norway` for `Oslo`: what follows the comma places it further.
    return len(other) == len(one) or (
        "," in got and key_words(got.partition(",")[0]) == one
    )
