"""Checks that an answer held to a recording passes whatever rule judges it.

A rule of one task reads what that task asks for: a label, a yes, a value. A suite says
green or red of single answers, so here what no right answer does is looked for as well.
"""

from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.language.language_id import (
    likely_language,
    other_language,
)
from replayd.scoring.extract.numbers.quantity import agree
from replayd.scoring.extract.structure.json_values import NOTHING
from replayd.scoring.extract.text import Text


def senseless(case: ScoringCase, answer: str) -> str:
    """Return why an answer cannot be right, "" where it may be."""
    if not answer.strip():
        return ""  # a tool call, or empty: the rules have their say on both
    if _echoes(case, answer):
        return "the question, said back"
    if (language := _language(case)) and (other := other_language(answer, language)):
        return f"in {other}, recorded in {language}"
    return "other values" if _other_values(case, answer) else ""


def _echoes(case: ScoringCase, answer: str) -> bool:
    asked, said = Text(case.question).words, Text(answer).words
    return bool(asked) and asked == said and case.recorded.text.words != asked


def _other_values(case: ScoringCase, answer: str) -> bool:
    """Whether values are stated that nobody gave, and none of those recorded."""
    given = case.request.quantities
    wanted, got = (
        [q for q in text.quantities if not any(agree(q, g) for g in given)]
        for text in (case.recorded.text, Text(answer))
    )
    return bool(wanted and got) and not any(agree(w, g) for w in wanted for g in got)


def _language(case: ScoringCase) -> str | None:
    """Return the language of a recording too short to tell, if the question shares it.

    Where the recording says clearly, the invariants hold an answer to it already.
    """
    if case.language or case.nothing_recorded or case.recorded.json is not NOTHING:
        return None
    asked = likely_language(case.question)
    return asked if asked == case.recorded.text.language else None
