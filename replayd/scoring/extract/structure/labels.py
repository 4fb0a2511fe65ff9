"""Quantities with the words they belong to, and how two sets of them agree.

A value counts as right unless it is missing, or stands with words that the
reference puts beside another value: swapped rows cost, other wording does not.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct
from rapidfuzz import fuzz, process
from rapidfuzz.distance import LCSseq

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.language.words import words_of
from replayd.scoring.extract.numbers.quantity import Quantity

MOST_PAIRS = 400  # read of one text; what lies beyond counts as wrong
SAME_WORD = 80.0  # similarity in percent from which two words are one
PLACE_WEIGHT = 0.01  # the place in a row only tells equal words apart
CLOSEST = 1.0 + PLACE_WEIGHT

_SENTENCE = re.compile(r"[;!?]|\.(?=\s|$)")
_LISTED = re.compile(r"[\s,/&|%–-]*(?:and|und|et|y|e|en|och)?\s*")
_FOLLOWED = re.compile(
    r"\s*(?:%|percent|prozent)?\s+(?:for|in|at|from|für|im|bei|pour|para|en|per)\s",
    re.IGNORECASE,
)
_ENUMERATION = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+(?=\D)")
_RULE_ROW = re.compile(r"^[\s|:+=-]+$")


_begins = attrgetter("start")


class Pair(Struct, frozen=True):
    """A quantity, the content words around it, and its place in their row."""

    quantity: Quantity
    words: frozenset[str]
    place: int = 0


class Agreement(NamedTuple):
    """Match counts of the reference's values, and the values of each side."""

    met: int
    asked: int
    given: int


class Reading(NamedTuple):
    """The pairs of a text, at most `MOST_PAIRS`; `total` counts all of them."""

    pairs: tuple[Pair, ...]
    total: int


def read_pairs(text: str, found: Sequence[Quantity]) -> Reading:
    """Return the quantities `found` in `text`, which are in order, with their words."""
    pairs: list[Pair] = []
    header: list[frozenset[str]] = []
    start = enumerating = at = 0
    for line in text.splitlines(keepends=True) if found else ():
        end, first = start + len(line), at
        while at < len(found) and found[at].start < end:
            at += 1
        here = found[first:at]
        number = _ENUMERATION.match(line) if here else None
        # The `1.` of a list is no value.
        inside = [q for q in here if not number or q.start >= start + number.end()]
        enumerating += len(here) - len(inside)
        cells = _cells(line)
        if len(cells) > 1:
            if not inside and not _RULE_ROW.match(line):
                header = [_content(line[a:b]) for a, b in cells]
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
    given: Sequence[Pair] = answer.pairs
    if same_words := _word_map(reference.pairs, given):
        given = [
            Pair(p.quantity, frozenset(same_words.get(w, w) for w in p.words), p.place)
            for p in given
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
    if len(asked) > 1 and given and not any(pair.words for pair in given):
        return _in_order(asked, given)
    full: dict[str, list[int]] = {}
    shortened: dict[str, list[int]] = {}
    worded: dict[str, list[int]] = {}
    for index, pair in enumerate(asked):
        for reading in pair.quantity.readings:
            full.setdefault(reading, []).append(index)
        for reading in pair.quantity.shortened:
            shortened.setdefault(reading, []).append(index)
        for word in pair.words:
            worded.setdefault(word, []).append(index)
    offers: list[tuple[float, int, int]] = []
    for index, pair in enumerate(given):
        value = pair.quantity
        same = {i for r in value.readings for i in full.get(r, ())}
        same.update(i for r in value.shortened for i in full.get(r, ()))
        same.update(i for r in value.readings for i in shortened.get(r, ()))
        if same:
            offers += [
                (-near, i, index) for near, i in _offers(pair, same, asked, worded)
            ]
    met_asked: set[int] = set()
    met_given: set[int] = set()
    for _, i, index in sorted(offers):
        if i not in met_asked and index not in met_given:
            met_asked.add(i)
            met_given.add(index)
    return met_asked, met_given


def _offers(
    pair: Pair,
    same: set[int],
    asked: Sequence[Pair],
    worded: Mapping[str, Sequence[int]],
) -> list[tuple[float, int]]:
    """Return which of the values that are the `same` a pair's words allow, how close.

    Where they fit another value better, a row was swapped and nothing is met.
    """
    close = [(_closeness(pair, asked[i]), i) for i in same]
    nearest = max(close)[0]
    if nearest < CLOSEST:
        rivals = {i for word in pair.words for i in worded.get(word, ())} - same
        nearest = max([nearest, *[_closeness(pair, asked[i]) for i in rivals]])
    return [found for found in close if found[0] >= nearest - PLACE_WEIGHT / 2]


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
    known = frozenset[str]().union(*[pair.words for pair in reference])
    unknown = frozenset[str]().union(*[pair.words for pair in answer]) - known
    long = sorted([word for word in known if len(word) > 3]) if unknown else []
    mapped: dict[str, str] = {}
    for word in unknown:
        if len(word) <= 3:
            continue
        best = process.extractOne(word, long, scorer=fuzz.ratio, score_cutoff=SAME_WORD)
        if best:
            mapped[word] = best[0]
    return mapped


def _cells(line: str) -> list[tuple[int, int]]:
    """Return the spans of a table row's cells; one span where it is no row."""
    for mark, least in (("|", 2), ("\t", 1)):
        if line.count(mark) >= least:
            spans: list[tuple[int, int]] = []
            start = 0
            for cell in line.split(mark):
                spans.append((start, start + len(cell)))
                start += len(cell) + 1
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
    inside: Sequence[Quantity],
    header: list[frozenset[str]],
) -> list[Pair]:
    if not inside:
        return []
    by_cell = [_between(inside, start + a, start + b) for a, b in cells]
    names = [line[a:b] for (a, b), own in zip(cells, by_cell, strict=True) if not own]
    row = frozenset[str]().union(*map(_content, names))
    pairs: list[Pair] = []
    for index, (a, b) in enumerate(cells):
        head = header[index] if index < len(header) else frozenset()
        for quantity in by_cell[index]:
            own = _content(_without(line, a, b, quantity, start))
            pairs.append(Pair(quantity, row | head | own, len(pairs)))
    return pairs


def _between(found: Sequence[Quantity], start: int, end: int) -> Sequence[Quantity]:
    """Return those of many, which are in order, that begin from `start` to `end`."""
    first = bisect_left(found, start, key=_begins)
    return found[first : bisect_left(found, end, first, key=_begins)]


def _without(line: str, a: int, b: int, quantity: Quantity, start: int) -> str:
    return line[a : quantity.start - start] + " " + line[quantity.end - start : b]


def _of_prose(
    text: str, start: int, end: int, inside: Sequence[Quantity]
) -> list[Pair]:
    """Read a line sentence by sentence."""
    if not inside:
        return []
    pairs: list[Pair] = []
    at = start
    for stop in [*(m.end() for m in _SENTENCE.finditer(text, start, end)), end]:
        within = _between(inside, at, stop)
        # A mark inside a quantity (`3. March`) ends no sentence.
        if within and within[-1].end > stop:
            continue
        pairs.extend(_of_sentence(text, at, stop, within))
        at = stop
    return pairs


def _of_sentence(
    text: str, start: int, end: int, inside: Sequence[Quantity]
) -> list[Pair]:
    """Give each quantity the words before it, or after it where the sentence does so.

    Bare followers in a list (`North: 10, 20`) share the label and differ in place.
    """
    if not inside:
        return []
    befores = [start, *[quantity.end for quantity in inside]]
    afters = [*[quantity.start for quantity in inside], end]
    first = _content(text[start : afters[0]])
    # Labels may follow their quantities: `10 for North and 20 for South`.
    followed = sum([bool(_FOLLOWED.match(text, q.end, end)) for q in inside])
    trailing = not first or followed * 2 > len(inside)
    heading = frozenset[str]()
    colon = text.find(":", start, afters[0])
    if colon >= 0 and (trailing or len(inside) > 1):  # else part of the label anyway
        heading = _content(text[start:colon])
    pairs: list[Pair] = []
    label, place = frozenset[str](), 0
    for index, quantity in enumerate(inside):
        at = index + trailing
        if words := _content(text[befores[at] : afters[at]]) if at else first:
            label, place = words | heading, 0
        elif index and not _LISTED.fullmatch(text, befores[index], quantity.start):
            label, place = heading, 0
        pairs.append(Pair(quantity, label, place))
        place += 1
    return pairs


def _content(text: str) -> frozenset[str]:
    """Return the words that carry meaning."""
    return frozenset(words_of(text)).difference(STOPWORDS)
