"""Diagnostic: how alike the wording is. Never decides anything.

A wrong digit leaves wording 98 % alike, a right answer in other words 50 %.
"""

from rapidfuzz.distance import Indel

from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.words import words_of
from snaptrace.snapshots.model import Answer


class Overlap:
    """Share of words in common and in order, longest common subsequence."""

    name = "overlap"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording holds words."""
        return bool(words_of(case.reference.text))

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 2 common / (words asked + words given)."""
        wanted, got = words_of(case.reference.text), words_of(answer.text)
        return Score(Indel.normalized_similarity(wanted, got))
