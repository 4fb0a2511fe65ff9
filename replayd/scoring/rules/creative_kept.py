"""Creative writing: no wording is right, but something of the kind must be there."""

import re
from typing import Final

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.key_words import holds_word, key_words
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.usability import unusable

VERSE: Final = 3  # lines of a recording from which it is verse or a script
TOO_SHORT: Final = 3  # times shorter than recorded
LOST: Final = 0.4  # what an answer without the asked form or topic is worth
LONGEST_READ: Final = 2_000  # characters of a request

_TOPIC = re.compile(
    r"\b(?:about|on the subject of|über|au sujet d['eu]|sur|sobre|acerca de|su(?:l|lla)?|over|om"
    r"|о|об)\s+(?P<topic>[^.,;:!?\n]{3,60})",
    re.IGNORECASE,
)


class CreativeKept:
    """0 without an answer or for a stump, .4 where form or topic is lost, else 1."""

    name = "creative_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where a text was recorded."""
        return bool(case.recorded.body.strip())

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 0, .4 or 1."""
        if (useless := unusable(case, said)) is not None:
            return useless
        recorded, body = case.recorded.body, said.body
        if len(body) * TOO_SHORT < len(recorded):
            return Score(0.0, "much shorter than recorded")
        if _lines(recorded) >= VERSE and _lines(body) < VERSE - 1:
            return Score(LOST, "the form is lost")
        if (topic := _topic_lost(case, body)) is not None:
            return Score(LOST, f"nothing about {topic}")
        return Score(1.0)


def _topic_lost(case: ScoringCase, body: str) -> str | None:
    """Return what the request names as topic, if only the recording keeps to it."""
    named = _TOPIC.search(case.question[:LONGEST_READ])
    if named is None:
        return None
    words = key_words(named["topic"])
    recorded, given = marked_words(case.recorded.body), marked_words(body)
    if not words or not all(holds_word(recorded, word) for word in words[-1:]):
        return None
    # A poem may speak of a thing and never name it; then it shares other words.
    alike = (*words, *key_words(case.recorded.body), *key_words(case.question))
    return None if any(holds_word(given, word) for word in alike) else words[-1]


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())
