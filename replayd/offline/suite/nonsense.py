"""Senseless answers: a pin that one of them passes tells nothing good from nothing.

They are judged by the same rules as the canary, without asking anybody. A suite that
one of them passes from end to end is never green.
"""

from typing import Final

from replayd.model import ArmAnswer
from replayd.offline.suite.held import Held, unmet
from replayd.offline.suite.judging import judged
from replayd.scoring.contract import ScoringCase
from snaptrace.snapshot.model import Answer

FILLER: Final = "Forest: 1. That is lovely, and there is nothing else to say about it."
SENSELESS: Final = ("filler", "echo of the question")
LONGEST_ECHO: Final = 4_000  # characters of the question


async def passing_nonsense(held: Held) -> dict[str, ArmAnswer]:
    """Return the senseless answers that would pass this pin's rules, by name."""
    found: dict[str, ArmAnswer] = {}
    for name, text in _answers(held.scoring).items():
        answer = ArmAnswer(
            outcome="answered", answer=Answer(text=text, finish_reason="stop")
        )
        if (await judged(held, answer)).state == "passed" and not unmet(
            held.counted, held, answer
        ):
            found[name] = answer
    return found


def _answers(scoring: ScoringCase) -> dict[str, str]:
    filler, echo = SENSELESS
    named = {filler: FILLER}
    if scoring.question.strip():
        named[echo] = scoring.question[:LONGEST_ECHO]
    return named
