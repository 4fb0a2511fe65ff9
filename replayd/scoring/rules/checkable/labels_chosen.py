"""Classification: are exactly the recorded labels of the offered set given?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.options import labels_chosen
from replayd.scoring.usability import unusable, usable


class LabelsChosen:
    """1 for the recorded labels; a second or a negated label is an error."""

    name = "labels_chosen"

    def applies(self, case: ScoringCase) -> bool:
        """Where the request enumerates labels and the recording gives some of them."""
        labels = case.labels
        return bool(labels) and bool(labels_chosen(case.reference.text, labels).labels)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 where labels are added or missing, 0 for others."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted = _of_each(case.reference.text, case)
        got = _of_each(said.answer.text, case)
        if got == wanted:
            return Score(1.0)
        wrong = len(wanted ^ got)
        return Score(usable(wrong, max(len(wanted), len(got))), "other labels")


def _of_each(text: str, case: ScoringCase) -> frozenset[str]:
    """Return the labels that a text settles on, of each set that is asked for."""
    return frozenset[str]().union(
        *(labels_chosen(text, labels).labels for labels in case.label_sets)
    )
