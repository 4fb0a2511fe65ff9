"""Quantities with the words they belong to, and how two sets of them agree.

A value counts as right unless it is missing, or stands with words that the
reference puts beside another value: swapped rows cost, other wording does not.
"""

import re
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct
from rapidfuzz import fuzz, process
from rapidfuzz.distance import LCSseq

from replayd.scoring.quantities import LONGEST_READ, Quantity, quantities
from replayd.scoring.words import content_words, words_of

MOST_PAIRS = 400  # read of one text; what lies beyond counts as wrong
SAME_WORD = 80.0  # similarity in percent from which two words are one
PLACE_WEIGHT = 0.01  # the place in a row only tells equal words apart

_SENTENCE = re.compile(r"[;!?]|\.(?=\s|$)")
_LISTED = re.compile(r"[\s,/&|%–-]*(?:and|und|et|y|e|en|och)?\s*")  # noqa: RUF001
_FOLLOWED = re.compile(
    r"\s*(?:%|percent|prozent)?\s+(?:for|in|at|from|für|im|bei|pour|para|en|per)\s",
    re.IGNORECASE,
)
_ENUMERATION = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+(?=\D)")
_RULE_ROW = re.compile(r"^[\s|:+=-]+$")


class Pair(Struct, frozen=True):
    """A quantity, the content words around it, and its place in their row."""

    quantity: Quantity
    words: frozenset[str]
    place: int = 0


class Agreement(NamedTuple):
    """How many of the reference's values were met, and what stood on each side."""

    met: int
    asked: int
    given: int


class Reading(NamedTuple):
    """The pairs of a text, at most `MOST_PAIRS`; `total` counts all of them."""

    pairs: tuple[Pair, ...]
    total: int


def read_pairs(text: str) -> Reading:
    """Return every quantity of `text` with its words, in order."""
    text = text[:LONGEST_READ]
    found = quantities(text)
    pairs: list[Pair] = []
    header: list[str] = []
    start = enumerating = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        here = _within(found, start, end)
        inside = [value for value in here if not _enumerates(value, line, start)]
        enumerating += len(here) - len(inside)
        cells = _cells(line)
        if len(cells) > 1:
            if not inside and not _RULE_ROW.match(line):
                header = [line[a:b] for a, b in cells]
            pairs.extend(_of_row(line, start, cells, inside, header))
        else:
            if line.strip():
                header = []
            pairs.extend(_of_prose(text, start, end, inside))
        start = end
        if len(pairs) > MOST_PAIRS:
            break
    return Reading(tuple(pairs[:MOST_PAIRS]), len(found) - enumerating)


def agreement(
    reference: Reading,
    answer: Reading,
    *,
    granted: Callable[[Quantity], bool] = lambda _quantity: False,
) -> Agreement:
    """Return how far the answer's values are the reference's.

    An optional quantity ("one") can meet but is neither asked nor counted as given,
    and a given one that is `granted` (it stands in the request) costs nothing.
    """
    asked = [pair for pair in reference.pairs if not pair.quantity.optional]
    same_words = _word_map(reference.pairs, answer.pairs)
    given = [
        Pair(p.quantity, frozenset(same_words.get(w, w) for w in p.words), p.place)
        for p in answer.pairs
    ]
    met_asked, met_given = _match(asked, given)
    spare = sum(
        1
        for index, pair in enumerate(given)
        if index not in met_given and (pair.quantity.optional or granted(pair.quantity))
    )
    surplus = max(0, reference.total - len(reference.pairs))
    return Agreement(
        met=len(met_asked),
        asked=len(asked) + surplus,
        given=max(len(met_given), answer.total - spare),
    )


def _match(asked: Sequence[Pair], given: Sequence[Pair]) -> tuple[set[int], set[int]]:
    """Return the indices met on both sides: best words first, each once."""
    full: dict[str, list[int]] = {}
    shortened: dict[str, list[int]] = {}
    for index, pair in enumerate(asked):
        for reading in pair.quantity.readings:
            full.setdefault(reading, []).append(index)
        for reading in pair.quantity.shortened:
            shortened.setdefault(reading, []).append(index)
    offers: list[tuple[float, int, int]] = []
    for index, pair in enumerate(given):
        rivals = [_closeness(pair, other) for other in asked]
        nearest = max(rivals, default=0.0)
        value = pair.quantity
        same = {i for r in value.readings | value.shortened for i in full.get(r, ())}
        same.update(i for r in value.readings for i in shortened.get(r, ()))
        offers.extend(
            (-rivals[i], i, index)
            for i in same
            # Its words fit another value better: a swapped row, no match.
            if rivals[i] >= nearest - PLACE_WEIGHT / 2
        )
    met_asked: set[int] = set()
    met_given: set[int] = set()
    for _, i, index in sorted(offers):
        if i not in met_asked and index not in met_given:
            met_asked.add(i)
            met_given.add(index)
    if len(asked) > 1 and given and not any(pair.words for pair in given):
        return _in_order(asked, given)
    return met_asked, met_given


def _in_order(
    asked: Sequence[Pair], given: Sequence[Pair]
) -> tuple[set[int], set[int]]:
    """Match bare values by their order, since no words say whose they are."""
    first: dict[str, int] = {}
    for index, pair in enumerate(asked):
        for reading in sorted(pair.quantity.readings):
            first.setdefault(reading, index)

    def key(pair: Pair) -> int:
        known = [first[r] for r in pair.quantity.readings if r in first]
        return min(known, default=-1)

    blocks = LCSseq.opcodes([key(p) for p in asked], [key(p) for p in given])
    met_asked: set[int] = set()
    met_given: set[int] = set()
    for block in blocks:
        if block.tag == "equal":
            met_asked.update(range(block.src_start, block.src_end))
            met_given.update(range(block.dest_start, block.dest_end))
    return met_asked, met_given


def _closeness(one: Pair, other: Pair) -> float:
    """Return the share of the shorter label found in the longer one, place as a tie."""
    shorter = min(len(one.words), len(other.words))
    shared = len(one.words & other.words) / shorter if shorter else 0.0
    return shared + PLACE_WEIGHT * (one.place == other.place) if shared else 0.0


def _word_map(reference: Collection[Pair], answer: Collection[Pair]) -> dict[str, str]:
    """Map misspelt words of the answer to the reference's spelling."""
    known = sorted({word for pair in reference for word in pair.words})
    unknown = {word for pair in answer for word in pair.words}.difference(known)
    long = [word for word in known if len(word) > 3]
    mapped: dict[str, str] = {}
    for word in sorted(unknown):
        if len(word) > 3:
            best = process.extractOne(
                word, long, scorer=fuzz.ratio, score_cutoff=SAME_WORD
            )
            if best:
                mapped[word] = best[0]
    return mapped


def _within(found: Sequence[Quantity], start: int, end: int) -> list[Quantity]:
    return [q for q in found if start <= q.start < end]


def _enumerates(quantity: Quantity, line: str, start: int) -> bool:
    """Whether the quantity is only the `1.` of a list."""
    match = _ENUMERATION.match(line)
    return bool(match) and quantity.start - start < match.end()  # type: ignore[union-attr]


def _cells(line: str) -> list[tuple[int, int]]:
    """Return the spans of a table row's cells; one span where it is no row."""
    for mark, least in (("|", 2), ("\t", 1)):
        if line.count(mark) >= least:
            edges = [i for i, letter in enumerate(line) if letter == mark]
            bounds = [-1, *edges, len(line)]
            spans = [(a + 1, b) for a, b in pairwise(bounds)]
            if mark == "|":  # The bars at either end bound the row, not a cell.
                spans = [
                    span
                    for i, span in enumerate(spans)
                    if 0 < i < len(spans) - 1 or line[slice(*span)].strip()
                ]
            return spans
    return [(0, len(line))]


def _of_row(
    line: str,
    start: int,
    cells: list[tuple[int, int]],
    inside: list[Quantity],
    header: list[str],
) -> list[Pair]:
    named = {
        index
        for index, (a, b) in enumerate(cells)
        if not any(a <= q.start - start < b for q in inside)
    }
    row = [w for index in sorted(named) for w in words_of(line[slice(*cells[index])])]
    pairs: list[Pair] = []
    place = 0
    for index, (a, b) in enumerate(cells):
        for quantity in inside:
            if a <= quantity.start - start < b:
                head = words_of(header[index]) if index < len(header) else []
                own = words_of(_without(line, a, b, quantity, start))
                words = frozenset(content_words([*row, *head, *own]))
                pairs.append(Pair(quantity, words, place))
                place += 1
    return pairs


def _without(line: str, a: int, b: int, quantity: Quantity, start: int) -> str:
    return line[a : quantity.start - start] + " " + line[quantity.end - start : b]


def _of_prose(text: str, start: int, end: int, inside: list[Quantity]) -> list[Pair]:
    """Read a line sentence by sentence."""
    pairs: list[Pair] = []
    at = start
    for stop in [*(m.end() for m in _SENTENCE.finditer(text, start, end)), end]:
        within = _within(inside, at, stop)
        # A mark inside a quantity (`3. March`) ends no sentence.
        if within and within[-1].end > stop:
            continue
        pairs.extend(_of_sentence(text, at, stop, within))
        at = stop
    return pairs


def _of_sentence(text: str, start: int, end: int, inside: list[Quantity]) -> list[Pair]:
    """Give each quantity the words before it, or after it where the sentence does so.

    Bare followers in a list (`North: 10, 20`) share the label and differ in place.
    """
    if not inside:
        return []
    heading = frozenset[str]()
    colon = text.find(":", start, inside[0].start)
    if colon >= 0:
        heading = _label(text, start, colon)
    pairs: list[Pair] = []
    label, place = frozenset[str](), 0
    trailing = _trails(text, start, end, inside)
    for index, quantity in enumerate(inside):
        after = inside[index + 1].start if index + 1 < len(inside) else end
        before = inside[index - 1].end if index else start
        span = (quantity.end, after) if trailing else (before, quantity.start)
        if words := _label(text, *span):
            label, place = words | heading, 0
        elif index and not _LISTED.fullmatch(text, before, quantity.start):
            label, place = heading, 0
        pairs.append(Pair(quantity, label, place))
        place += 1
    return pairs


def _trails(text: str, start: int, end: int, inside: list[Quantity]) -> bool:
    """Whether labels follow their quantities: `10 for North and 20 for South`."""
    if not _label(text, start, inside[0].start):
        return True
    followed = sum(bool(_FOLLOWED.match(text, q.end, end)) for q in inside)
    return followed * 2 > len(inside)


def _label(text: str, start: int, end: int) -> frozenset[str]:
    return frozenset(content_words(words_of(text[start:end])))
