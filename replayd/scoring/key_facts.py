"""Text: does the answer make the same checkable claims as the recording?"""

from functools import lru_cache

from replayd.scoring.asking import newest_question, whole_request
from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.facts import Facts, facts_agreement, facts_of
from snaptrace.snapshots.model import Answer


class KeyFacts:
    """Agreement in numbers, dates, names, quoted strings, codes, and yes or no."""

    name = "key_facts"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording claims anything that can be checked."""
        return bool(reference_facts(case).count)

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 2 met / (claims asked + claims made)."""
        if not answer.text.strip():
            return Score(0.0, "no text")
        facts = reference_facts(case)
        value = facts_agreement(facts, answer.text, granted=whole_request(case))
        return Score(value, f"{value:.0%} of {facts.count} facts")


def reference_facts(case: ScoringCase) -> Facts:
    """Return the facts of the case's reference text."""
    return _facts(case.reference.text, newest_question(case))


@lru_cache(maxsize=64)
def _facts(text: str, question: str) -> Facts:
    return facts_of(text, question=question)
