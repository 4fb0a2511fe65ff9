"""Short answers: is the stated result the recorded one, and the only one?

The result is a value with its unit, a date, a code or a few words. What the question
says already is no part of it; neither is working that comes before it.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.final import final_of, first_sentence, last_sentence
from replayd.scoring.extract.key_words import holds_word, key_words
from replayd.scoring.extract.marks import marked_words
from replayd.scoring.extract.measures import Measure, measured, same_measure
from replayd.scoring.extract.notation import plain_numbers
from replayd.scoring.extract.polarity import opposed
from replayd.scoring.usability import unusable, usable

LONGEST_RESULT = 14  # words of a recorded result that this rule reads
MOST_KEY_WORDS = 5
MOST_MEASURES = 4
FEW_WORDS = 4  # beside values, up to which every word counts
SHORT = 12  # words, up to which a whole answer is one statement
LIST_OF_VALUES = 5  # more values than these beside the right one state nothing

_HEDGE = re.compile(
    r"\b(?:or|oder|ou|o bien|either|maybe|perhaps|possibly|vielleicht|peut-être|quizás)\b",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(r"\([^()]{0,120}\)|\[[^\[\]]{0,120}\]")
_NEGATED = re.compile(
    r"\b(?:not|never|n['’]t|nicht|kein\w*|pas|no|non|nie|geen|niet|instead of|rather than|statt)\W+(?:\w+\W+){0,2}\Z",
    re.IGNORECASE,
)
_CONTRAST = re.compile(r"\b(?:but|sondern|mais|sino|rather)\b", re.IGNORECASE)
_SEQUENCE = re.compile(r"\d\s?(?:[–:-]|to|bis|à|a)\s?\d", re.IGNORECASE)
_CAPITALISED = re.compile(r"(?<![.!?:]\s)(?<!\A)(?<![\"*(])\b[A-ZÀ-Þ][\w'’-]+")


class Result(NamedTuple):
    """What a recorded answer states."""

    text: str
    measures: tuple[Measure, ...]
    words: tuple[str, ...]
    repeated: tuple[Measure, ...] = ()  # out of the question: may be left out

    @property
    def asked(self) -> int:
        """How many things it states."""
        return len(self.measures) + len(self.words)


class FinalAnswer:
    """Errors: values missing or contradicted, key words missing, a hedge."""

    name = "final_answer"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording states a result of a few words or values."""
        result = result_of(case)
        return (
            result.asked >= 1
            and len(result.measures) <= MOST_MEASURES
            and len(result.words) <= MOST_KEY_WORDS
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 where part of the result is wrong, 0 for another."""
        if (useless := unusable(case, said)) is not None:
            return useless
        result = result_of(case)
        wrong = min(_errors(result, part, case) for part in _statements(said.body))
        value = usable(wrong, result.asked)
        return Score(value, f"{wrong} of {result.asked} wrong" if wrong else "")


def result_of(case: ScoringCase) -> Result:
    """Return what the recording states; empty where that is more than a result."""
    stated = final_of(case.recorded.body)
    plain = plain_numbers(stated.text)
    text = _PARENTHESES.sub(" ", plain).strip() or plain
    if len(text.split()) > LONGEST_RESULT:
        return Result(text, (), ())
    question = measured(case.question)
    found = measured(text)
    fresh = tuple(
        m
        for m in found.measures
        if not any(same_measure(m, known) for known in question.measures)
    )
    measures = tuple(m for m in fresh or found.measures if not m.quantity.optional)
    if not measures and len(text.split()) <= 3:
        measures = found.measures  # `One.` is a number after all
    known = marked_words(case.question)
    left = _without(found.text, found.measures)
    words = key_words(left, known=known)
    if not measures and not words:
        words = key_words(left)
    repeated = tuple(m for m in found.measures if m not in measures)
    return Result(text, measures, _weighty(text, words, measures), repeated)


def _weighty(
    text: str, words: tuple[str, ...], measures: Sequence[Measure]
) -> tuple[str, ...]:
    """Return the words that count: beside values in a sentence, only its names."""
    if not measures or len(text.split()) <= FEW_WORDS:
        return tuple(w for w in words if not measures or len(w) > 2)
    names = {m[0].casefold() for m in _CAPITALISED.finditer(text)}
    return tuple(word for word in words if word in names)


def _without(text: str, measures: Sequence[Measure]) -> str:
    """Return `text` without its measures and their units."""
    for measure in reversed(measures):
        text = f"{text[: measure.start]} {text[measure.end :]}"
    return text


def _statements(body: str) -> list[str]:
    """Return the parts of an answer that may state its result, one of them marked."""
    stated = final_of(body)
    if stated.marked or len(body.split()) <= SHORT:
        return [stated.text]
    return list(dict.fromkeys((first_sentence(body), last_sentence(body))))


def _errors(result: Result, statement: str, case: ScoringCase) -> int:
    """Count what one statement lacks of the result, or adds to it."""
    found = measured(statement)
    plain = _PARENTHESES.sub(" ", statement)
    wrong = _unmet_measures(result, found.measures, found.text)
    words = marked_words(statement)
    for word in result.words:
        wrong += not holds_word(words, word) or _is_negated(statement, word)
    if wrong:
        return wrong
    if result.measures and opposed(statement, result.text):
        return 1
    surplus = _rivals(result, plain, case)
    return wrong + bool(surplus)


def _unmet_measures(result: Result, given: Sequence[Measure], text: str) -> int:
    unmet = [
        m for m in result.measures if not any(same_measure(m, other) for other in given)
    ]
    if unmet:
        return len(unmet)
    if _contradicts(result, given):
        return 1
    if len(given) > len(result.measures) + LIST_OF_VALUES:
        return 1
    if len(result.measures) == 2 and _SEQUENCE.search(result.text):
        met = [m for m in given if any(same_measure(w, m) for w in result.measures)]
        first, last = result.measures
        ordered = same_measure(first, met[0]) and same_measure(last, met[-1])
        return int(bool(_SEQUENCE.search(text)) and not ordered)
    return 0


def _contradicts(result: Result, given: Sequence[Measure]) -> bool:
    """Whether another number stands where the recording repeats the question's."""
    lost = [
        m
        for m in result.repeated
        if not m.quantity.optional and not any(same_measure(m, g) for g in given)
    ]
    strange = [
        g
        for g in given
        if not any(same_measure(m, g) for m in (*result.measures, *result.repeated))
    ]
    return any(g.is_number == m.is_number for m in lost for g in strange)


def _is_negated(statement: str, word: str) -> bool:
    at = statement.casefold().find(word)
    return at >= 0 and bool(_NEGATED.search(statement[max(0, at - 40) : at]))


def _rivals(result: Result, statement: str, case: ScoringCase) -> bool:
    """Whether a statement offers another result beside the right one."""
    given = measured(statement).measures
    others = [
        m
        for m in given
        if not m.quantity.optional
        and not any(same_measure(w, m) for w in result.measures)
    ]
    hedge = _HEDGE.search(statement)
    if hedge and not _HEDGE.search(result.text) and (others or result.words):
        return True
    if result.measures:
        return False
    known = (*marked_words(case.question), *marked_words(case.reference.text))
    names = [m[0] for m in _CAPITALISED.finditer(statement)]
    strange = [n for n in names if key_words(n, known=known)]
    return bool(strange) and len(statement.split()) > len(result.text.split()) + 1
