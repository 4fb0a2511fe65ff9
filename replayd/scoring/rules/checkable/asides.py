"""Asides beside a recorded answer, in parentheses: `Turin (14.2 %)`, `(clause 12.1)`.

It may be left out, as most readers do; another value in its place is an error.
"""

import re
from typing import Final

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.numbers.measures import Measure, measured, same_measure
from replayd.scoring.rules.checkable.nearly import rounded, without_sign
from replayd.scoring.rules.checkable.result import Result

SHORTEST_LABEL: Final = 3  # letters; a sign of its own counts, too
_NUMBERED = re.compile(
    r"(?P<label>[^\W\d_]+|§)\.?\s?(?P<number>\d+(?:[.\-]\d+)*(?:\s?\([a-z\d]\))?)"
)


def contradicts_aside(result: Result, statement: str) -> bool:
    """Whether an answer gives another value where the recording has an aside."""
    if not result.asides or result.asides in statement:
        return False
    return _other_number(result.asides, statement) or _other_measure(result, statement)


def _other_number(aside: str, statement: str) -> bool:
    """Whether a label has other numbers: `clause 12.4` for `clause 12.1`."""
    wanted, given = _numbered(aside), _numbered(statement)
    return any(
        label in given and numbers.isdisjoint(given[label])
        for label, numbers in wanted.items()
    )


def _numbered(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for match in _NUMBERED.finditer(text):
        label = match["label"].casefold()
        if label == "§" or (len(label) >= SHORTEST_LABEL and label not in STOPWORDS):
            found.setdefault(label, set()).add(match["number"].rstrip("."))
    return found


def _other_measure(result: Result, statement: str) -> bool:
    """Whether values of the same kind stand there, and none of them is the aside's."""
    inside, found = measured(result.asides), measured(statement)
    # Which way a value went is said in words or by a sign, and told apart elsewhere.
    wanted = [without_sign(m) for m in inside.measures if m.unit is not None]
    given = [
        without_sign(m)
        for m in found.measures
        if m.unit is not None and not any(same_measure(m, r) for r in result.measures)
    ]
    return any(
        _rivalled(one, given)
        and not any(
            same_measure(one, m) or rounded(one, m, inside.text, found.text)
            for m in given
        )
        for one in wanted
        if not any(same_measure(one, r) for r in result.measures)
    )


def _rivalled(one: Measure, given: list[Measure]) -> bool:
    kinds = {m.unit.dimension for m in given if m.unit is not None}
    return one.unit is not None and one.unit.dimension in kinds
