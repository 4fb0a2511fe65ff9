"""Steps of an instruction or a story that an answer puts in another order.

Where both texts say which comes first, and their steps are worded alike, another order is
another instruction. A text may still tell a later step first, if it says so: `before`.
"""

import itertools
import re
from functools import lru_cache
from typing import Final

from replayd.scoring.extract.lexicon import table
from replayd.scoring.extract.prose.claims import Claim, claims_of, matched

ALIKE: Final = 0.65  # of the words of two steps that are the same step
FEWEST_STEPS: Final = 3
MOST_STEPS: Final = 24

_NUMBERED = re.compile(r"^\s*(?:\*\*)?[1-9]\d?[.)]\s", re.MULTILINE)


@lru_cache(maxsize=512)
def reordered(reference: str, answer: str, language: str) -> str:
    """Return a step that stands before one that it followed, "" where none does."""
    if not (_is_ordered(reference) and _is_ordered(answer)):
        return ""
    turning = _marks("turning")
    if turning.search(answer) and not turning.search(reference):
        return ""
    wanted, got = claims_of(reference)[:MOST_STEPS], claims_of(answer)[:MOST_STEPS]
    places = [
        (place, step)
        for step in got
        if (place := _place(step, wanted, language)) is not None
    ]
    if len(places) < FEWEST_STEPS or len({at for at, _ in places}) < len(places):
        return ""
    for (earlier, _), (later, step) in itertools.pairwise(places):
        if later < earlier:
            return " ".join(step.texts[:4])
    return ""


def _is_ordered(text: str) -> bool:
    """Whether a text says which of its steps comes first."""
    if len(_NUMBERED.findall(text)) >= FEWEST_STEPS:
        return True
    return _marks("ordering").search(text) is not None


def _place(step: Claim, steps: tuple[Claim, ...], language: str) -> int | None:
    """Return which step is said again."""
    for at, other in enumerate(steps):
        longer = max(len(step.words), len(other.words))
        if longer > 1 and len(matched(step, other, language).same) >= ALIKE * longer:
            return at
    return None


@lru_cache(maxsize=2)
def _marks(kind: str) -> re.Pattern[str]:
    words = table("order.toml")[kind]
    either = "|".join(sorted(map(re.escape, words["words"]), key=len, reverse=True))
    anywhere = "|".join(map(re.escape, words["within"]))
    return re.compile(rf"\b(?:{either})\b|{anywhere}", re.IGNORECASE)
