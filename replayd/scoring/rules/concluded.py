"""A rule that is asked about conclusions alone, where the recording has one.

Reasons before an answer are free; what a program reads of it is the place where the
request wants the answer. An answer without such a place is read as a whole.
"""

from replayd.scoring.contract import Corroborated, Said, Score, Scorer, ScoringCase


def concluded(rule: Scorer) -> Scorer:
    """Return `rule`, applied to the conclusions of recording and answer."""
    return _Beside(rule, rule) if isinstance(rule, Corroborated) else _Concluded(rule)


class _Concluded:
    def __init__(self, rule: Scorer) -> None:
        self._rule, self.name = rule, rule.name

    def applies(self, case: ScoringCase) -> bool:
        """Where the rule does, to what the recording concludes."""
        return self._rule.applies(case.settled)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return the rule's score of what an answer concludes."""
        return await self._rule.score(case.settled, case.conclusion_of(said))


class _Beside(_Concluded):
    def __init__(self, rule: Scorer, beside: Corroborated) -> None:
        super().__init__(rule)
        self._of_both = beside

    async def score_beside(self, case: ScoringCase, said: Said, other: Said) -> Score:
        """Return the same, beside what the other arm's answer concludes."""
        said, other = case.conclusion_of(said), case.conclusion_of(other)
        return await self._of_both.score_beside(case.settled, said, other)
