"""Invariant: end where the recording ended cleanly."""

from replayd.scoring.contract import Said, Score, ScoringCase

CUT_SHORT = frozenset({"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"})


class NotTruncated:
    """0 if the answer ran into its length limit, else 1."""

    name = "not_truncated"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording came to its own end."""
        recorded = case.reference
        return not (
            case.nothing_recorded
            or case.recorded.is_empty
            or recorded.outcome == "truncated"
            or recorded.finish_reason in CUT_SHORT
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:  # noqa: ARG002
        """Return 1 or 0."""
        if said.is_empty:
            return Score(0.0, "empty")
        answer = said.answer
        cut = answer.outcome == "truncated" or answer.finish_reason in CUT_SHORT
        return Score(float(not cut), "cut at its length limit" if cut else "")
