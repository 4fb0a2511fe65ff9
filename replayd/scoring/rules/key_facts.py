"""Text: does the answer make the same checkable claims as the recording?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.prose.facts import facts_agreement


class KeyFacts:
    """Agreement in numbers, dates, names, quoted strings, codes, and yes or no."""

    name = "key_facts"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording claims anything that can be checked."""
        return bool(case.facts.count)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 2 met / (claims asked + claims made)."""
        if not said.answer.text.strip():
            return Score(0.0, "no text")
        value = facts_agreement(case.facts, said.text, granted=case.request)
        return Score(value, f"{value:.0%} of {case.facts.count} facts")
