"""Diagnostic: how alike the wording is. Never decides anything.

A wrong digit leaves wording 98 % alike, a right answer in other words 50 %.
"""

from rapidfuzz.distance import Indel

from replayd.scoring.contract import Said, Score, ScoringCase


class Overlap:
    """Share of words in common and in order, longest common subsequence."""

    name = "overlap"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording holds words."""
        return bool(case.recorded.text.words)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 2 common / (words asked + words given)."""
        wanted, got = case.recorded.text.words, said.text.words
        return Score(Indel.normalized_similarity(wanted, got))
