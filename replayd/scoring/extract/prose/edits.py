"""Edits between sentences that are nearly word for word the same.

Free rewording changes many words of a sentence. Where an answer repeats a sentence of its
reference but for one or two words, those words are what differs in fact: a thing for
another, an opposite, a negation, two things exchanged. Needs no grammar, only an order
of words, so it holds for every language.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct
from rapidfuzz.distance import LCSseq

from replayd.scoring.extract.lexicon import table
from replayd.scoring.extract.prose.claim_words import (
    absences,
    is_denial,
    negations,
    relation,
)
from replayd.scoring.extract.prose.sentences import (
    VALUE,
    Sentence,
    carries,
    sentences_read,
)

EditKind = Literal["negation", "opposite", "exchanged", "other"]

SURELY_COPIED: Final = 0.62  # of a sentence unchanged, from which a turn is sure
COPIED: Final = 0.74  # the same, from which another word is another fact
COPIED_UNKNOWN: Final = 0.8
NEAR: Final = 0.55  # of the longer sentence's words in place, for a near copy
SAME_PLACE: Final = 0.2  # of the words, that the same place in the text is worth
FEWEST_IN_PLACE: Final = 2  # words in place that carry meaning
LONGEST_EDIT: Final = 2  # words that carry meaning, on either side of one edit
SAME_WORDS: Final = 0.85  # of a sentence, in any order, for words exchanged in it
MOST_MOVED: Final = 12  # words that are held against each other
CONCORD: Final = 3  # words between two negations that are one, as in Spanish
BESIDE: Final = 2  # unchanged words between a negation and what it takes back
MOST_EDITS: Final = 3  # of one sentence that exchange words, to still be a near copy

ARTICLES: Final = frozenset(
    (
        *("a", "an", "the", "der", "die", "das", "den", "dem", "des", "ein", "eine"),
        *("einen", "einem", "einer", "le", "la", "les", "l", "un", "une", "el", "los"),
        *("las", "una", "il", "lo", "gli", "uno", "o", "os", "as", "um", "uma"),
        *("het", "een", "en", "ett", "et"),
    )
)
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
JOINING: Final = frozenset(
    (
        *("and", "or", "und", "oder", "et", "ou", "y", "e", "o", "u", "ed", "en", "of"),
        *(
            "och",
            "eller",
            "og",
            "i",
            "oraz",
            "lub",
            "ve",
            "veya",
            "и",
            "или",
            "та",
            "і",
        ),
        *("と", "や", "和", "与", "및", "와", "과", "و", "أو", "और", "या"),
    )
)


# Negations that languages with negative concord put beside another one.
_CONCORDANT: Final = frozenset(
    ("no", "non", "não", "ne", "n", "не", "nie", "nu", "δεν", "ni", "ні")
)


class Edit(Struct, frozen=True):
    """Words of the reference, and those that stand in their place."""

    kind: EditKind
    gone: str
    new: str
    near: float  # share of the sentence that is unchanged


def is_decisive(edit: Edit, language: str) -> bool:
    """Whether an edit is sure to change what is said."""
    if edit.kind == "exchanged":
        return True
    if edit.kind != "other":
        return edit.near >= SURELY_COPIED
    # Where synonyms are not known, one may stand in a sentence that is else the same.
    return edit.near >= (COPIED if language == "en" else COPIED_UNKNOWN)


@lru_cache(maxsize=512)
def edits(reference: str, answer: str, language: str) -> tuple[Edit, ...]:
    """Return how near copies of the reference's sentences differ from them."""
    found: list[Edit] = []
    for partner, sentence in near_copies(reference, answer, language):
        found += edited(partner, sentence, language)
    return tuple(_across(found))


def near_copies(
    reference: str, answer: str, language: str
) -> tuple[tuple[Sentence, Sentence], ...]:
    """Return the sentences of an answer that repeat one of the reference's, with it."""
    wanted, got = sentences_read(reference, language), sentences_read(answer, language)
    partners = (_partner(sentence, wanted, at) for at, sentence in enumerate(got))
    pairs = zip(partners, got, strict=True)
    return tuple((partner, sentence) for partner, sentence in pairs if partner)


def _partner(
    sentence: Sentence, others: Sequence[Sentence], place: int
) -> Sentence | None:
    """Return the sentence that is repeated: the nearest, or about so at its place."""
    words = Counter(sentence.keys)
    best, most = None, 0.0
    for at, other in enumerate(others):
        longer = max(len(sentence.keys), len(other.keys))
        if NEAR * longer > min(len(sentence.keys), len(other.keys)):
            continue
        shared = (words & Counter(other.keys)).total() / longer
        weight = shared + (SAME_PLACE if at == place else 0.0)
        if shared >= NEAR and weight > most:
            best, most = other, weight
    return best


class _Block(Struct, frozen=True):
    gone: tuple[str, ...]  # words of the reference
    new: tuple[str, ...]
    at: int  # how many words stand unchanged before it


def edited(wanted: Sentence, got: Sentence, language: str) -> list[Edit]:
    """Return how one sentence differs from another."""
    blocks, kept = _blocks(wanted, got)
    in_place = sum(carries(wanted.tokens[i]) for i in kept)
    near = len(kept) / max(len(wanted.keys), len(got.keys))
    carrying = [sum(map(carries, each.tokens)) for each in (wanted, got)]
    # Small words change around a negation, and stand by themselves in Japanese.
    if in_place >= max(carrying) or any(map(_HIRAGANA.match, wanted.tokens)):
        near = max(near, in_place / max(1, *carrying))
    if exchanged := _exchanged(wanted, got) or _replaced(blocks, language):
        if _turns_too(blocks, language):
            return []  # slower than the other for faster than it
        return [Edit("exchanged", *exchanged, near)]
    if not blocks or near < NEAR or in_place < FEWEST_IN_PLACE:
        return []
    # What only moved within the sentence says nothing new.
    moved = Counter(w for b in blocks for w in b.gone) & Counter(
        w for b in blocks for w in b.new
    )
    found: list[Edit] = []
    turns: list[tuple[int, Edit]] = []
    pairs = 0
    for block in blocks:
        gone = [w for w in block.gone if w not in moved]
        new = [w for w in block.new if w not in moved]
        turned, other = _compared(gone, new, near, language)
        turns += [(block.at, turn) for turn in turned]
        found += other
        pairs += bool(other)
    turns = [each for each in turns if not _concords(each[1], wanted, got)]
    return _lasting(turns) + (found if pairs <= MOST_EDITS else [])


def _concords(turn: Edit, wanted: Sentence, got: Sentence) -> bool:
    """Whether a negation only goes along with another: `no dejes nunca`."""
    if turn.kind != "negation" or (turn.gone and turn.new):
        return False
    word = turn.new or turn.gone
    has, lacks = (got, wanted) if turn.new else (wanted, got)
    if word not in _CONCORDANT or negations().isdisjoint(lacks.tokens):
        return False
    at = has.tokens.index(word)
    beside = (
        *has.tokens[max(0, at - CONCORD) : at],
        *has.tokens[at + 1 : at + CONCORD + 1],
    )
    return any(each in negations() and each not in _CONCORDANT for each in beside)


def _lasting(turns: Sequence[tuple[int, Edit]]) -> list[Edit]:
    """Leave out turns that take back one another: `not closed` for `open`."""
    negated = [(at, turn) for at, turn in turns if turn.kind == "negation"]
    opposites = [(at, turn) for at, turn in turns if turn.kind != "negation"]
    # Two parts of one negation, as `ne ... pas`, are one; one that moved is none.
    if any(t.gone for _, t in negated) and any(t.new for _, t in negated):
        return [turn for _, turn in opposites]
    if not negated:
        return [turn for _, turn in opposites]
    where = [at for at, _ in negated]
    near = [
        each for each in opposites if min(abs(each[0] - at) for at in where) <= BESIDE
    ]
    if near:
        return [each[1] for each in opposites if each is not near[0]]
    return [negated[0][1], *(turn for _, turn in opposites)]


def _replaced(blocks: Sequence[_Block], language: str) -> tuple[str, str] | None:
    """Return a word that took another's place, which took its own."""
    put = [
        (at, gone[0], new[0])
        for at, gone, new in ((b.at, _bare(b.gone), _bare(b.new)) for b in blocks)
        if len(gone) == len(new) == 1
    ]
    for at, gone, new in put:
        for other, back, forth in put:
            if (
                other > at + 1
                and relation(gone, forth, language) == "same"
                and relation(new, back, language) == "same"
            ):
                return gone, new
    return None


def _turns_too(blocks: Sequence[_Block], language: str) -> bool:
    """Whether a word became its opposite, beside words that were exchanged."""
    return any(
        relation(gone, new, language) == "opposite"
        for block in blocks
        for gone in block.gone
        for new in block.new
    )


def _bare(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(w for w in words if carries(w))


def _blocks(wanted: Sentence, got: Sentence) -> tuple[list[_Block], list[int]]:
    """Return the stretches that differ, and the places that do not."""
    found: list[_Block] = []
    kept: list[int] = []
    gone: list[str] = []
    new: list[str] = []
    for code in LCSseq.opcodes(wanted.keys, got.keys):
        tag, i, end, j, until = code.tag, *_span(code)
        if tag != "equal":
            gone += wanted.tokens[i:end] if tag != "insert" else ()
            new += got.tokens[j:until] if tag != "delete" else ()
            continue
        if gone or new:
            found.append(_Block(tuple(gone), tuple(new), len(kept)))
            gone, new = [], []
        kept += range(i, end)
    if gone or new:
        found.append(_Block(tuple(gone), tuple(new), len(kept)))
    return found, kept


def _span(code: object) -> tuple[int, int, int, int]:
    return code.src_start, code.src_end, code.dest_start, code.dest_end  # type: ignore[attr-defined]


def _compared(
    gone: list[str], new: list[str], near: float, language: str
) -> tuple[list[Edit], list[Edit]]:
    """Return the turns between two stretches, and the words that stand for others."""
    turns: list[Edit] = []
    for word in list(gone):
        same = next((n for n in new if relation(word, n, language) == "same"), None)
        if same is not None:
            gone.remove(word)
            new.remove(same)
    for word in list(gone):
        against = next(
            (n for n in new if relation(word, n, language) == "opposite"), None
        )
        if against is not None:
            gone.remove(word)
            new.remove(against)
            turns.append(Edit("opposite", word, against, near))
    lost, won = _negating(gone, language), _negating(new, language)
    if len(lost) != len(won) and (not lost or not won):
        turns.append(Edit("negation", " ".join(lost), " ".join(won), near))
    left = [w for w in gone if carries(w) and not w.startswith(VALUE)]
    put = [w for w in new if carries(w) and not w.startswith(VALUE)]
    if left and put and max(len(left), len(put)) <= LONGEST_EDIT:
        return turns, [Edit("other", " ".join(left), " ".join(put), near)]
    return turns, []


def _negating(words: Sequence[str], language: str) -> list[str]:
    within = table("polarity.toml")["negation"]["within"]
    return [
        w
        for w in words
        if w in negations()
        or w in absences()
        or any(mark in w for mark in within)
        or is_denial(w, language)
    ]


def _exchanged(wanted: Sentence, got: Sentence) -> tuple[str, str] | None:
    """Return two words of a sentence that stand in each other's surroundings."""
    if (Counter(wanted.keys) & Counter(got.keys)).total() < SAME_WORDS * max(
        len(wanted.keys), len(got.keys)
    ):
        return None
    here, there = _surroundings(wanted), _surroundings(got)
    shared = [word for word in here if word in there and here[word] != there[word]]
    for at, one in enumerate(shared[:MOST_MOVED]):
        for other in shared[at + 1 : MOST_MOVED]:
            if _meets(there[one], here[other]) and _meets(there[other], here[one]):
                return one, other
    return None


def _surroundings(sentence: Sentence) -> dict[str, tuple[str, str]]:
    """Return the words beside each word that occurs once and carries meaning."""
    bare = [
        (token, key)
        for token, key in zip(sentence.tokens, sentence.keys, strict=True)
        if token not in ARTICLES
    ]
    counts = Counter(key for _, key in bare)
    return {
        key: (
            bare[at - 1][1] if at else "",
            bare[at + 1][1] if at + 1 < len(bare) else "",
        )
        for at, (token, key) in enumerate(bare)
        if counts[key] == 1 and carries(token)
    }


def _meets(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return any(
        a == b and a and a not in JOINING for a, b in zip(one, other, strict=True)
    )


def _across(found: Sequence[Edit]) -> list[Edit]:
    """Join words put for each other in two sentences: who did what was exchanged."""
    put = {(e.gone, e.new) for e in found if e.kind == "other"}
    return [
        Edit("exchanged", e.gone, e.new, e.near)
        if e.kind == "other" and (e.new, e.gone) in put
        else e
        for e in found
    ]
