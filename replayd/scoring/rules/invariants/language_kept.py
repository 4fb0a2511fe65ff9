"""Invariant: answer in the language asked for, else in the recording's."""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.language_id import other_language
from replayd.scoring.extract.structure.body import without_thoughts


class LanguageKept:
    """0 if the answer is clearly in another language, else 1.

    Marked reasoning before the answer is free to be in any language. Code, quotes and names of another language do not count; an answer too short to tell
    is in no other language.
    """

    name = "language_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where the prompt names a language, or the recording clearly has one."""
        return case.language is not None

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        if said.is_empty:
            return Score(0.0, "empty")
        other = other_language(without_thoughts(said.answer.text), case.language or "")
        return Score(float(not other), f"in {other}" if other else "")
