"""Differences of two rows of heard or read words, in their best alignment."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import Levenshtein

from replayd.scoring.extract.language.key_words import plain_word

_ARTICLES: Final = frozenset(
    "the a an der die das ein eine den dem des le la les un une l el los las una lo il gli i uno o os as um uma de het een au aux".split()
)
_TWO_LETTERS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
_CLOCK = re.compile(r"\b0?(\d{1,2}):(\d\d)")
_BEFORE_DIGITS: Final = frozenset(["at", "à", "um", "às", "alle"])


class Errors(NamedTuple):
    """Words that differ: those that change what was said, and those that do not."""

    heavy: int
    light: int


def _letters(words: Sequence[str]) -> list[str]:
    return [plain_word(word) for word in words]


def _umlauts(words: Sequence[str]) -> list[str]:
    """Return words with umlauts as two letters: `taeglich` is `täglich`."""
    return [plain_word(word.translate(_TWO_LETTERS)) for word in words]


def _differing(
    wanted: Sequence[str], got: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield the stretches of two rows that differ, neighbours in one."""
    start = stop = after = upto = 0
    for block in Levenshtein.opcodes(list(wanted), list(got)):
        if block.tag != "equal":
            stop, upto = block.src_end, block.dest_end
            continue
        if stop > start or upto > after:
            yield wanted[start:stop], got[after:upto]
        start, after = block.src_end, block.dest_end
        stop, upto = start, after
    if stop > start or upto > after:
        yield wanted[start:stop], got[after:upto]


def _joined(words: Sequence[str]) -> str:
    """Return words as one: `2:15` and `at two fifteen`, `Patel's` and `patels`."""
    said = [w for w in words if w not in _BEFORE_DIGITS or not _timed(words)]
    if len(said) > 1 and said[-1] == "is" and said[-2].isalpha():
        said = [*said[:-2], f"{said[-2]}s"]
    letters = "".join(said)
    return _CLOCK.sub(r"\1\2", letters) if _timed(words) else letters


def _timed(words: Sequence[str]) -> bool:
    return any(_CLOCK.fullmatch(w) or (w.isdecimal() and len(w) > 2) for w in words)


def word_errors(wanted: Sequence[str], got: Sequence[str]) -> Errors:
    """Count the words that differ between two rows, in their best alignment."""
    heavy = light = 0
    for lost, new in _differing(wanted, got):
        if _joined(lost) == _joined(new):
            continue  # written together or apart
        kept = [w for w in lost if w not in _ARTICLES]
        added = [w for w in new if w not in _ARTICLES]
        if _letters(kept) == _letters(added) or _umlauts(kept) == _umlauts(added):
            light += max(1, abs(len(lost) - len(new)))
        else:
            heavy += max(len(kept), len(added), 1)
    return Errors(heavy, light)
