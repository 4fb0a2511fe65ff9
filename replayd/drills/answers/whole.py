"""Faults in the whole: nothing, somebody else's answer, a part missing or repeated."""

import re
from typing import Final

from msgspec.structs import replace

from replayd.drills.answers.contract import Injured, Injury, with_text
from replayd.drills.answers.statements import SAYS, SENTENCE
from replayd.scoring.extract.structure.json_values import NOTHING, structured
from snaptrace.snapshot.model import Answer

FEWEST_SENTENCES: Final = 3  # of which one may be missing
REPEATED: Final = 8  # times that a looping model says its last sentence
_END: Final = re.compile(r"[.!?。！？]\s*\Z")


def emptied(answer: Answer, _injury: Injury) -> Injured | None:
    """Say and call nothing."""
    if not answer.text.strip() and not answer.tool_calls:
        return None
    return Injured(replace(answer, text="", tool_calls=(), media=()))


def other_answer(answer: Answer, injury: Injury) -> Injured | None:
    """Give the answer to another case."""
    if not answer.text.strip() or not injury.other.text.strip():
        return None
    return with_text(answer, injury.other.text)


def sentence_dropped(answer: Answer, injury: Injury) -> Injured | None:
    """Leave out one sentence that names or counts something."""
    if structured(answer.text) is not NOTHING:
        return None
    sentences = list(SENTENCE.finditer(answer.text))
    says = [each for each in sentences if SAYS.search(each[0])]
    if len(sentences) < FEWEST_SENTENCES or not says:
        return None
    chosen = injury.rng.choice(says)
    before, after = answer.text[: chosen.start()], answer.text[chosen.end() :]
    return with_text(answer, (before.rstrip(" ") + after).strip())


def repeated(answer: Answer, _injury: Injury) -> Injured | None:
    """Say the last sentence again and again."""
    text = answer.text.rstrip()
    if structured(text) is not NOTHING or not _END.search(text):
        return None
    last = SENTENCE.findall(text)
    if not last:
        return None
    return with_text(answer, " ".join([text, *[last[-1].strip()] * REPEATED]))
