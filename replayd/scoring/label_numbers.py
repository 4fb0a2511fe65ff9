"""Images and documents: are the values read right, each with its own label?"""

from functools import lru_cache

from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.labels import Reading, agreement, read_pairs
from snaptrace.snapshots.model import Answer

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
        return case.snapshot.modality in PICTURES and bool(_asked(case.reference.text))

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 2 met / (asked + given)."""
        reference = _pairs(case.reference.text)
        found = agreement(reference, read_pairs(answer.text))
        if not answer.text.strip():
            return Score(0.0, "no text")
        value = 2 * found.met / (found.asked + found.given)
        return Score(
            value,
            f"{found.met} of {found.asked} values met, {found.given} given",
        )


def _asked(text: str) -> int:
    return sum(not pair.quantity.optional for pair in _pairs(text).pairs)


@lru_cache(maxsize=64)
def _pairs(text: str) -> Reading:
    return read_pairs(text)
