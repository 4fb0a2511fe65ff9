"""Questions of yes or no: is the same said, with the same values in the reason?"""

import re

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.contrasts import contrasted, other_colour
from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.language.polarity import (
    asks_yes_no,
    negations,
    opposed,
    polarity,
    says_yes_or_no,
)
from replayd.scoring.extract.language.words import word_count
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import measured, same_measure
from replayd.scoring.rules.checkable.copies import edited_copy
from replayd.scoring.rules.claims import Claims
from replayd.scoring.usability import ONE_WRONG, unusable, usable

_SECOND = re.compile(r"[.!?。！？।]\s*\w.{7}", re.DOTALL)  # another sentence
_PARTS = re.compile(r"[,;:、，](?!\d)|[.!?。！？।]\s*\w")
LONGEST_CLAUSE = 7  # words of an answer without yes or no that one negation turns
FEWEST_IN_REASON = 3  # words of a recorded sentence that can be said again
SAME_REASON = 0.5  # of them, from which an answer gives that reason
_PROSE = Claims()
FEWEST_VALUES = 2  # that are a reason without a word
_IDEOGRAM = re.compile(r"(?![是的不没有了])[\u3400-\u9fff]")
_SAYS_SO = re.compile(
    r"\A\W*\w+(?:[,.:;!]\s+|[，、。！]\s*)(?=\S)"
)  # the yes or no before a reason
LONGEST_READ = 60  # words of a recording
LONGEST_REASON = 12  # words of a recording that this rule reads; claims read more


class YesOrNo:
    """0 for the opposite; a wrong value in the reason costs half."""

    name = "yes_or_no"

    def applies(self, case: ScoringCase) -> bool:
        """Where yes or no was asked, and the recording says one of them shortly."""
        text = case.recorded.body
        if not text or word_count(text) > LONGEST_READ:
            return False
        if _is_long(text) and says_yes_or_no(text) is None:
            return False
        asked = asks_yes_no(case.question) or says_yes_or_no(text) is not None
        return asked and polarity(text, case.question) is not None

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 for another reason, 0 for the opposite or neither."""
        return await _scored(case, said, None)

    async def score_beside(self, case: ScoringCase, said: Said, other: Said) -> Score:
        """Return the same; a reason in sentences is read beside the other arm's."""
        return await _scored(case, said, other)


async def _scored(case: ScoringCase, said: Said, other: Said | None) -> Score:
    if (useless := unusable(case, said)) is not None:
        return useless
    wanted = polarity(case.recorded.body, case.question)
    got = _got(case, said, wanted)
    if got != wanted and _is_prose(case, said):
        read = await _claimed(case, said, other)
        if read.value != 1.0 or _says_the_reason(case, said):
            return read
    if got is None:
        return Score(0.0, "neither yes nor no")
    if got != wanted:
        return Score(0.0, "the opposite")
    if not _is_long(case.recorded.body):
        return _reasoned(case, said)
    if word_count(said.body) <= FEWEST_VALUES or not _PROSE.applies(case):
        return Score(1.0)
    return await _claimed(case, said, other)


async def _claimed(case: ScoringCase, said: Said, other: Said | None) -> Score:
    if other is None:
        return await _PROSE.score(case, said)
    return await _PROSE.score_beside(case, said, other)


def _got(case: ScoringCase, said: Said, wanted: bool | None) -> bool | None:  # noqa: FBT001 - three values
    """Return what an answer says, in so many words or by its reason."""
    got = polarity(said.body, case.question)
    if wanted is None or says_yes_or_no(said.body) is not None:
        return got
    if _gives_reason(case, said):
        return wanted
    return _as_recorded(case, said, wanted=wanted) if got is None else got


def _is_prose(case: ScoringCase, said: Said) -> bool:
    """Whether a negation somewhere in an answer is no `no`: it is read as prose."""
    if says_yes_or_no(said.body) is not None:
        return False
    return not (_is_plain(said) or _turned_by_word(case, said))


def _says_the_reason(case: ScoringCase, said: Said) -> bool:
    """Whether most words of the recorded sentence are said again."""
    words, said_words = key_words(case.recorded.body), marked_words(said.body)
    held = sum(holds_word(said_words, word) for word in words)
    return len(words) >= FEWEST_IN_REASON and held >= SAME_REASON * len(words)


def _reasoned(case: ScoringCase, said: Said) -> Score:
    """Return what the reason is worth, where the same is said."""
    if _names_other(said.body, case):
        return Score(ONE_WRONG / 2, "another reason")
    wrong = _other_values(case.recorded.body, said.body, case.question)
    if not wrong and (edit := edited_copy(case, said)):
        return Score(ONE_WRONG / 2, edit)
    return Score(usable(wrong, 2 * max(1, wrong)), "another reason" if wrong else "")


def _is_long(text: str) -> bool:
    """Whether a recording gives more of a reason than can be read by its values."""
    return word_count(text) > LONGEST_REASON or bool(_SECOND.search(text))


def _is_plain(said: Said) -> bool:
    """Whether an answer is one short clause, which a negation turns round."""
    return word_count(said.body) <= LONGEST_CLAUSE and not _PARTS.search(said.body)


def _turned_by_word(case: ScoringCase, said: Said) -> bool:
    """Whether an answer uses the opposite of a word that was asked or recorded."""
    return opposed(said.body, case.question) or opposed(said.body, case.recorded.body)


def _gives_reason(case: ScoringCase, said: Said) -> bool:
    """Whether an answer gives the recorded reason without yes or no: `It is red`."""
    recorded, body = case.recorded.body, said.body
    reason = _SAYS_SO.sub("", recorded)
    if negations(reason) != negations(body) or opposed(body, reason):
        return False
    if fresh := _letters(reason) - _letters(case.question):
        return fresh <= _letters(body) <= _letters(reason) | _letters(case.question)
    words = key_words(reason, known=marked_words(case.question))
    known = measured(case.question).measures
    values = [
        m
        for m in measured(reason).measures
        if not any(same_measure(m, each) for each in known)
    ]
    if not words and len(values) < FEWEST_VALUES:
        return False
    given, said_words = measured(body).measures, marked_words(body)
    return all(any(same_measure(v, g) for g in given) for v in values) and all(
        holds_word(said_words, word) for word in words
    )


def _letters(text: str) -> set[str]:
    """Return the ideograms of a text, those of yes, no and being aside."""
    return set(_IDEOGRAM.findall(text))


def _names_other(body: str, case: ScoringCase) -> bool:
    """Whether the reason names another colour or another side than the recording."""
    said, recorded = marked_words(body), marked_words(case.recorded.body)
    return other_colour(said, recorded) or contrasted(said, recorded)


def _as_recorded(case: ScoringCase, said: Said, *, wanted: bool) -> bool | None:
    """Return what an answer says in the recording's own words, seen as a question."""
    same = polarity(said.body, case.recorded.body)
    return None if same is None else (wanted if same else not wanted)


def _other_values(recorded: str, answer: str, question: str) -> int:
    """Count values of the answer that the recording and the question do not hold."""
    wanted = measured(recorded).measures
    if not wanted:
        return 0
    known = (*wanted, *measured(question).measures)
    return sum(
        not any(same_measure(each, given) for each in known)
        for given in measured(answer).measures
        if not given.quantity.optional
    )
