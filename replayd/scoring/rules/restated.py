"""A second look at what a rule finds wrong: an answer that says the recording again is right.

A rule reads an answer in the form that its task mostly has. What it finds wrong in another
form is right where values, words and what belongs together are the recording's own.
"""

from replayd.scoring.contract import Corroborated, Said, Score, Scorer, ScoringCase
from replayd.scoring.extract.said_again import says_again, says_crossed
from replayd.scoring.usability import ONE_WRONG, unusable

UNSURE: float = (1.0 + ONE_WRONG) / 2  # up to which a rule finds something wrong


def restated(rule: Scorer) -> Scorer:
    """Return `rule`, which an answer that says the recording again meets in full."""
    return _Beside(rule, rule) if isinstance(rule, Corroborated) else _Restated(rule)


class _Restated:
    def __init__(self, rule: Scorer) -> None:
        self._rule, self.name = rule, rule.name

    def applies(self, case: ScoringCase) -> bool:
        """Where the rule does."""
        return self._rule.applies(case)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return the rule's score, or 1 where the recording is said again."""
        return _lifted(await self._rule.score(case, said), case, said)


class _Beside(_Restated):
    def __init__(self, rule: Scorer, beside: Corroborated) -> None:
        super().__init__(rule)
        self._of_both = beside

    async def score_beside(self, case: ScoringCase, said: Said, other: Said) -> Score:
        """Return the rule's score beside the other arm's answer, as `score` does."""
        return _lifted(await self._of_both.score_beside(case, said, other), case, said)


def _lifted(score: Score, case: ScoringCase, said: Said) -> Score:
    recorded = case.recorded.body
    if score.value == 1.0 and (words := says_crossed(recorded, said.body)):
        return Score(ONE_WRONG / 2, f"exchanged: {words}")
    if score.value is None or score.value > UNSURE or unusable(case, said) is not None:
        return score
    again = says_again(recorded, said.body, case.instructions)
    return Score(1.0) if again else score
