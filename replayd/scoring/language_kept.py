"""Invariant: answer in the language asked for, else in the recording's."""

from replayd.scoring.asking import instructions, nothing_recorded
from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.json_values import NOTHING, structured
from replayd.scoring.language import language_asked, language_of
from replayd.scoring.refusals import refuses, says_nothing
from snaptrace.snapshots.model import Answer


class LanguageKept:
    """0 if the answer is clearly in another language, else 1.

    An answer too short to tell is in no other language.
    """

    name = "language_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where the prompt names a language, or the recording clearly has one."""
        return expected_language(case) is not None

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 1 or 0."""
        if says_nothing(answer):
            return Score(0.0, "empty")
        got = language_of(answer.text)
        other = got is not None and got != expected_language(case)
        return Score(float(not other), f"in {got}" if other else "")


def expected_language(case: ScoringCase) -> str | None:
    """Return the language to answer in, None where that cannot be said."""
    if nothing_recorded(case) or refuses(case.reference):
        return None
    recorded = case.reference.text
    if not recorded.strip() or structured(recorded) is not NOTHING:
        return None
    found = language_of(recorded)
    asked = language_asked(instructions(case))
    # A prompt that production itself did not follow is no rule to hold others to.
    return asked if asked is not None and found in {asked, None} else found
