"""Audio: how many words were heard wrong?"""

from rapidfuzz.distance import Levenshtein

from replayd.scoring.contract import Score, ScoringCase
from replayd.scoring.words import spoken_words
from snaptrace.snapshots.model import Answer


class WordErrors:
    """1 - min(1, word error rate) against the recorded words.

    Letter case, punctuation and the spelling of numbers do not count. Scripts
    without blanks are compared by letter.
    """

    name = "word_errors"

    def applies(self, case: ScoringCase) -> bool:
        """Where the call carries sound and the recording holds words."""
        return (
            case.snapshot.modality == "audio"
            or case.snapshot.operation == "transcription"
        ) and bool(spoken_words(case.reference.text))

    async def score(self, case: ScoringCase, answer: Answer) -> Score:
        """Return 1 - (substitutions + deletions + insertions) / words asked."""
        reference = spoken_words(case.reference.text)
        errors = Levenshtein.distance(reference, spoken_words(answer.text))
        value = 1.0 - min(1.0, errors / len(reference))
        return Score(value, f"{errors} errors in {len(reference)} words")
