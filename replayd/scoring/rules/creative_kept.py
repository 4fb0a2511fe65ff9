"""Creative writing: no wording is right, but something of the kind must be there."""

from typing import Final

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.usability import unusable

VERSE: Final = 3  # lines of a recording from which it is verse or a script
TOO_SHORT: Final = 3  # times shorter than recorded
LOST: Final = 0.4  # what an answer without the asked form is worth


class CreativeKept:
    """0 without an answer or for a stump, .4 where verse became a single line, else 1."""

    name = "creative_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where a text was recorded."""
        return bool(case.recorded.body.strip())

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 0, .4 or 1."""
        if (useless := unusable(case, said)) is not None:
            return useless
        recorded, body = case.recorded.body, said.body
        if len(body) * TOO_SHORT < len(recorded):
            return Score(0.0, "much shorter than recorded")
        if _lines(recorded) >= VERSE and _lines(body) < VERSE - 1:
            return Score(LOST, "the form is lost")
        return Score(1.0)


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())
