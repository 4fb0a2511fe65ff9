"""Words as scorers compare them: letter case, accents' encoding and marks aside."""

import re
import unicodedata
from collections.abc import Iterable
from string import ascii_letters, digits

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.numbers.quantities import LONGEST_READ
from replayd.scoring.extract.numbers.quantity import Quantity
from replayd.scoring.extract.structure.splitting import splitter

MOST_WORDS = 5_000  # read of one text; a longer one is cut alike for every arm

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")

# Scripts written without blanks are compared letter by letter.
_split = splitter(
    r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:'[^\W_]+)*",
    plain=ascii_letters + digits,
    joining="'",
)


def words_of(text: str) -> list[str]:
    """Return the words in order, case-folded, without punctuation."""
    text = text[:LONGEST_READ]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("’", "'")
    return _split(text.casefold())[:MOST_WORDS]


def word_count(text: str) -> int:
    """Return how many words a text has, two letters to a word without blanks."""
    letters = len(_UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + (letters + 1) // 2


def spoken_words(text: str, quantities: Iterable[Quantity]) -> list[str]:
    """Return the words as they sound: quantities in one spelling, `7` as `seven`."""
    pieces: list[str] = []
    at = 0
    for quantity in quantities:
        if quantity.optional:
            continue
        pieces.extend((text[at : quantity.start], f" {min(quantity.readings)} "))
        at = quantity.end
    pieces.append(text[at:])
    return words_of("".join(pieces))


def content_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words that carry meaning, in order, each once."""
    return tuple(dict.fromkeys(word for word in words if word not in STOPWORDS))
