"""Sentences and lines read with the labels of a known table: which cells do they state?

The recording says which rows and columns there are; a text that names them states a
value for each. Within a sentence labels and values pair in order, so `19.5 °C indoors
and -3 °C outdoors` and `indoor 19.5, outdoor -3` are read alike.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from replayd.scoring.extract.language.language import STOPWORDS
from replayd.scoring.extract.numbers.dates import MONTHS
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import Measure, measured
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.structure.cells import Cell, label_tokens

LONGEST_READ = 16_384  # characters
MOST_LABELS = 60
_UNITS = re.compile(
    # A point before a small letter belongs to an abbreviation: `2021 r. i 163`.
    r"\n+|(?<=[^\d\W])(?:[!?;](?:\s+|\Z)|\.(?:\s+(?![a-zß-ÿа-я\d])|\s*\Z))|(?<=[\d%€$£¥)])[.;](?:\s+(?=[^\W\d])|\s*\Z)|[。;]"
)
_WORD_BEFORE = re.compile(r"(?P<word>[^\W\d_]{3,})[:=]?\s?\Z")
_RANGE = re.compile(r"\s?[–—-]\s?|\s(?:to|bis|à|a|al)\s")
_SUMMARY = re.compile(
    r"\b(?:total\w*|sum|average|mean|difference|overall|highest|lowest|gesamt\w*|summe|durchschnitt\w*|somme|moyenne|suma|promedio|media|totale|somma|soma)\b|合計|合计|总计|平均|합계",
    re.IGNORECASE,
)
_NO_BLANKS = re.compile(
    r"[\u0600-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_APART: Final = r"\W+(?:\w+\W+)?"  # between the words of a label
_TRAILING: Final = r"\w{0,3}"  # an ending: indoors, Harbours


class Labels(NamedTuple):
    """Row and column labels of a table."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]


class Mention(NamedTuple):
    """A label, or one of a value's places, in a text."""

    start: int
    end: int
    label: str


def cells_stated(wanted: Sequence[Cell], text: str) -> tuple[tuple[Cell, ...], int]:
    """Return the cells that `text` states, and how many values belong to none."""
    labels = Labels(
        tuple(dict.fromkeys(cell.row for cell in wanted)),
        tuple(dict.fromkeys(cell.column for cell in wanted)),
    )
    if len(labels.rows) + len(labels.columns) > MOST_LABELS:
        return (), 0
    found = measured(text[:LONGEST_READ])
    cells: list[Cell] = []
    spare = 0
    at, last = 0, ""
    ends = [*(m.span() for m in _UNITS.finditer(found.text)), (len(found.text),) * 2]
    for stop, following in ends:
        unit = found.text[at:stop]
        values = [m for m in found.measures if at <= m.start < stop]
        said, loose, last = _of_unit(unit, at, values, labels, last)
        cells += said
        spare += loose
        at = following
    worded = _worded(wanted, found.text)
    return (*cells, *worded), spare


def _of_unit(
    unit: str,
    offset: int,
    values: Sequence[Measure],
    labels: Labels,
    last: str,
) -> tuple[list[Cell], int, str]:
    """Return the cells of one sentence or line, its loose values, and its last row."""
    columns = labels.columns
    named = _mentions(unit, offset, labels.rows)
    heads = _mentions(unit, offset, columns) if len(columns) > 1 else []
    marks = [*named, *heads]
    free = [v for v in values if not any(m.start <= v.start < m.end for m in marks)]
    free = _ranges(unit, offset, free)
    last = named[-1].label if named else last
    if not free:
        return [], 0, last
    if not named:
        if len(columns) == 1 or not last or not heads:
            return [], 0 if _SUMMARY.search(unit) else len(free), last
        named = [Mention(offset, offset, last)]
    if heads and _names_other(unit, offset, marks, free):
        return [], len(free), last
    pairs = _paired(named, heads, free, columns)
    if pairs is None:
        return [], 0 if _SUMMARY.search(unit) else len(free), last
    cells = [
        Cell(row, column, _written(unit, offset, value)) for row, column, value in pairs
    ]
    return cells, 0, last


def _names_other(
    unit: str, offset: int, marks: Sequence[Mention], values: Sequence[Measure]
) -> bool:
    """Whether a value stands behind a name of its own where the others have heads."""
    before = [_WORD_BEFORE.search(unit, 0, v.start - offset) for v in values]
    headed = [any(0 <= v.start - h.end <= 2 for h in marks) for v in values]
    return sum(headed) >= len(values) - 1 > 0 and any(
        word is not None and not known and word["word"].casefold() not in STOPWORDS
        for word, known in zip(before, headed, strict=True)
    )


def _ranges(unit: str, offset: int, values: Sequence[Measure]) -> list[Measure]:
    """Take the two ends of a range as one value."""
    found: list[Measure] = []
    for value in values:
        gap = (
            unit[found[-1].quantity.end - offset : value.start - offset]
            if found
            else ""
        )
        if found and _RANGE.fullmatch(gap):
            found[-1] = found[-1]._replace(end=value.end)
        else:
            found.append(value)
    return found


def _written(unit: str, offset: int, value: Measure) -> str:
    """Return a value with its unit, and the money before it."""
    start = value.start - offset
    before = unit[max(0, start - 5) : start]
    lead = re.search(r"(?:[A-Z]{3}|[A-Z]{0,2}[$€£¥₹]|[<>≤≥~])\s?\Z", before)
    return (lead[0] if lead else "") + unit[start : value.end - offset]


def _paired(
    rows: Sequence[Mention],
    heads: Sequence[Mention],
    values: Sequence[Measure],
    columns: tuple[str, ...],
) -> list[tuple[str, str, Measure]] | None:
    """Pair labels and values in order; None where they do not go together."""
    count = len(values)
    if len(columns) == 1:
        heads = []
    names = [m.label for m in heads]
    if len(rows) == 1 and len(columns) > 1:
        order = names if len(names) == count else list(columns)[:count]
        if len(order) == count and _fits(order, heads, values):
            return [(rows[0].label, c, v) for c, v in zip(order, values, strict=True)]
        return None
    if not heads and len(rows) > 1 and count == len(rows) * len(columns):
        wide = len(columns)  # `A costs 9 € for 1 month, B 24 € for 3`
        return [
            (rows[i // wide].label, columns[i % wide], v) for i, v in enumerate(values)
        ]
    if len(names) == 1 or len(columns) == 1:
        column = names[0] if names else columns[0]
        return [(r, column, v) for r, v in _in_order(rows, values)]
    if len(names) == count and len(rows) in {1, count}:
        labels = [m.label for m in rows] * (count if len(rows) == 1 else 1)
        return list(zip(labels, names, values, strict=True))
    return None


def _fits(
    order: Sequence[str], heads: Sequence[Mention], values: Sequence[Measure]
) -> bool:
    """Whether the columns that are named stand beside the values they would get."""
    if len(heads) == len(values):
        return True
    for head in heads:
        after = [i for i, v in enumerate(values) if v.start > head.start]
        place = after[0] if after else len(values) - 1
        if order[place] != head.label:
            return False
    return True


def _in_order(
    rows: Sequence[Mention], values: Sequence[Measure]
) -> list[tuple[str, Measure]]:
    """Give each value the labels before it, or after it where the unit begins so."""
    if len(rows) == len(values):
        return [(r.label, v) for r, v in zip(rows, values, strict=True)]
    before = rows[0].start < values[0].start
    pairs: list[tuple[str, Measure]] = []
    for i, value in enumerate(values):
        low = values[i - 1].start if i else -1
        high = values[i + 1].start if i + 1 < len(values) else 1 << 30
        span = (low, value.start) if before else (value.start, high)
        own = [r.label for r in rows if span[0] < r.start < span[1]]
        pairs += [(label, value) for label in own or [""]]
    return pairs


def _mentions(unit: str, offset: int, labels: tuple[str, ...]) -> list[Mention]:
    found: list[Mention] = []
    for label, pattern in zip(labels, _patterns(labels), strict=True):
        if pattern is None:
            continue
        found += [
            Mention(offset + m.start(), offset + m.end(), label)
            for m in pattern.finditer(unit)
        ]
    found.sort(key=lambda m: (m.start, -m.end))
    kept: list[Mention] = []
    for mention in found:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return kept


@lru_cache(maxsize=256)
def _patterns(labels: tuple[str, ...]) -> tuple[re.Pattern[str] | None, ...]:
    """Return a pattern for each label: what tells it from the others, in order."""
    tokens = {label: label_tokens(label) for label in labels}
    shared = (
        frozenset.intersection(*tokens.values()) if len(labels) > 1 else frozenset()
    )
    return tuple(_pattern(label, tokens[label], shared) for label in labels)


def _pattern(
    label: str, tokens: frozenset[str], shared: frozenset[str]
) -> re.Pattern[str] | None:
    if _NO_BLANKS.search(label):
        label = plain_numbers(label)  # as the text is read: `1月` is January
    if _NO_BLANKS.search(label):
        return re.compile(re.escape(label.strip()))
    words = [w for w in re.findall(r"[^\W_]+", label) if label_tokens(w) & tokens]
    kept = [w for w in words if not label_tokens(w) & shared] or words
    if not kept:
        return None
    parts = [_word_pattern(word) for word in kept]
    return re.compile(rf"(?<!\w){_APART.join(parts)}(?!\w)")


def _word_pattern(word: str) -> str:
    month = MONTHS.get(word.casefold())
    if month:
        names = [n for n, number in MONTHS.items() if number == month]
        return rf"(?i:{'|'.join(sorted(names, key=len, reverse=True))})\.?"
    if len(word) == 1:
        return re.escape(word)
    if len(word) < 4 or not word.isalpha():
        return rf"(?i:{re.escape(word)})"
    return rf"(?i:{re.escape(word)}){_TRAILING}"


def _worded(wanted: Sequence[Cell], text: str) -> list[Cell]:
    """Return the cells without numbers whose words stand in their row's line."""
    lines = text.splitlines()
    found: list[Cell] = []
    rows = tuple(dict.fromkeys(cell.row for cell in wanted))
    patterns = dict(zip(rows, _patterns(rows), strict=True))
    for cell in wanted:
        pattern = patterns[cell.row]
        if pattern is None or measured(cell.value).measures:
            continue
        words = marked_words(cell.value)
        for line in lines:
            here = marked_words(line) if pattern.search(line) else []
            if words and all(word in here for word in words):
                found.append(cell)
                break
    return found
