"""Audio: how many words were heard wrong?"""

from rapidfuzz.distance import Levenshtein

from replayd.scoring.contract import Said, Score, ScoringCase


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
        ) and bool(case.recorded.text.spoken)

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 - (substitutions + deletions + insertions) / words asked."""
        reference = case.recorded.text.spoken
        errors = Levenshtein.distance(reference, said.text.spoken)
        value = 1.0 - min(1.0, errors / len(reference))
        return Score(value, f"{errors} errors in {len(reference)} words")
