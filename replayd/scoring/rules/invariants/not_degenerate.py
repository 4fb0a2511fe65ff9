"""Invariant: an answer is neither a loop, nor noise, nor a chat template."""

from functools import lru_cache

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.degenerate import is_soup, loop_in, template_mark


class NotDegenerate:
    """0 if the answer repeats itself endlessly, mixes scripts or shows template marks.

    What the recording does too is no fault: it may be a song, or about templates.
    """

    name = "not_degenerate"

    def applies(self, case: ScoringCase) -> bool:
        """Where something was recorded that is well formed itself."""
        return not case.nothing_recorded and not _fault(case.reference.text)

    async def score(self, case: ScoringCase, said: Said) -> Score:  # noqa: ARG002
        """Return 1 or 0."""
        if said.is_empty:
            return Score(0.0, "empty")
        fault = _fault(said.answer.text)
        return Score(float(not fault), fault)


@lru_cache(maxsize=256)  # the recording's is asked for four times a pair
def _fault(text: str) -> str:
    if mark := template_mark(text):
        return f"template mark {mark[:24]}"
    if loop := loop_in(text):
        return f"repeats “{loop[:40]}”"
    return "mixes scripts" if is_soup(text) else ""
