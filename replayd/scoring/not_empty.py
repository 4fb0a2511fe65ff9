"""Invariant: say something where the recording said something."""

from replayd.scoring.asking import nothing_recorded
from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.refusals import says_nothing
from snaptrace.snapshots.model import Answer


class NotEmpty:
    """1 if there is text, a tool call, media or a refusal, else 0."""

    name = "not_empty"

    def applies(self, case: ScoringCase) -> bool:
        """Everywhere but where the recording itself was empty."""
        return nothing_recorded(case) or not says_nothing(case.reference)

    async def score(self, case: ScoringCase, answer: Answer) -> Score:  # noqa: ARG002
        """Return 1 or 0."""
        empty = says_nothing(answer)
        return Score(float(not empty), "empty" if empty else "")
