"""Invariant: answer in the language asked for, else in the recording's."""

from replayd.scoring.contract import Said, Score, ScoringCase


class LanguageKept:
    """0 if the answer is clearly in another language, else 1.

    An answer too short to tell is in no other language.
    """

    name = "language_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where the prompt names a language, or the recording clearly has one."""
        return case.language is not None

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        if said.is_empty:
            return Score(0.0, "empty")
        got = said.text.language
        other = got is not None and got != case.language
        return Score(float(not other), f"in {got}" if other else "")
