"""Results that stand beside the right one, or instead of it: rivals, hedges and ranges."""

import re
from collections.abc import Sequence

from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.language.polarity import negations
from replayd.scoring.extract.numbers.dates import MONTHS
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import (
    DAYS,
    Measure,
    Measured,
    measured,
    same_measure,
)
from replayd.scoring.extract.structure.codes import without_codes
from replayd.scoring.rules.checkable.result import CAPITALISED, Result

HEDGE = re.compile(
    r"\b(?:or|oder|ou|o bien|either|maybe|perhaps|possibly|vielleicht|peut-être|quizás)\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"[,;:]\s|\s[–—]\s")
_RANGE = re.compile(
    r"[^\d\n]{0,12}\d+(?:[.,]\d+)?\s?[–-]\s?\d+(?:[.,]\d+)?\s?[^\W\d]{0,12}"
)

_TWO = re.compile(
    r"\w{3,}(?: \w+)? (?:o|u|lub|czy|eller|veya|или|أو|या|또는) \w{3,}(?: \w+)?"
    r"|\w{1,12}(?:または|か|或者|或)\w{1,12}",
    re.IGNORECASE,
)

# What stands between an attribute and its name: `the Prague author Franz Kafka`.
_ATTRIBUTE = re.compile(r"(?: [a-zà-ÿ-]+){1,2} ")

_PAIR = re.compile(
    r"(?P<one>[A-ZÀ-ÞА-Я][\w'’-]+)\s(?:and|und|et|y|e|en|och|i|и|ve)\s(?P<other>[A-ZÀ-ÞА-Я][\w'’-]+)"
)
_FIRST = re.compile(r"\A[A-ZÀ-Þ][\w'’-]+")

_LABEL = re.compile(r"^[ \t]*(?:[-*•][ \t]+)?[A-ZÀ-Þ][\w /-]{0,30}:[ \t]", re.MULTILINE)
_TIMES = frozenset((*MONTHS, *DAYS, "q1", "q2", "q3", "q4"))
_YEAR = re.compile(r"(?:19|20)\d\d")
_CLAUSE_END = re.compile(
    r"[;.,](?=\s)|\s(?:but|while|whereas|aber|während|mais|tandis|pero|mientras|ma|mas|maar|men|ale|а|но)\s"
)
FEW_NAMED = 3  # words of a clause that may be a name alone

# The answer follows what is set against it.
_CONCEDES = re.compile(
    r"\W*(?:while|although|though|even though|unlike|between|comparing|compared|not|contrary|despite|obwohl|während|auch wenn|anders als|nicht"
    r"|bien que|quoique|contrairement|aunque|a diferencia|mientras|anche se|mentre|embora|ao contrário|hoewel|terwijl|även om|chociaż|хотя)\b",
    re.IGNORECASE,
)

# Beside a translated word they say which language it is.
_LANGUAGES = frozenset(
    "English German French Spanish Italian Portuguese Dutch Swedish Polish Turkish Russian"
    " Japanese Chinese Korean Arabic Hindi Latin Greek Deutsch Englisch Französisch"
    " Spanisch Italienisch".split()
)


def rivals(result: Result, statement: str, case: ScoringCase) -> bool:
    """Whether a statement offers another result beside the right one."""
    given = measured(without_codes(statement)).measures
    others = [
        m
        for m in given
        if not m.quantity.optional
        and not any(same_measure(w, m) for w in result.measures)
    ]
    hedge = HEDGE.search(statement)
    if hedge and not HEDGE.search(result.text) and (others or result.words):
        return True
    if result.measures or result.codes:
        return False
    known = (
        *marked_words(case.request.plain),
        *marked_words(case.reference.text),
        *result.words,
    )
    statement = _LABEL.sub("", statement)
    if _is_joined(result, statement, known):
        return True
    if len(statement.split()) <= len(result.text.split()) + 1:
        return False
    clauses = [clause for clause in CLAUSE.split(statement) if clause.strip()]
    holding = [c for c in clauses if _states(c, result)]
    if _CONCEDES.match(statement) and holding:
        clauses = holding[-1:]  # what was compared before is settled by then
    for clause in clauses:
        if _states(clause, result):
            # What the first statement is compared with behind it is no rival.
            return bool(_strange(clause, result, known))
        if _strange(clause, result, known) and not negations(clause):
            return True
    return False


def _is_joined(result: Result, statement: str, known: Sequence[str]) -> bool:
    """Whether another name is joined to the result: `Toys and Clothes`."""
    for match in _PAIR.finditer(statement):
        pair = (match["one"], match["other"])
        held = [bool(set(marked_words(name)) & set(result.words)) for name in pair]
        if held in ([True, False], [False, True]):
            return bool(key_words(pair[held[0]], known=known))
    return False


def _states(clause: str, result: Result) -> bool:
    return bool(result.words) and holds_word(marked_words(clause), result.words[-1])


def _strange(clause: str, result: Result, known: Sequence[str]) -> list[str]:
    """Return names that a clause gives beside the result's, or instead of it."""
    found = [*CAPITALISED.finditer(clause)]
    if len(clause.split()) <= FEW_NAMED and clause[:1].isupper():
        found += _FIRST.finditer(clause)  # a clause that is a name
    at = clause.casefold().find(result.words[0]) if result.words else -1
    return [
        match[0]
        for match in found
        if match[0] not in _LANGUAGES
        and any(map(_is_word, key_words(re.split("['’]", match[0])[0], known=known)))
        and not (match.end() < at and _ATTRIBUTE.fullmatch(clause[match.end() : at]))
    ]


def answers_with_other(result: Result, found: Measured, question: str) -> bool:
    """Whether the right value is given to something else, and another one answers.

    `27.6 for 2018; in 2019 it was 28.1`, where 2019 was asked for.
    """
    if len(result.measures) != 1 or len(found.measures) < 2:
        return False
    wanted = result.measures[0]
    clauses = _clauses_of(found)
    own = [
        c for c, measures in clauses if any(same_measure(wanted, m) for m in measures)
    ]
    others = [c for c, measures in clauses if any(_rivals(wanted, m) for m in measures)]
    if len(own) != 1 or len(others) != 1 or own == others:
        return False
    asked = {w for w in marked_words(question) if w.isdecimal() or w in _TIMES}
    right, other = set(marked_words(own[0])), set(marked_words(others[0]))
    if asked & right:
        return False
    # Another year than the one asked for stands beside the right value.
    elsewhere = any(_YEAR.fullmatch(w) for w in right) and any(
        map(_YEAR.fullmatch, asked)
    )
    return bool(asked & other) or elsewhere


def _rivals(wanted: Measure, other: Measure) -> bool:
    if same_measure(wanted, other) or other.is_number != wanted.is_number:
        return False
    return (wanted.unit is None) == (other.unit is None) and (
        wanted.unit is None
        or (other.unit is not None and wanted.unit.dimension == other.unit.dimension)
    )


def _clauses_of(found: Measured) -> list[tuple[str, list[Measure]]]:
    ends = [m.span() for m in _CLAUSE_END.finditer(found.text)]
    clauses: list[tuple[str, list[Measure]]] = []
    at = 0
    for start, end in [*ends, (len(found.text),) * 2]:
        inside = [m for m in found.measures if at <= m.start < start]
        clauses.append((found.text[at:start], inside))
        at = end
    return clauses


def is_range(result: Result, statement: str) -> bool:
    """Whether a range or two things stand where one value was recorded."""
    text = statement.strip(" .!*")
    if len(result.measures) == 1 and _RANGE.fullmatch(text):
        return not _RANGE.search(result.text)
    return bool(_TWO.fullmatch(text)) and not _TWO.search(result.text)


def _is_word(word: str) -> bool:
    return len(word) > 1
