"""Questions of yes or no: is the same said, with the same values in the reason?"""

import re

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.polarity import (
    asks_yes_no,
    polarity,
    says_yes_or_no,
)
from replayd.scoring.extract.language.words import word_count
from replayd.scoring.extract.numbers.measures import measured, same_measure
from replayd.scoring.rules.checkable.copies import edited_copy
from replayd.scoring.usability import ONE_WRONG, unusable, usable

_SECOND = re.compile(r"[.!?。！？।]\s*\w.{7}", re.DOTALL)  # another sentence
LONGEST_REASON = 12  # words of a recording that this rule reads; claims read more


class YesOrNo:
    """0 for the opposite; a wrong value in the reason costs half."""

    name = "yes_or_no"

    def applies(self, case: ScoringCase) -> bool:
        """Where yes or no was asked, and the recording says one of them shortly."""
        text = case.recorded.body
        if not text or word_count(text) > LONGEST_REASON or _SECOND.search(text):
            return False
        asked = asks_yes_no(case.question) or says_yes_or_no(text) is not None
        return asked and polarity(text, case.question) is not None

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 for another reason, 0 for the opposite or neither."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted = polarity(case.recorded.body, case.question)
        got = polarity(said.body, case.question)
        if got is None and wanted is not None:
            got = _as_recorded(case, said, wanted=wanted)
        if got is None:
            return Score(0.0, "neither yes nor no")
        if got != wanted:
            return Score(0.0, "the opposite")
        wrong = _other_values(case.recorded.body, said.body, case.question)
        if not wrong and (edit := edited_copy(case, said)):
            return Score(ONE_WRONG / 2, edit)
        return Score(
            usable(wrong, 2 * max(1, wrong)), "another reason" if wrong else ""
        )


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
