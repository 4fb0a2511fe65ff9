"""Text in pictures: is it read to the word and to the mark?"""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.transcripts import announced, read_words, word_errors
from replayd.scoring.usability import unusable, usable

LIGHT_COST = 0.02  # of the value, for an accent or an article
LEAST_LIGHT = 0.9


class TextRead:
    """Errors: words or marks lost, added or misread; layout and letter case are none."""

    name = "text_read"

    def applies(self, case: ScoringCase) -> bool:
        """Where a picture is shown and the recording holds words."""
        return bool(read_words(case.reference.text))

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or at most .5 and less the more words are wrong."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted = read_words(case.reference.text)
        answer = said.answer.text
        errors = word_errors(wanted, read_words(answer))
        if errors.heavy:
            errors = min(errors, word_errors(wanted, read_words(announced(answer))))
        if errors.heavy:
            value = usable(errors.heavy, len(wanted))
            return Score(value, f"{errors.heavy} of {len(wanted)} words wrong")
        return Score(max(LEAST_LIGHT, 1.0 - LIGHT_COST * errors.light))
