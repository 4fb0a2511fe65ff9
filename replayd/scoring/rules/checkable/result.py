"""Statements of a short recorded answer: values with units, dates, codes, words."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from replayd.scoring.contract import ScoringCase
from replayd.scoring.extract.language.key_words import key_words
from replayd.scoring.extract.language.language import language_of
from replayd.scoring.extract.language.language_id import likely_language
from replayd.scoring.extract.numbers.direction import direction
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import Measure, measured, same_measure
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.structure.codes import codes_of, without_codes
from replayd.scoring.extract.structure.final import final_of
from replayd.scoring.rules.checkable.principal import as_asked, principal_part

LONGEST_RESULT = 14  # words of a recorded result that this rule reads
LONGEST_STEM = 5  # letters, from which a word may be part of a compound
FEW_PARTS = 2  # key words beside values, each of which may be a part of its own
SHORT_PARTS = 9  # words of an answer of several parts
_AND = re.compile(r"\b(?:and|und|et|y|e|en|och|i|и|ve)\b", re.IGNORECASE)
FEW_WORDS = 4  # beside values, up to which every word counts
# `14.2(b)` is one clause of a contract, not an aside.
PARENTHESES = re.compile(r"(?<!\d)\([^()]{0,120}\)|\[[^\[\]]{0,120}\]")
_CLAUSE_LETTER = re.compile(r"(?<=\d) (?=\([a-z0-9]{1,3}\))")
# A clause behind the answer, which says more about it.
_ASIDE = re.compile(
    r",\s+(?:who|which|whose|where|qui|quien|der|die|das|welche[rs]?|который|która|który|och som)\s.*\Z",
    re.DOTALL,
)
# `Two dogs and one cat`: here one is a number.
_COUNTS = re.compile(
    r"\b(?:how many|wie viele?|combien|cuánt[oa]s|quant[ie]|quant[oa]s|hoeveel|hur många|ile|сколько|kaç)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\*\*|__|`|\\text\b|[{}]")
# Marks around mathematics, not of money: nothing priced follows the second.
_MATH = re.compile(r"\${1,2}(?!\s)([^$\n]{1,200}?)(?<!\s)\${1,2}(?!\d)")
_LEADING_NAME = re.compile(
    r"[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+){0,3}(?=[,:]| [–(]| - )"
)
# Words of scripts without blanks come as whole clauses.
_UNSEGMENTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{4,}")
# Say how a thing comes, not what it is: a set of keys is keys.
_COLLECTIVES = re.compile(
    r"\b(?:pair|piece|set|slice|bunch|couple|group|paar|satz|stück|paire|jeu|lot|par|juego|conjunto|paio|mazzo|serie)s? (?=of |de |di |d['’])",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\b(?:who|whom|whose|wer|wem|wen|qui|quién|quien|chi|quem|wie|vem|kto|kim|кто)\b",
    re.IGNORECASE,
)
_FIRST_NAME = re.compile(r"\A[A-ZÀ-Þ][a-zà-þ]{2,}")
CAPITALISED = re.compile(r"(?<![.!?:]\s)(?<!\A)(?<![\"*(])\b[A-ZÀ-Þ][\w'’-]+")


class Result(NamedTuple):
    """Statements of a recorded answer."""

    text: str
    measures: tuple[Measure, ...] = ()
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    repeated: tuple[Measure, ...] = ()  # out of the question: may be left out
    asides: str = ""  # in parentheses: may be left out, but not be contradicted

    @property
    def asked(self) -> int:
        """Number of statements."""
        return len(self.measures) + len(self.words) + len(self.codes)


def words_beside(result: Result, case: ScoringCase) -> tuple[str, ...]:
    """Return the key words beside the values of a result, names aside."""
    known = (*marked_words(case.question), *result.words)
    return key_words(_without(result.text, result.measures), known=known)


def result_of(case: ScoringCase) -> Result:
    """Return what the recording states; empty where that is more than a result."""
    return _result(case.recorded.body, case.question)


@lru_cache(maxsize=256)
def _result(body: str, question: str) -> Result:
    asked_words = marked_words(f"{question} {plain_numbers(question)}")
    stated = final_of(body)
    said = stated.text if stated.marked else principal_part(stated.text, question)
    plain = plain_statement(said)
    text = PARENTHESES.sub(" ", plain).strip() or plain
    if key_words(before := _ASIDE.sub("", text), known=asked_words):
        text = before
    if len(text.split()) > LONGEST_RESULT:
        return Result(text)
    codes = tuple(code for code in codes_of(text) if code not in question.casefold())
    found = measured(without_codes(text), lambda: _numbers_in(body, question))
    known = measured(question).measures
    found = found._replace(measures=as_asked(found.measures, question))
    fresh = [m for m in found.measures if not any(same_measure(m, k) for k in known)]
    counts = _COUNTS.search(question) and len(found.measures) > 1
    measures = _each_once(
        m for m in fresh or found.measures if counts or not m.quantity.optional
    )
    if any(map(_is_date, measures)):
        measures = tuple(m for m in measures if not _is_weekday(m))
    left = _COLLECTIVES.sub("", _without(found.text, found.measures))
    if not (measures or codes or key_words(left)) and len(text.split()) <= FEW_WORDS:
        measures = found.measures  # `One.` is a number after all
    words = _not_in_compounds(key_words(left, known=asked_words), question)
    if not (measures or words or codes):
        alone = marked_words(left)  # `Au` is an article elsewhere
        words = key_words(left) or (tuple(alone) if len(alone) == 1 else ())
    several = bool(_AND.search(question.rpartition("\n")[2]))
    if measures:  # which way they went is told apart from what they are
        words = tuple(word for word in words if not direction(word))
    repeated = tuple(m for m in found.measures if m not in measures)
    return Result(
        text,
        measures,
        _weighty(text, words, measures, codes, several=several, question=question),
        codes,
        repeated,
        " ".join(PARENTHESES.findall(plain)),
    )


def _not_in_compounds(words: Iterable[str], asked: str) -> tuple[str, ...]:
    """Return words that begin no longer one of the question: `Zimmernummer`."""
    longer = [word for word in marked_words(asked) if len(word) > LONGEST_STEM]
    return tuple(
        word
        for word in words
        if len(word) < LONGEST_STEM or not any(a.startswith(word) for a in longer)
    )


def _each_once(measures: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return measures without those that say another again: `a quarter, 25 %`."""
    kept: list[Measure] = []
    for measure in measures:
        if not any(_says_again(each, measure) for each in kept):
            kept.append(measure)
    return tuple(kept)


def _says_again(one: Measure, other: Measure) -> bool:
    """Whether two measures are one value; `4 g in 4 doses` are two."""
    counts = (one.unit is None) != (other.unit is None) and (one.noun or other.noun)
    return not counts and same_measure(one, other)


def _is_date(measure: Measure) -> bool:
    return any(reading.startswith("date ") for reading in measure.quantity.readings)


def _is_weekday(measure: Measure) -> bool:
    return any(reading.startswith("weekday") for reading in measure.quantity.readings)


def _numbers_in(body: str, question: str) -> str | None:
    """Return the language in whose notation the recording writes its numbers."""
    own = language_of(body)
    if own and len(body.split()) >= FEW_WORDS:
        return own
    return likely_language(f"{question} {body}") or language_of(question) or own


def plain_statement(text: str) -> str:
    """Return `text` without marks of layout and mathematics, numbers in plain notation."""
    text = _MARKUP.sub("", _MATH.sub(r"\1", plain_numbers(text)))
    return _CLAUSE_LETTER.sub("", text)


def _weighty(
    text: str,
    words: tuple[str, ...],
    measures: Sequence[Measure],
    codes: Sequence[str],
    *,
    several: bool,
    question: str,
) -> tuple[str, ...]:
    """Return the words that count: beside values in a sentence, only its names."""
    if codes:
        return ()
    if not measures:
        return words
    words = tuple(word for word in words if not _UNSEGMENTED.search(word))
    if (
        several
        and len(measures) == 1
        and len(words) <= FEW_PARTS
        and len(text.split()) <= SHORT_PARTS
    ):
        return words  # `Five cars; the last one is silver`: both were asked for
    names = names_in(text)
    if _WHO.search(question) and (first := _FIRST_NAME.match(text)):
        names.add(first[0].casefold())
    if leading := _LEADING_NAME.match(text):
        whole = {word.casefold() for word in leading[0].split()}
        if own := tuple(word for word in words if word in whole):
            return own
    if len(text.split()) <= FEW_WORDS:
        names |= {m[0].casefold() for m in _FIRST_NAME.finditer(text)}
    return tuple(word for word in words if word in names)[:1]


def names_in(text: str) -> set[str]:
    """Return the capitalised words inside `text`, folded."""
    return {m[0].casefold() for m in CAPITALISED.finditer(text)}


def _without(text: str, measures: Sequence[Measure]) -> str:
    """Return `text` without its measures and their units."""
    for measure in reversed(measures):
        text = f"{text[: measure.start]} {text[measure.end :]}"
    return text
