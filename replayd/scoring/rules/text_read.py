"""Text in pictures: is it read to the word and to the mark?"""

import re

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.codes import codes_of
from replayd.scoring.extract.transcripts import (
    announced,
    quoted_parts,
    read_words,
)
from replayd.scoring.extract.word_errors import word_errors
from replayd.scoring.usability import unusable, usable

LIGHT_COST = 0.02  # of the value, for an accent or an article
LEAST_LIGHT = 0.9
_LABELLED = re.compile(r"(?:[^\W\d]{1,12}(?: [^\W\d]{1,12})?\.?:?\s+)?(?P<code>\S+)")
_MARKUP = re.compile(r"[*`]")


def _same_code(recorded: str, answer: str) -> bool:
    """Whether the recording is one code with a label at most, and so is the answer."""
    labelled = _LABELLED.fullmatch(recorded.strip())
    if labelled is None:
        return False
    wanted = codes_of(labelled["code"])
    return len(wanted) == 1 and codes_of(_MARKUP.sub("", answer)) == wanted


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
            others = (announced(answer), *quoted_parts(answer))
            errors = min(errors, *(word_errors(wanted, read_words(o)) for o in others))
        if errors.heavy and (inside := quoted_parts(case.reference.text)):
            quoted = read_words(inside[0])  # what stands around it is no part of it
            errors = min(errors, word_errors(quoted, read_words(answer)))
        if errors.heavy and _same_code(case.reference.text, answer):
            return Score(1.0)  # what stands beside it names it
        if errors.heavy:
            value = usable(errors.heavy, len(wanted))
            return Score(value, f"{errors.heavy} of {len(wanted)} words wrong")
        return Score(max(LEAST_LIGHT, 1.0 - LIGHT_COST * errors.light))
