"""Which of several values belongs to what: two of them exchanged is an error.

Only a contradiction counts: each of two values stands with words that the recording
puts beside the other one, and with none of its own.
"""

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Final, NamedTuple

from replayd.scoring.extract.language.key_words import holds_word
from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import (
    Measure,
    Measured,
    measured,
    same_measure,
)

_JOINING: Final = frozenset("· and und et y e en och or oder ou o".split())
MOST_BOUND: Final = 8  # values of one answer
_PARTS = re.compile(
    r"[,;:.](?=\s|\Z)|\n|[()|–—]|\s(?:and|but|while|und|aber|während|et|mais|y|pero|e|ma|mas|en|maar|och|i|a|и|ve|vs|versus)\s",
    re.IGNORECASE,
)


class _Bound(NamedTuple):
    """One value and the words of its own part of a sentence."""

    measure: Measure
    words: frozenset[str]


def values_exchanged(recorded: str, answer: str) -> bool:
    """Whether two values of the recording stand with each other's words."""
    if _moved(recorded, answer):
        return True
    wanted, given = _bound(recorded), _bound(answer)
    if not 2 <= len(wanted) <= MOST_BOUND or len(given) < 2:
        return False
    return any(_exchanged(one, two, given) for one, two in combinations(wanted, 2))


def _moved(recorded: str, answer: str) -> bool:
    """Whether the same words hold the same values in another order."""
    one, other = measured(recorded), measured(answer)
    if len(one.measures) != len(other.measures) or len(one.measures) < 2:
        return False
    around = _around(one)
    if around != _around(other) or _JOINING.issuperset(around):
        return False  # `12 and 8` has no order
    pairs = list(zip(one.measures, other.measures, strict=True))
    if all(same_measure(a, b) for a, b in pairs):
        return False
    return all(any(same_measure(a, b) for b in other.measures) for a in one.measures)


def _around(text: Measured) -> list[str]:
    """Return the words of a text without its values."""
    rest = text.text
    for measure in reversed(text.measures):
        rest = f"{rest[: measure.start]} · {rest[measure.end :]}"
    return marked_words(rest)


def _exchanged(one: _Bound, two: _Bound, given: Sequence[_Bound]) -> bool:
    own, others = one.words - two.words, two.words - one.words
    if not own or not others or same_measure(one.measure, two.measure):
        return False
    return _stands_with(one.measure, others, own, given) and _stands_with(
        two.measure, own, others, given
    )


def _stands_with(
    measure: Measure,
    words: frozenset[str],
    but_not: frozenset[str],
    given: Sequence[_Bound],
) -> bool:
    places = [each for each in given if same_measure(measure, each.measure)]
    return bool(places) and all(
        any(holds_word(list(place.words), word) for word in words)
        and not any(holds_word(list(place.words), word) for word in but_not)
        for place in places
    )


def _bound(text: str) -> list[_Bound]:
    """Return the values of parts that hold one value each, with their words."""
    plain, measures = measured(text)
    ends = [match.span() for match in _PARTS.finditer(plain)]
    ends = [
        e for e in ends if not any(m.start < e[1] and e[0] < m.end for m in measures)
    ]
    found: list[_Bound] = []
    start, carried = 0, ""
    for stop, after in [*ends, (len(plain), len(plain))]:
        inside = [m for m in measures if start <= m.start < stop]
        part = plain[start:stop]
        if not inside and plain[stop:after].strip() in {":", "|", "–", "—", "("}:
            carried = part  # the label of what follows
        elif len(inside) == 1:
            beside = part.replace(plain[inside[0].start : inside[0].end], " ")
            found.append(_Bound(inside[0], _labels(f"{carried} {beside}")))
            carried = ""
        else:
            carried = ""
        start = after
    return found


def _labels(text: str) -> frozenset[str]:
    return frozenset(
        word
        for word in marked_words(text)
        if word not in STOPWORDS and not word[0].isdigit() and word[0].isalnum()
    )
