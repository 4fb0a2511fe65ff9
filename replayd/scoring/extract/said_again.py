"""Whether an answer says the recording again: the same values and words, part for part.

A table, lines, a sentence or JSON may hold the same, in another order and with values in
another spelling. Nothing here knows what a word means: what is lost, added beyond a few
small words, negated, or joined to another part's words is not the same, and the rule of
the task decides. Bounded: `MOST_TOKENS` of a short text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import LCSseq

from replayd.scoring.extract.language.contrasts import contrasted, other_colour
from replayd.scoring.extract.language.key_words import plain_word, stem
from replayd.scoring.extract.language.polarity import opposed
from replayd.scoring.extract.lexicon import table
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import Measure, measured, same_measure
from replayd.scoring.extract.prose.claim_words import absences, negations
from replayd.scoring.extract.prose.edits import ARTICLES, JOINING
from replayd.scoring.extract.said_parts import (
    LONGEST_READ,
    MARKS_PARTS,
    UNSPACED,
    Token,
    read_parts,
)
from replayd.scoring.extract.structure.codes import codes_of
from replayd.scoring.extract.structure.items import is_ordered

MOST_TOKENS: Final = 60
FEWEST_TOKENS: Final = 2
LONGEST_LEAD: Final = 8  # words before the first that both have: an announcement
COPIED: Final = 0.6  # of all words in order, from which an answer is a near copy
FEWEST_CROSSED: Final = 4  # words and values of two parts
LONG_NUMBER: Final = 9  # digits
DIGITS_OF_CODE: Final = 3
PER_ADDED: Final = 4  # words that both have, for each small word that is added inside

_NO_DIGIT = re.compile(r"\D")
_NO_SIGN = re.compile(r"[\W_]")
_LETTERED = re.compile(r"\d{1,4}\s?(?P<letter>[abdeijnopqruxyz])")
_ROMAN = re.compile(r"[ivxlcdm]+")
_VOWEL = re.compile(r"[aeiouyаеёиоуыэюяіїє]")
_SIGNS = re.compile(r"[<>≤≥±≈~+#@&≠]")
_SYMBOLIC = re.compile(r"[=^²³√∛∫∑\\\\]")  # every mark counts
_HEDGE = re.compile(
    r"\b(?:or|oder|ou|either|maybe|perhaps|o|u|или|veya|lub)\b", re.IGNORECASE
)
_THEN = re.compile(
    r"\b(?:then|next|finally|afterwards?|before|after|dann|danach|zuerst|puis|ensuite|d'abord|luego|después|primero"
    r"|poi|dopo|prima|depois|então|daarna|potem|sedan|затем|потом|сначала|sonra|önce)\b|然后|然後|先|再|その後|次に|てから|그다음|ثم|फिर",
    re.IGNORECASE,
)


def says_again(recorded: str, answer: str, asked: str) -> bool:
    """Whether `answer` says what `recorded` says; words `asked` may come and go."""
    if recorded == answer:
        return True
    every, others = read_parts(recorded), read_parts(answer)
    if max(len(every), len(others)) > MOST_TOKENS or _is_edited(every, others):
        return False
    words = {token.word for token in every}
    others = tuple(t for t in others if not t.label or t.word in words)
    wanted, got = ([t for t in row if not t.small] for row in (every, others))
    if len(wanted) < FEWEST_TOKENS:
        return False
    if not _codes(recorded) <= _codes(answer):
        return False
    if _SYMBOLIC.search(recorded) or _turned(recorded, answer, wanted, got):
        return False
    if _answers_otherwise(recorded, answer, asked[-LONGEST_READ:]):
        return False
    places = _places(wanted, got)
    held = [t for t, place in zip(wanted, places, strict=True) if place is not None]
    lost = [t for t, place in zip(wanted, places, strict=True) if place is None]
    may_go = _Known(held, asked)
    if any(token.measure or token.word not in may_go for token in lost):
        return False
    if not {token.group for token in lost} <= {token.group for token in held}:
        return False
    added = _added(
        got,
        {p for p in places if p is not None},
        _Known(wanted, asked),
        may_lead=not lost,
    )
    # A word for one that is lost is another thing.
    if added is None or added * PER_ADDED > len(held) * (not lost):
        return False
    kept = [
        (t, got[p], p) for t, p in zip(wanted, places, strict=True) if p is not None
    ]
    return len(kept) >= FEWEST_TOKENS and _same_parts(
        kept, ordered=is_ordered(asked) or bool(_THEN.search(recorded))
    )


def _codes(text: str) -> set[str]:
    """Return the long codes of a text, however their parts are set apart."""
    found = (_NO_SIGN.sub("", code) for code in codes_of(text))
    return {code for code in found if sum(map(str.isdigit, code)) >= DIGITS_OF_CODE}


def says_crossed(recorded: str, answer: str) -> str:
    """Return words of two parts that changed partners, "" where none did.

    Both hold the same words and values, in as many parts of the same sizes.
    """
    if recorded == answer or not MARKS_PARTS.search(recorded):
        return ""
    wanted, got = (
        [t for t in read_parts(text) if not t.small] for text in (recorded, answer)
    )
    if not FEWEST_CROSSED <= len(wanted) == len(got) <= MOST_TOKENS:
        return ""
    places = _places(wanted, got)
    if None in places or all(a < b for a, b in pairwise(p or 0 for p in places)):
        return ""
    here: dict[int, set[int]] = {}
    there: dict[int, set[int]] = {}
    for at, (token, place) in enumerate(zip(wanted, places, strict=True)):
        # A word that several parts have is one, whichever of them it stands in.
        key = next((i for i in range(at) if _same(wanted[i], token)), at)
        here.setdefault(token.group, set()).add(key)
        there.setdefault(got[place or 0].group, set()).add(key)
    sizes = [sorted(map(len, groups.values())) for groups in (here, there)]
    if sizes[0] != sizes[1] or len(here) < 2 or sizes[0][0] < 2:
        return ""
    parted = next((g for g in here.values() if g not in there.values()), None)
    return " ".join(wanted[at].word for at in sorted(parted)[:3]) if parted else ""


class _Known:
    """Words that an answer may say besides: those asked, and those recorded."""

    def __init__(self, wanted: Sequence[Token], asked: str) -> None:
        words = (*marked_words(asked[-LONGEST_READ:]), *(t.word for t in wanted))
        self._stems = frozenset(map(stem, words))
        self._letters = frozenset(c for w in words if UNSPACED.search(w) for c in w)
        self.measures = (
            *measured(asked[-LONGEST_READ:]).measures,
            *(t.measure for t in wanted if t.measure),
        )

    def __contains__(self, word: str) -> bool:
        return stem(word) in self._stems or word in self._letters


def _turned(
    recorded: str, answer: str, wanted: Sequence[Token], got: Sequence[Token]
) -> bool:
    """Whether a negation, an opposite, a bound or an alternative differs."""
    if Counter(_SIGNS.findall(recorded)) != Counter(_SIGNS.findall(answer)):
        return True
    if bool(_HEDGE.search(recorded)) != bool(_HEDGE.search(answer)):
        return True
    if sum(map(_negates, wanted)) != sum(map(_negates, got)):
        return True
    words, others = marked_words(recorded), marked_words(answer)
    if contrasted(others, words) or other_colour(others, words):
        return True
    return opposed(answer, recorded)


def _answers_otherwise(recorded: str, answer: str, asked: str) -> bool:
    """Whether only the answer uses the opposite of what was asked for."""
    words, others, known = map(marked_words, (recorded, answer, asked))
    if contrasted(others, known) and not contrasted(words, known):
        return True
    return opposed(answer, asked) and not opposed(recorded, asked)


def _negates(token: Token) -> bool:
    within = table("polarity.toml")["negation"]["within"]
    word = token.word
    return token.measure is None and (
        word in negations()
        or word in absences()
        or any(mark in word for mark in within)
    )


def _is_edited(wanted: Sequence[Token], got: Sequence[Token]) -> bool:
    """Whether an answer copies the recording but for some word, however small."""
    keys = [
        next((i for i, token in enumerate(wanted) if _same(token, other)), -1 - j)
        for j, other in enumerate(got)
    ]
    own = [next(i for i, t in enumerate(wanted) if _same(t, token)) for token in wanted]
    longer = max(len(own), len(keys), 1)
    if LCSseq.similarity(own, keys) < COPIED * longer:
        return False
    words = {token.word for token in wanted}
    for code in LCSseq.opcodes(own, keys):
        if code.tag == "equal" or (code.tag == "insert" and not code.dest_start):
            continue
        if code.tag == "insert" and all(
            _joins(got, at) or got[at].word in words
            for at in range(code.dest_start, code.dest_end)
        ):
            continue
        gone = wanted[code.src_start : code.src_end] if code.tag != "insert" else ()
        new = got[code.dest_start : code.dest_end] if code.tag != "delete" else ()
        if any(token.word not in ARTICLES for token in (*gone, *new)):
            return True
    return False


def _joins(row: Sequence[Token], at: int) -> bool:
    """Whether a small word only joins: two values of a range, or two parts."""
    beside = row[max(0, at - 1) : at + 2]
    ranges = len(beside) > 2 and beside[0].measure and beside[2].measure
    return row[at].small and (bool(ranges) or row[at].word in JOINING)


def _places(wanted: Sequence[Token], got: Sequence[Token]) -> list[int | None]:
    """Return where each token stands in the answer, behind the one before if it can."""
    free = set(range(len(got)))
    places: list[int | None] = []
    last = -1
    for token in wanted:
        same = [j for j in sorted(free) if _same(token, got[j])]
        if not same:
            places.append(None)
            continue
        last = next((j for j in same if j > last), same[0])
        free.discard(last)
        places.append(last)
    return places


def _same(one: Token, other: Token) -> bool:
    if one.measure and other.measure:
        digits, others = (_NO_DIGIT.sub("", t.word) for t in (one, other))
        if min(len(digits), len(others)) >= LONG_NUMBER:
            return digits == others  # an account or a telephone, right to the digit
        if _letter(one.word) != _letter(other.word):
            return False  # `12b` is another house than `12a`
        return same_measure(one.measure, other.measure) and not _counts_other(
            one.measure, other.measure
        )
    if one.measure or other.measure:
        dated = one.measure or other.measure
        named = dated is not None and not dated.is_number
        return named and _abbreviates(one.word, other.word)
    if plain_word(one.word) == plain_word(other.word):
        return True
    return _abbreviates(one.word, other.word)


def _letter(word: str) -> str:
    """Return the letter of `12a`, which no unit is written with."""
    match = _LETTERED.fullmatch(word)
    return match["letter"] if match else ""


def _abbreviates(one: str, other: str) -> bool:
    """Whether one word is the beginning or the consonants of the other: `Mon`, `Dr`."""
    short, long = sorted((one.rstrip("."), other.rstrip(".")), key=len)
    if not (short.isalpha() and long.isalpha()) or short[:1] != long[:1]:
        return False
    if not 2 <= len(short) <= 4 or len(long) < len(short) + 2:
        return False
    if len(short) >= 3 and long.startswith(short) and not _ROMAN.fullmatch(long):
        return True
    rest = iter(long)
    return not _VOWEL.search(short) and all(letter in rest for letter in short)


def _counts_other(one: Measure, other: Measure) -> bool:
    """Whether a word that only looks like a unit stands behind one of two numbers."""
    units = {
        m.unit
        for m in (one, other)
        if m.unit is None or m.unit.dimension[:5] == "unit "
    }
    return len(units) > 1


def _added(
    got: Sequence[Token], placed: Iterable[int], known: _Known, *, may_lead: bool
) -> int | None:
    """Count the words inside an answer that are new; None where a value is."""
    held = set(placed)
    first = min(held, default=0)
    lead = got[first].group if got else 0
    shared = {got[at].group for at in held}
    inside = 0
    for at, token in enumerate(got):
        if at in held:
            continue
        if token.measure is not None:
            if not token.measure.quantity.optional and not any(
                same_measure(m, token.measure) for m in known.measures
            ):
                return None
        elif token.group not in shared and (at > first or token.word not in known):
            return None  # a part of its own
        elif token.word in known:
            continue
        elif any(map(str.isdigit, token.word)):
            return None
        elif not may_lead or at >= min(first, LONGEST_LEAD) or token.group != lead:
            inside += 1
    return inside


def _same_parts(kept: Sequence[tuple[Token, Token, int]], *, ordered: bool) -> bool:
    """Whether what stood together still does, and in its order where that counts."""
    places = [place for _, _, place in kept]
    if all(a < b for a, b in pairwise(places)):
        return True
    if ordered:
        return False
    groups: dict[int, list[tuple[Token, int]]] = {}
    for token, _, place in kept:
        groups.setdefault(token.group, []).append((token, place))
    spans = sorted(
        (min(p for _, p in g), max(p for _, p in g)) for g in groups.values()
    )
    if any(a[1] >= b[0] for a, b in pairwise(spans)):
        return False  # a part of one thing stands among another's
    single = [len(g) == 1 for g in groups.values()]
    if any(single) and (not all(single) or any(t.measure for t, _, _ in kept)):
        return (
            False  # a thing alone shares what its neighbour says; values have a place
        )
    return all(_same_group(group, len(groups)) for group in groups.values())


def _same_group(group: Sequence[tuple[Token, int]], among: int) -> bool:
    """Whether a part keeps its order, or its two sides only changed places."""
    for measures in (True, False):
        places = [p for t, p in group if bool(t.measure) is measures]
        if all(a < b for a, b in pairwise(places)):
            continue
        if measures or not _sides_changed(group, among):
            return False
    return True


def _sides_changed(group: Sequence[tuple[Token, int]], among: int) -> bool:
    """Whether a part is two sides, each in its order: a label and what it labels."""
    atoms = list(dict.fromkeys(token.atom for token, _ in group))
    if len(atoms) != 2 or among < 2:
        return False
    sides = [[p for t, p in group if t.atom == atom] for atom in atoms]
    return all(a < b for side in sides for a, b in pairwise(side)) and (
        sides[1][-1] < sides[0][0]
    )
