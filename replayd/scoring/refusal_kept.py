"""Invariant: refuse where the recording refused, answer where it answered."""

from replayd.scoring.asking import nothing_recorded
from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.refusals import refuses, says_nothing
from snaptrace.snapshots.model import Answer


class RefusalKept:
    """1 if recording and answer agree about refusing, else 0."""

    name = "refusal_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where an answer or a refusal was recorded."""
        return not nothing_recorded(case) and not says_nothing(case.reference)

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 1 or 0."""
        asked, got = refuses(case.reference), refuses(answer)
        if says_nothing(answer):
            return Score(0.0, "empty")
        if asked == got:
            return Score(1.0)
        return Score(0.0, "refused" if got else "answered what was refused")
