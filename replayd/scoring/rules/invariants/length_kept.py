"""Invariant: an answer is about as long as such an answer is."""

from typing import Final

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.words import word_count

# The band is wide: models differ in how much they say. Beyond it a reader was asked for
# a line and got pages, or the other way round.
LONGER: Final = 8  # times the recorded words
LONGER_BY: Final = 200  # words beside, which a short answer may always be longer by
SHORTER: Final = 10  # the recorded words are divided by it
SHORTER_BY: Final = 15  # words beside, which a long answer may always be shorter by


class LengthKept:
    """0 if the answer is many times longer or shorter than the recording, else 1."""

    name = "length_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where a text was recorded that says something."""
        recorded = case.recorded
        return (
            not case.nothing_recorded
            and bool(case.reference.text.strip())
            and not recorded.refuses
            and not case.reference.tool_calls
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        if said.is_empty:
            return Score(0.0, "empty")
        if said.refuses or not said.answer.text.strip():
            return Score(1.0)  # other rules' business
        wanted = word_count(case.reference.text)
        got = word_count(said.answer.text)
        most = LONGER * wanted + LONGER_BY
        fewest = wanted / SHORTER - SHORTER_BY
        if fewest <= got <= most:
            return Score(1.0)
        return Score(0.0, f"{got} words for {wanted}")
