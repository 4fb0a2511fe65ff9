"""Charts and tables: is every value there, with its own row and column?"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from rapidfuzz import fuzz

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.language.key_words import key_words
from replayd.scoring.extract.numbers.marks import marked_words
from replayd.scoring.extract.numbers.measures import measured, same_measure
from replayd.scoring.extract.structure.cells import Cell, Grid, label_tokens
from replayd.scoring.extract.structure.labelled_text import cells_stated
from replayd.scoring.usability import ONE_WRONG, unusable, valued

SAME_LABEL = 84.0  # percent, from which two long words of labels are one
LONG_WORD = 5  # letters
FEWEST_ROWS = 1
# Heads of columns that name one thing.
_HEADS: Final = {
    word: words.split()[0]
    for words in (
        "quantity qty count pcs pieces units",
        "menge anzahl stück stückzahl",
        "quantité qté nombre",
        "cantidad cant. unidades",
        "price cost",
        "preis kosten",
        "prix coût tarif",
        "precio coste costo",
        "name item product article",
        "artikel produkt bezeichnung",
        "total sum",
        "gesamt summe gesamtpreis",
        "amount value",
        "betrag wert",
    )
    for word in words.split()
}
_BOUND = re.compile(r"<=|>=|[<>≤≥](?=\s?[-$€£]?\d)")
_PARTS = re.compile(
    r"\s*[,;/&+]\s+|\s+(?:and|und|et|y|e)\s+"
)  # of a cell, in any order
_LETTERED = re.compile(r"\d{1,4}\s?(?P<letter>[abdeijnopqruxyz])", re.IGNORECASE)
_SUMS_UP = re.compile(
    r"(?:grand )?(?:total\w*|sum|gesamt|summe|somme|suma|totale|somma|soma|合計|合计|합계)",
    re.IGNORECASE,
)
_ONE_BOUND: Final = {"<=": "≤", ">=": "≥"}
_PARENTHESISED = re.compile(r"\(\s*(?P<value>[$€£¥]?\s?\d[\d.,\u202f ]*%?)\s*\)")
_LOSS = re.compile(
    r"\W*(?:an? |ein(?:en)? |une |una? |um )?(?:net )?(?:loss(?:es)?|deficit|verlust|perte|pérdida|perdita|prejuízo|minus)"
    r"(?: (?:of|von|de|di))?\s(?=\D{0,5}\d)",
    re.IGNORECASE,
)
_GAIN = re.compile(
    r"\A\W*(?:an? |ein(?:en)? |un |um )?(?:net )?(?:profit|gain|surplus|gewinn|bénéfice|beneficio|profitto|lucro)"
    r"(?: (?:of|von|de|di))?\s(?=\D{0,5}\d)",
    re.IGNORECASE,
)


class CellValues:
    """Errors: wrong, missing and invented cells; order and layout do not count."""

    name = "cell_values"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording holds labelled values."""
        return len(Grid.of(case.recorded.body).cells) >= FEWEST_ROWS

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, or at most .5 and less the more cells are wrong."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted, got = Grid.of(case.recorded.body), Grid.of(said.body)
        got = _keyed_alike(wanted, got)
        wrong = min(cell_errors(wanted.cells, got.cells), _transposed(wanted, got))
        numeric = any(any(map(str.isdigit, cell.value)) for cell in wanted.cells)
        if not got.laid_out and (numeric or not got.cells):
            stated, spare = cells_stated(wanted.cells, said.body)
            wrong = min(wrong, cell_errors(wanted.cells, stated) + spare)
        asked = len(wanted.cells)
        if wrong >= asked and _bare_in_order(wanted.cells, said.body):
            return Score(ONE_WRONG, "values without labels")
        return valued(min(wrong, asked), asked, "cells")


def _keyed_alike(wanted: Grid, got: Grid) -> Grid:
    """Return a table whose columns stand in another order with the same row labels."""
    corner = wanted.corner.casefold()
    columns = {cell.column.casefold() for cell in got.cells}
    if not corner or got.corner.casefold() == corner or corner not in columns:
        return got
    names = {c.row: c.value for c in got.cells if c.column.casefold() == corner}
    cells = [
        Cell(names.get(c.row, c.row), c.column, c.value)
        for c in got.cells
        if c.column.casefold() != corner
    ]
    cells += [Cell(name, got.corner, row) for row, name in names.items()]
    return got._replace(cells=tuple(cells))


def _transposed(wanted: Grid, got: Grid) -> float:
    if not any(cell.column for cell in got.cells):
        return float("inf")
    turned = [Cell(cell.column, cell.row, cell.value) for cell in got.cells]
    return cell_errors(wanted.cells, turned)


def cell_errors(wanted: Sequence[Cell], got: Sequence[Cell]) -> float:
    """Count cells that are wrong, missing or invented."""
    rows = _matching([c.row for c in wanted], [c.row for c in got])
    columns = _by_values(
        _under_synonyms(
            _matching([c.column for c in wanted], [c.column for c in got]), wanted, got
        ),
        rows,
        wanted,
        got,
    )
    held: dict[tuple[str, str], list[str]] = {}
    surplus = 0
    for cell in got:
        row, column = rows.get(cell.row), columns.get(cell.column)
        if row is None or column is None:
            surplus += _claims(cell) and not _SUMS_UP.fullmatch(cell.column.strip())
        else:
            held.setdefault((row, column), []).append(cell.value)
    wrong = missing = 0
    for cell in wanted:
        values = held.get((cell.row, cell.column))
        if not values:
            missing += 1
        elif not _same_value(cell.value, values.pop(0)):
            wrong += 1
    surplus += sum(len(values) for values in held.values())
    return wrong + max(missing, surplus)


def _under_synonyms(
    mapped: Mapping[str, str], wanted: Sequence[Cell], got: Sequence[Cell]
) -> Mapping[str, str]:
    """Map the columns left over whose heads are two names of one thing."""
    known, given = ({c.column for c in cells} for cells in (wanted, got))
    spare = {_HEADS.get(c.casefold()): c for c in known - set(mapped.values())}
    free = {c: _HEADS.get(c.casefold()) for c in given - mapped.keys()}
    return {
        **mapped,
        **{c: spare[head] for c, head in free.items() if head in spare and head},
    }


def _by_values(
    mapped: Mapping[str, str],
    rows: Mapping[str, str],
    wanted: Sequence[Cell],
    got: Sequence[Cell],
) -> Mapping[str, str]:
    """Map columns left over whose heads and values are those of one that is missing."""
    spare = list(dict.fromkeys(c.column for c in wanted if c.column))
    spare = [column for column in spare if column not in mapped.values()]
    free = list(dict.fromkeys(c.column for c in got if c.column not in mapped))
    named = dict(mapped)
    for head in filter(None, free):
        alike = [column for column in spare if _begin_alike(head, column)]
        values = {rows.get(c.row): c.value for c in got if c.column == head}
        if len(alike) == 1 and all(
            c.row in values and _same_value(c.value, values[c.row])
            for c in wanted
            if c.column == alike[0]
        ):
            named[head] = alike[0]
    return named


def _begin_alike(one: str, other: str) -> bool:
    """Whether a word of either head begins as one of the other: `Departure`, `Departs`."""
    first, second = marked_words(one), marked_words(other)
    return any(
        len(a) >= LONG_WORD and len(b) >= LONG_WORD and a[:LONG_WORD] == b[:LONG_WORD]
        for a in first
        for b in second
    )


def _claims(cell: Cell) -> bool:
    """Whether a cell that is not the recording's claims a value."""
    return any(map(str.isdigit, cell.value)) or bool(cell.column)


def _matching(wanted: Sequence[str], got: Sequence[str]) -> Mapping[str, str]:
    """Map labels of the answer to those of the recording."""
    known = list(dict.fromkeys(wanted))
    squeezed = {_squeezed(label): label for label in known}
    mapped = {
        label: label if label in known else squeezed[_squeezed(label)]
        for label in dict.fromkeys(got)
        if label in known or _squeezed(label) in squeezed
    }
    if known == [""]:
        return dict.fromkeys(got, "")  # one column of values, whatever it is called
    tokens = {label: label_tokens(label) for label in known}
    shared = frozenset.intersection(*tokens.values()) if len(known) > 1 else frozenset()
    keys = {label: held - shared or held for label, held in tokens.items()}
    vocabulary = frozenset[str]().union(*tokens.values())
    _add_abbreviated(mapped, known, got)
    for label in dict.fromkeys(got):
        if label in mapped:
            continue
        own = _corrected(label_tokens(label), vocabulary)
        figures = _figures(own)
        alike = [k for k in known if figures and _same_value(k, label)]
        if len(alike) == 1:
            mapped[label] = alike[0]  # a time or a number in another notation
            continue
        fits = [
            k
            for k, needed in keys.items()
            if needed and needed <= own and _figures(tokens[k]) <= figures
        ]
        if fits:
            mapped[label] = max(fits, key=lambda k: len(keys[k]))
    return mapped


def _squeezed(label: str) -> str:
    """Return a label without blanks and letter case: `IC204` is `IC 204`."""
    return "".join(label.casefold().split())


def _add_abbreviated(
    mapped: dict[str, str], known: Sequence[str], got: Sequence[str]
) -> None:
    """Map labels that are short forms of one label alone, the surest first."""
    for _ in range(2):  # what is mapped leaves fewer for the rest
        for label in dict.fromkeys(got):
            if label in mapped:
                continue
            spare = [k for k in known if k not in mapped.values()]
            short = [
                k for k in spare if _abbreviates(label, k) or _abbreviates(k, label)
            ]
            if len(short) == 1:
                mapped[label] = short[0]


def _abbreviates(short: str, long: str) -> bool:
    """Whether one label is a short form of another: `Dep.`, `Pts`, `Mon`, `W`."""
    letters, word = short.strip(" .").casefold(), long.strip(" .").casefold()
    if not letters.isalpha() or not word.isalpha() or len(letters) >= len(word):
        return False
    rest = iter(word)
    return letters[0] == word[0] and all(letter in rest for letter in letters)


def _figures(tokens: frozenset[str]) -> frozenset[str]:
    """Return the tokens with digits: a label is right to the digit."""
    return frozenset(token for token in tokens if any(map(str.isdigit, token)))


def _corrected(tokens: frozenset[str], vocabulary: frozenset[str]) -> frozenset[str]:
    """Return tokens in the recording's spelling where a letter was misread."""
    found = set(tokens)
    for token in tokens - vocabulary:
        if len(token) < LONG_WORD or not token.isalpha():
            continue
        close = [
            word
            for word in vocabulary
            if len(word) >= LONG_WORD and fuzz.ratio(token, word) >= SAME_LABEL
        ]
        if len(close) == 1:
            found.add(close[0])
    return frozenset(found)


def _same_value(wanted: str, got: str) -> bool:
    if wanted == got:
        return True
    if _bounds(wanted) != _bounds(got) or _lettered(wanted) != _lettered(got):
        return False
    wanted, got = _signed(wanted), _signed(got)
    one, other = measured(wanted).measures, measured(got).measures
    if one:
        return len(other) >= len(one) and all(
            same_measure(a, b) for a, b in zip(one, other, strict=False)
        )
    if marked_words(wanted) == marked_words(got):
        return True
    parts, others = _PARTS.split(wanted), _PARTS.split(got)
    return len(parts) > 1 and sorted(map(marked_words, parts)) == sorted(
        map(marked_words, others)
    )


def _lettered(value: str) -> str:
    """Return the letter of `4b`, which no unit is written with."""
    match = _LETTERED.fullmatch(value.strip(" .*"))
    return match["letter"].casefold() if match else ""


def _bounds(value: str) -> list[str]:
    """Return the marks that bound a value: `<5` is not `>5`, nor `5`."""
    return [_ONE_BOUND.get(mark, mark) for mark in _BOUND.findall(value)]


def _signed(value: str) -> str:
    """Return a value with its sign: `(85)` and `a loss of 85` are below nought."""
    if alone := _PARENTHESISED.fullmatch(value.strip()):
        return f"-{alone['value']}"
    if told := _LOSS.match(value):
        return f"-{value[told.end() :].lstrip('-−')}"
    return _GAIN.sub("", value)


def _bare_in_order(wanted: Sequence[Cell], body: str) -> bool:
    """Whether an answer lists the values alone, in the recording's order."""
    if key_words(body):
        return False
    asked = [m for cell in wanted for m in measured(cell.value).measures[:1]]
    given = measured(body).measures
    return len(given) == len(asked) and all(map(same_measure, asked, given))
