"""Closed questions: is the same option chosen, and only that one?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.options import option_chosen, options_of
from replayd.scoring.usability import unusable, usable


class OptionChosen:
    """1 for exactly the recorded options; a hedge between two is no choice."""

    name = "option_chosen"

    def applies(self, case: ScoringCase) -> bool:
        """Where the question lists lettered options and the recording chose among them."""
        options = options_of(case.question)
        return bool(options) and bool(option_chosen(case.reference.text, options))

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 for a hedge, 0 for another option."""
        if (useless := unusable(case, said)) is not None:
            return useless
        options = options_of(case.question)
        wanted = option_chosen(case.reference.text, options)
        got = option_chosen(said.answer.text, options)
        if got == wanted:
            return Score(1.0)
        wrong = len(wanted ^ got)
        return Score(usable(wrong, max(len(wanted), len(got))), "another option")
