"""Sentences of a text as words in order, its values by their readings."""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from replayd.scoring.extract.numbers.measures import measured
from replayd.scoring.extract.prose.claim_words import (
    LEADING,
    minor_words,
    plainly,
    spoken,
    stem,
)

LONGEST_READ: Final = 6_000  # characters
MOST_SENTENCES: Final = 40
MOST_TOKENS: Final = 60  # of a sentence

_SENTENCE = re.compile(r"(?<!\d)[.!?;:](?=\s|\Z|[\"”»)])|[\n。！？；।؟]+")
_MARKUP = re.compile(
    r"[*_`#>|~]+|^\s*(?:[-•–+]|\d+[.)])\s+|^\s*[・•●]\s*", re.MULTILINE
)
VALUE = "\ue000"  # before the reading of a value, in place of its words
_TOKEN = re.compile(
    r"\ue000[^\ue000]+\ue000|n't|[\u3041-\u309f]+|[\u30a0-\u30fa\u30fc-\u30ff]+|[\u3005\u3400-\u9fff]"
    r"|[\u0900-\u0dff]+|[^\W_]+(?:['’][^\W_]+)*(?:-[^\W_]+)*"
)
_HAN_OR_KANA = re.compile(r"[\u3005\u3041-\u30ff\u3400-\u9fff]")


class Sentence(Struct, frozen=True):
    """A sentence as words."""

    tokens: tuple[str, ...]  # case-folded, in order
    keys: tuple[str, ...]  # the same, so that forms of a word are one


@lru_cache(maxsize=512)
def sentences_read(text: str, language: str) -> tuple[Sentence, ...]:
    """Return the sentences of a text as words, its values by their readings."""
    read = measured(_MARKUP.sub(" ", text[:LONGEST_READ]))
    pieces, at = [], 0
    for measure in read.measures:
        if not measure.quantity.optional and measure.start >= at:
            value = min(measure.quantity.readings)
            pieces += [read.text[at : measure.start], f" {VALUE}{value}{VALUE} "]
            at = measure.end
    plain = "".join([*pieces, read.text[at:]]).replace("’", "'")
    plain = plainly(LEADING.sub("", plain))
    found = []
    for piece in _SENTENCE.split(plain):
        tokens = tuple(_TOKEN.findall(spoken(piece))[:MOST_TOKENS])
        if tokens:
            keys = tuple(stem(token, language) for token in tokens)
            found.append(Sentence(tokens, keys))
    return tuple(found[:MOST_SENTENCES])


def carries(word: str) -> bool:
    """Whether a word means something by itself."""
    if _HAN_OR_KANA.match(word):
        return not "\u3041" <= word[0] <= "\u309f"
    return word not in minor_words() and not word.endswith("'")
