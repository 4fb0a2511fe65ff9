"""Invariant: say something where the recording said something."""

from replayd.scoring.contract import Said, Score, ScoringCase


class NotEmpty:
    """1 if there is text, a tool call, media or a refusal, else 0."""

    name = "not_empty"

    def applies(self, case: ScoringCase) -> bool:
        """Everywhere but where the recording itself was empty."""
        return case.nothing_recorded or not case.recorded.is_empty

    async def score(self, case: ScoringCase, said: Said) -> Score:  # noqa: ARG002
        """Return 1 or 0."""
        return Score(0.0, "empty") if said.is_empty else Score(1.0)
