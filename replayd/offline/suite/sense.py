"""Checks of sense, that an answer to a pin passes whatever rule judges it.

A rule of one task reads what that task asks for: a label, a yes, a value. A suite says
green or red of single answers, so here what no right answer does is looked for as well.
"""

from typing import Final

from replayd.offline.suite.held import Held
from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.language.foreign import bare_in, foreign_language
from replayd.scoring.extract.language.language import language_asked
from replayd.scoring.extract.language.language_id import (
    likely_language,
    other_language,
)
from replayd.scoring.extract.language.words import words_of
from replayd.scoring.extract.numbers.quantity import agree
from replayd.scoring.extract.request_facts import whole_request
from replayd.scoring.extract.structure.json_values import NOTHING
from replayd.scoring.extract.text import Text

SHORTEST_CUT: Final = 4  # letters of an answer that breaks off within a word
LANGUAGE: Final = "language"  # the assertion that says itself which one is right


def senseless(held: Held, answer: str) -> str:
    """Return why an answer cannot be right, "" where it may be."""
    case = held.scoring
    if not answer.strip():
        return ""  # a tool call, or empty: the rules have their say on both
    if _echoes(held, answer):
        return "the question, said back"
    if _breaks_off(case, answer):
        return "breaks off within a word of the recording"
    if not _asserts_language(held) and (why := _other_language(held, answer)):
        return why
    if held.by_recording and _other_values(case, answer):
        return "other values"
    return ""


def own_words(held: Held) -> frozenset[str]:
    """Return the words of a pin's request and recording."""
    case = held.scoring
    return frozenset(words_of(case.reference.text)).union(
        words_of(whole_request(case.conversation)), case.request.words
    )


def _echoes(held: Held, answer: str) -> bool:
    """Whether an answer is the question; in any order, where a recording decides.

    Offered options stand in the question: backwards, it may begin with a right one.
    """
    case = held.scoring
    asked, said = Text(case.question).words, Text(answer).words
    if not asked or sorted(asked) != sorted(said):
        return False
    if sorted(case.recorded.text.words) == sorted(asked):
        return False
    return asked == said or held.by_recording


def _breaks_off(case: ScoringCase, answer: str) -> bool:
    """Whether an answer is the recording's beginning, up to the middle of a word."""
    recorded, said = case.reference.text.strip(), answer.strip()
    if len(said) < SHORTEST_CUT or not recorded.startswith(said):
        return False
    cut = recorded[len(said) - 1 : len(said) + 1]
    return len(cut) == 2 and cut.isalpha() and cut.isascii()


def _asserts_language(held: Held) -> bool:
    """Whether the pin itself says in which language an answer must be."""
    in_pin = any(LANGUAGE in each for each in held.scoring.assertions)
    return in_pin or any(each.kind == LANGUAGE for each in held.counted)


def _other_language(held: Held, answer: str) -> str:
    case = held.scoring
    if case.nothing_recorded or case.recorded.json is not NOTHING:
        return ""
    if (language := _language(case)) and (other := other_language(answer, language)):
        return f"in {other}, recorded in {language}"
    recorded = bare_in(case.reference.text)
    if recorded and (said := bare_in(answer)) and not recorded & said:
        if not set(words_of(answer)).issubset(case.request.words):
            return f"in {min(said)}, recorded in {min(recorded)}"
        return ""
    found = foreign_language(answer, _at_home(held))
    if found is None or found == language_asked(case.instructions):
        return ""
    return f"in {found}, unlike the recording and the request"


def _at_home(held: Held) -> tuple[str, ...]:
    """Return the texts whose languages an answer may be in.

    A recording that says its language clearly is right about it, unless the pin asserts
    what the recording may have wrong.
    """
    case = held.scoring
    recorded = case.reference.text
    if held.by_recording and likely_language(recorded):
        return (recorded,)
    return (recorded, case.question, case.system_prompt)


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
    if case.language:
        return None
    asked = likely_language(case.question)
    return asked if asked == case.recorded.text.language else None
