"""Words as scorers compare them: letter case, accents' encoding and marks aside."""

import re
import unicodedata
from collections.abc import Iterable

from replayd.scoring.language import STOPWORDS
from replayd.scoring.quantities import LONGEST_READ, quantities

MOST_WORDS = 5_000  # read of one text; a longer one is cut alike for every arm

# Scripts written without blanks are compared letter by letter.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001


def words_of(text: str) -> list[str]:
    """Return the words in order, case-folded, without punctuation."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST_READ]).casefold()
    folded = folded.replace("’", "'")  # noqa: RUF001 - an apostrophe
    return _WORD.findall(folded)[:MOST_WORDS]


def spoken_words(text: str) -> list[str]:
    """Return the words as they sound: quantities in one spelling, `7` as `seven`."""
    pieces: list[str] = []
    at = 0
    for quantity in quantities(text):
        if quantity.optional:
            continue
        pieces.extend((text[at : quantity.start], f" {min(quantity.readings)} "))
        at = quantity.end
    pieces.append(text[at:LONGEST_READ])
    return words_of("".join(pieces))


def content_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words that carry meaning, in order, each once."""
    return tuple(dict.fromkeys(word for word in words if word not in STOPWORDS))
