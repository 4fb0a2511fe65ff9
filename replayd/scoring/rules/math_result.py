"""Mathematics: is the final expression equal to the recorded one, however written?"""

import re

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.expressions import same_values, values_of
from replayd.scoring.extract.structure.final import final_of
from replayd.scoring.usability import unusable, usable

_PIECES = re.compile(
    r"\s*(?:,\s+|;|\bor\b|\band\b|\boder\b|\bund\b|\bou\b|\bet\b|\bi\.e\.|=>|⇒)\s*"
)
_VERB = re.compile(
    r"\A.*?\b(?:is|are|ist|lautet|est|es|equals|gives|becomes|obtain|get)\b:?\s*(?=\S)",
    re.IGNORECASE | re.DOTALL,
)
MOST_PIECES = 6


class MathResult:
    """1 for expressions of the same values; for several solutions, as a set."""

    name = "math_result"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording states an expression that can be valued."""
        return bool(_results(case.recorded.body))

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 where some solutions are wrong, 0 for another result."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted, got = _results(case.recorded.body), _results(said.body)
        missing = sum(not any(same_values(w, g) for g in got) for w in wanted)
        surplus = sum(not any(same_values(w, g) for w in wanted) for g in got)
        wrong = max(missing, surplus)
        return Score(usable(wrong, len(wanted)), "another result" if wrong else "")


def _results(body: str) -> tuple[tuple[float, ...], ...]:
    """Return the values of each solution that an answer states."""
    stated = final_of(body).text
    pieces = _PIECES.split(stated.strip().rstrip("."))[:MOST_PIECES]
    found: list[tuple[float, ...]] = []
    for piece in pieces:
        for text in (piece, _VERB.sub("", piece), piece.rpartition("=")[2]):
            values = values_of(text) if text.strip() else None
            if values is not None:
                if not any(same_values(values, each) for each in found):
                    found.append(values)
                break
    return tuple(found)
