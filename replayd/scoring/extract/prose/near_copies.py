"""Differences of an answer that is mostly the reference's own words, in their order.

Rewording changes a text everywhere; another fact changes it in one place. Where long runs
of words were kept, a stretch between them that was replaced or left out is therefore a
difference in fact, however many words it has.
"""

from functools import lru_cache
from typing import Final

from msgspec import Struct
from rapidfuzz.distance import LCSseq

from replayd.scoring.extract.lexicon import table
from replayd.scoring.extract.prose.claim_words import Vocabulary, is_verb
from replayd.scoring.extract.prose.sentences import carries, sentences_read

RUN: Final = (
    3  # words in order that are no accident; letters of an unspaced script: one more
)
SURE: Final = 0.75  # of both texts in such runs, from which what differs is surely so
KEPT: Final = 0.6  # of both texts in such runs, from which what differs is local
KEPT_LONG: Final = 0.5  # the same of a longer text
LONG: Final = 16  # words
FEWEST_OF_LONG: Final = 4  # words replaced in a longer text that is less of a copy
FEWEST_LEFT_OUT: Final = 3  # words that carry meaning, in a copy that says nothing new
FEWEST_KEPT: Final = 3  # words of a sentence that only drops its condition
UNSPACED: Final = frozenset({"ja", "zh"})


class Replaced(Struct, frozen=True):
    """A difference between two texts that are near copies."""

    what: str
    sure: bool  # little else differs


class Parts(Struct, frozen=True):
    """The words of a text that its counterpart does not have in place, and at all."""

    kept: float  # share in runs that both have
    only: tuple[str, ...]


@lru_cache(maxsize=512)
def replaced_part(
    reference: str, answer: str, question: str, language: str
) -> Replaced | None:
    """Return what a near copy has in another's stead, None where it is none."""
    wanted, got = _read(reference, language), _read(answer, language)
    if not wanted[0] or not got[0] or wanted[1] == got[1]:
        return None
    here, there = _parts(got, wanted, language), _parts(wanted, got, language)
    asked = Vocabulary(_read(question, language)[0], language)
    new = [word for word in here.only if word not in asked]
    gone = there.only
    missed = [word for word in gone if word not in asked]
    if not new and (condition := _condition_left_out(reference, answer, language)):
        return Replaced(f"left out: {condition}", sure=True)
    if here.kept >= KEPT_LONG and not new and len(missed) >= FEWEST_LEFT_OUT:
        return Replaced(f"left out: {' '.join(missed[:4])}", sure=True)
    # Many verbs can say the same of the same things.
    kept = min(here.kept, there.kept)
    if language == "en" and kept < SURE:
        new = [word for word in new if not is_verb(word, language)]
        gone = tuple(word for word in gone if not is_verb(word, language))
    if not new or not gone:
        return None
    longer = min(len(wanted[0]), len(got[0])) >= LONG
    if kept >= KEPT or (
        longer and kept >= KEPT_LONG and len(new) + len(gone) >= FEWEST_OF_LONG
    ):
        what = f"“{' '.join(new[:3])}” for “{' '.join(gone[:3])}”"
        return Replaced(what, sure=kept >= SURE)
    return None


def _condition_left_out(reference: str, answer: str, language: str) -> str:
    """Return the condition of a sentence that the answer repeats without it."""
    marks = table("polarity.toml")["condition"]["words"]
    got = sentences_read(answer, language)
    if any(mark in each.tokens for each in got for mark in marks):
        return ""  # it may stand elsewhere
    for other in sentences_read(reference, language):
        for each in got:
            kept = len(each.keys)
            if not FEWEST_KEPT <= kept < len(other.keys):
                continue
            behind, before = other.tokens[kept:], other.tokens[:-kept]
            if other.keys[:kept] == each.keys and behind[0] in marks:
                return " ".join(behind[:5])
            if other.keys[-kept:] == each.keys and before[0] in marks:
                return " ".join(before[:5])
    return ""


def differing(
    reference: str, answer: str, language: str
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the words that only the answer of two near copies has, and only the other.

    None where long runs of words are not kept: wording is then no sign of anything.
    """
    wanted, got = _read(reference, language), _read(answer, language)
    if not wanted[0] or not got[0]:
        return None
    here, there = _parts(got, wanted, language), _parts(wanted, got, language)
    if max(here.kept, there.kept) < KEPT_LONG:
        return None
    return here.only, there.only


def words_read(text: str, language: str) -> tuple[str, ...]:
    """Return the words of a text, as near copies are compared."""
    return _read(text, language)[0]


def _read(text: str, language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of a text and the keys that forms of a word share."""
    found = sentences_read(text, language)
    tokens = tuple(token for each in found for token in each.tokens)
    return tokens, tuple(key for each in found for key in each.keys)


def _parts(
    one: tuple[tuple[str, ...], tuple[str, ...]],
    other: tuple[tuple[str, ...], tuple[str, ...]],
    language: str,
) -> Parts:
    run = RUN + (language in UNSPACED)
    kept = [False] * len(one[1])
    for code in LCSseq.opcodes(one[1], other[1]):
        size = code.src_end - code.src_start
        if code.tag == "equal" and size >= run:
            kept[code.src_start : code.src_end] = [True] * size
    known = Vocabulary([word for word in other[0] if _states(word)], language)
    only = [
        word
        for word, held in zip(one[0], kept, strict=True)
        if not held and _states(word) and word not in known
    ]
    return Parts(sum(kept) / len(kept), tuple(dict.fromkeys(only)))


def _states(word: str) -> bool:
    """Whether a word is one to compare here; values are compared as such."""
    return carries(word) and not any(map(str.isdigit, word))
