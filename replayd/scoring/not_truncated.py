"""Invariant: end where the recording ended cleanly."""

from replayd.scoring.asking import nothing_recorded
from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.refusals import says_nothing
from snaptrace.snapshots.model import Answer

CUT_SHORT = frozenset({"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"})


class NotTruncated:
    """0 if the answer ran into its length limit, else 1."""

    name = "not_truncated"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording came to its own end."""
        recorded = case.reference
        return not (
            nothing_recorded(case)
            or says_nothing(recorded)
            or recorded.outcome == "truncated"
            or recorded.finish_reason in CUT_SHORT
        )

    async def score(self, case: ScoringCase, answer: Answer) -> Score:  # noqa: ARG002
        """Return 1 or 0."""
        if says_nothing(answer):
            return Score(0.0, "empty")
        cut = answer.outcome == "truncated" or answer.finish_reason in CUT_SHORT
        return Score(float(not cut), "cut at its length limit" if cut else "")
