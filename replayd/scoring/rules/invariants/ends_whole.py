"""Invariant: an answer ends where a sentence, list, table or block does."""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.degenerate import broken_end


class EndsWhole:
    """0 if the answer breaks off, whatever finish reason the provider gives.

    Judged beside the recording: what ends like it is whole.
    """

    name = "ends_whole"

    def applies(self, case: ScoringCase) -> bool:
        """Where a text was recorded that was not cut itself."""
        return (
            not case.nothing_recorded
            and bool(case.reference.text.strip())
            and case.reference.outcome != "truncated"
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        if said.is_empty:
            return Score(0.0, "empty")
        broken = broken_end(said.answer.text, case.reference.text)
        return Score(float(not broken), f"breaks off {broken}" if broken else "")
