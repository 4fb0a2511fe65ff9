"""Images and documents: are the values read right, each with its own label?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.labels import agreement

PICTURES = frozenset({"image", "document", "mixed", "video"})


class LabelNumbers:
    """F1 over the label and number pairs of the recording.

    Swapped rows, missing rows, wrong digits and numbers strewn about all cost;
    wording, order of rows and the locale of numbers do not. A number in the text of
    the request is not granted here: what is asked is what the picture shows.
    """

    name = "label_numbers"

    def applies(self, case: ScoringCase) -> bool:
        """Where the newest turn shows a picture and the recording reads a number."""
        return case.snapshot.modality in PICTURES and any(
            not pair.quantity.optional for pair in case.recorded.text.pairs.pairs
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 2 met / (asked + given)."""
        if not said.answer.text.strip():
            return Score(0.0, "no text")
        found = agreement(case.recorded.text.pairs, said.text.pairs)
        value = 2 * found.met / (found.asked + found.given)
        return Score(
            value,
            f"{found.met} of {found.asked} values met, {found.given} given",
        )
