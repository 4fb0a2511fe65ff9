"""Cells of a table or chart: row, column, value; whatever form it has.

Markdown, HTML, CSV, TSV, aligned text, JSON, `label: value` lines and sentences all
become the same cells. Bounded: `MOST_CELLS` of a text.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import unescape
from typing import Final, NamedTuple, Self

from replayd.scoring.extract.numbers.dates import MONTHS
from replayd.scoring.extract.numbers.measures import DAYS
from replayd.scoring.extract.numbers.notation import plain_numbers
from replayd.scoring.extract.structure.body import unfenced
from replayd.scoring.extract.structure.header_units import with_units
from replayd.scoring.extract.structure.json_values import NOTHING, structured
from snaptrace.snapshot.model import Json

LONGEST_READ = 32_768  # characters
MOST_CELLS = 1_000
LONGEST_LABEL = 80  # characters
LONGEST_NAME = 8  # words of a row's label

_RULE = re.compile(r"^[\s|:+=_-]+$")
_TAG_ROW = re.compile(
    r"<tr\b[^>]*>(.*?)(?=</tr>|<tr\b|</table>|\Z)", re.DOTALL | re.IGNORECASE
)
_TAG_CELL = re.compile(
    r"<t[hd]\b[^>]*>(.*?)(?=</t[hd]>|<t[hd]\b|\Z)", re.DOTALL | re.IGNORECASE
)
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{1,80}>")
_MARKUP = re.compile(r"\*\*|__|`|^#+\s*", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:・\s*|(?:[-*•–]|\d{1,2}[.)])\s+)(?=\S)")
_LABELLED = re.compile(
    r"^(?P<label>[^:=\n]{1,80}?)\s*(?::|=|→|->|\s[–—-]|\.{3,})\s+(?P<value>\S.*)$"
)
# Scripts without blanks set none behind a colon either.
_LABELLED_CLOSE = re.compile(
    r"^(?P<label>[^:：\n]{0,60}[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])\s?[:：]\s?(?P<value>\S.*)$"
)
_WORKED_OUT = re.compile(r"[^=\n]*\d[^=\n]*=")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_SUM = re.compile(r"\d\s*[×x*+/÷−-]\s*\d|[=×÷]")
_NOTHING: Final = frozenset(
    "n/a none empty nil null n.a. keine leer aucun vide ninguno vacío nessuno vuoto nenhum"
    " geen leeg".split()
) | {""}
_GAPS = re.compile(r"\s{2,}|\t|\u3000")
_BEGINS_WITH_NUMBER = re.compile(r"[-+−]?\s?[$€£¥]?\s?\d")
# `14. Februar` is a date, not the end of a sentence.
_NO_MONTH: Final = (
    rf"(?!(?:{'|'.join(sorted(map(str.title, MONTHS), key=len, reverse=True))})\b)"
)
_CLAUSES = re.compile(
    r"[、،。]\s*|(?<=\D),\s+|(?<=\d),\s+(?=\S)|;\s*|\s+(?:and|und|et|y|e|while|with|sowie)\s+(?=\D*\d)"
    r"|(?<=[^\d\W])[.!?](?:\s+|\Z)|(?<=\d)[.!?](?:\s+"
    rf"(?=[A-Z]){_NO_MONTH}|\Z)|\n+"
)
_NUMBER = re.compile(r"(?<![\w.])[-+]?[$€£¥]?\d[\d.,'\u202f\u00a0]*(?:\s\d{3}\b)*")
_PART = re.compile(r"^(?P<name>[^\d:=]{1,60}?)\s*[:=]?\s+(?P<value>[-+$€£]?\d.*)$")
_MONTH_TOKENS: Final = {name: f"month{number}" for name, number in MONTHS.items()} | {
    name: day.replace(" ", "") for name, day in DAYS.items()
}
_TOKEN = re.compile(r"[^\W_]+")
_FRAMING: Final = frozenset(
    "the a an is are was were at for of in on it its to has had have with shows show shown"
    " chart graph bar table value values label labels total being stands reaches reached"
    " der die das ist sind war waren bei für von im in zeigt beträgt liegt wert diagramm"
    " le la les est sont de du des pour à au aux montre graphique valeur"
    " el los las es son del en para muestra gráfico valor por con il lo gli è sono".split()
)


class Cell(NamedTuple):
    """One value and whose it is."""

    row: str
    column: str
    value: str


class Grid(NamedTuple):
    """The cells of a text, and whether it was laid out as a table."""

    cells: tuple[Cell, ...]
    is_table: bool
    corner: str = ""  # what the head calls the labels of the rows
    laid_out: bool = False  # by marks or blanks between cells, not in lines of text

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the cells of `text`; read once for all who ask."""
        cells, is_table, laid_out = _read(text[:LONGEST_READ])
        return cls(cells[:MOST_CELLS], is_table, _corner(text), laid_out)

    @property
    def rows(self) -> int:
        """Number of rows that hold a number."""
        return len({c.row for c in self.cells if any(map(str.isdigit, c.value))})


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[tuple[Cell, ...], bool, bool]:
    text = _LINE_BREAK.sub(", ", unfenced(text))
    if "<t" in text and (rows := _html_rows(text)):
        return tuple(_of_rows(rows)), True, True
    value = structured(text)
    if value is not NOTHING:
        return tuple(_of_json(value)), False, True
    plain = _MARKUP.sub("", text)
    for split in (_bars, _tabs, _aligned, _commas):
        if len(rows := split(plain)) >= 2:
            return tuple(_of_rows(rows)), True, True
    if cells := tuple(_of_lines(plain)):
        return cells, len({cell.column for cell in cells}) > 1, False
    return tuple(_of_clauses(plain)), False, False


def _html_rows(text: str) -> list[list[str]]:
    return [
        [unescape(_TAG.sub(" ", cell)).strip() for cell in _TAG_CELL.findall(row)]
        for row in _TAG_ROW.findall(text)
    ]


def _bars(text: str) -> list[list[str]]:
    lines = [line.strip() for line in text.splitlines() if line.count("|") >= 2]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if not _RULE.match(line)
    ]


def _tabs(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.split("\t")]
        for line in text.splitlines()
        if "\t" in line.strip()
    ]


def _commas(text: str) -> list[list[str]]:
    """Return the rows of comma- or semicolon-separated values."""
    lines = [line for line in text.splitlines() if line.strip()]
    # Where every line has a semicolon, the commas are decimal marks.
    semicolons = len(lines) > 1 and all(";" in line for line in lines)
    if not semicolons and all("," not in _GROUPED.sub("", line) for line in lines):
        lines = [line for line in lines if ";" in line]  # commas only group digits
    for mark in ";," if semicolons else ",;":
        counted = [line for line in lines if mark in line]
        if len(counted) < 2 or len(counted) < 0.6 * len(lines):
            continue
        rows = list(csv.reader(counted, delimiter=mark, skipinitialspace=True))
        first = len(rows[0])
        even = [row for row in rows if len(row) == first]
        spoken = sum(len(cell.split()) > 6 for row in even for cell in row)
        if (
            first >= 2
            and len(even) >= 2
            and len(even) >= 0.8 * len(rows)
            and not spoken
        ):
            stacked = any(line.lstrip()[:2] in {"- ", "* "} for line in counted)
            if not stacked and not _is_prose_list(counted):
                return even
    return []


def _is_prose_list(lines: Sequence[str]) -> bool:
    """Whether lines are sentences that happen to hold as many commas."""
    return sum(bool(_LABELLED.match(line)) for line in lines) > len(lines) / 2


def _aligned(text: str) -> list[list[str]]:
    rows = [
        [cell for cell in _GAPS.split(line.strip()) if cell]
        for line in text.splitlines()
        if _GAPS.search(line.strip()) and not _RULE.match(line)
    ]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return []
    return rows


def _of_rows(rows: Sequence[Sequence[str]]) -> Iterator[Cell]:
    """Yield the cells of a table whose first row names the columns."""
    header = list(rows[0])
    years = len(header) > 2 and all(_is_year(cell.strip()) for cell in header[1:])
    numbers = any(_NUMBER.fullmatch(cell.strip()) for cell in header[1:])
    numbers = numbers or _begin_with_numbers(rows)
    headed = years or not numbers
    if headed:
        rows = with_units([list(row) for row in rows])
        header = list(rows[0])
    for row in rows[1:] if headed else rows:
        for index, value in enumerate(row[1:], start=1):
            column = header[index] if headed and index < len(header) else str(index)
            single = len(row) == 2
            if not _is_blank(value):
                name = "" if single else column.strip()
                yield Cell(row[0].strip(), name, value.strip())


def _begin_with_numbers(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds values too, as `5 mm`, and names no columns."""
    return all(
        row[1:] and all(_BEGINS_WITH_NUMBER.match(cell.strip()) for cell in row[1:])
        for row in rows[:2]
    )


def _corner(text: str) -> str:
    """Return the head of the first column of a table of bars or commas."""
    plain = _MARKUP.sub("", unfenced(text[:LONGEST_READ]))
    rows = _bars(plain) or _tabs(plain) or _commas(plain)
    return rows[0][0].strip() if len(rows) >= 2 and len(rows[0]) >= 2 else ""


def _is_blank(value: str) -> bool:
    """Whether a cell holds nothing, or a dash that says so."""
    return value.strip(" -–—()[]").casefold() in _NOTHING


def _of_json(value: Json) -> Iterator[Cell]:
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and item:
                (_, name), *rest = item.items()
                yield from _of_object(str(name), rest)
    elif isinstance(value, dict):
        for key, cell in value.items():
            if isinstance(cell, dict):
                for inner, leaf in cell.items():
                    yield Cell(str(key), str(inner), str(leaf))
            elif isinstance(cell, list) and all(isinstance(i, dict) for i in cell):
                yield from _of_json(cell)
            else:
                yield Cell(str(key), "", str(cell))


def _of_object(name: str, rest: Sequence[tuple[str, Json]]) -> Iterator[Cell]:
    for key, cell in rest:
        if not _is_blank(str(cell)):
            yield Cell(name, "" if len(rest) == 1 else str(key), str(cell))


def _of_lines(text: str) -> Iterator[Cell]:
    """Yield `label: value` lines; a value of several parts names its columns."""
    lines = [_labelled(_BULLET.sub("", line).strip()) for line in text.splitlines()]
    known = [
        m
        for m in lines
        if m
        and len(m["label"].split()) <= LONGEST_NAME
        and not _SUM.search(_ISO.sub("", m["label"]))
        and not _WORKED_OUT.match(m[0])
    ]
    columns = _common_columns([_parts(m["value"]) for m in known])
    for match in known:
        label, value = match["label"].strip(), match["value"].strip()
        parts = _parts(value)
        if columns and len(parts) == len(columns):
            for column, part in zip(columns, parts, strict=True):
                told = part.partition(" ")[2].strip(": ")
                if not _is_blank(told):
                    yield Cell(label, column, told)
        elif _NUMBER.search(value):
            yield from _of_line(label, value, parts)


def _labelled(line: str) -> re.Match[str] | None:
    return _LABELLED.match(line) or _LABELLED_CLOSE.match(line)


def _parts(value: str) -> list[str]:
    return re.split(r"[,;|]\s+", value.rstrip("."))


def _common_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the names that begin the parts of every line: `From Bern, To Basel`."""
    if len(rows) < 2 or len(rows[0]) < 2 or len({len(row) for row in rows}) > 1:
        return []
    names = [[part.partition(" ")[0].rstrip(":") for part in row] for row in rows]
    if any(row != names[0] for row in names) or len(set(names[0])) < len(names[0]):
        return []
    return names[0] if all(" " in part for row in rows for part in row) else []


def _of_line(label: str, value: str, parts: Sequence[str]) -> Iterator[Cell]:
    pairs = [_labelled(part.strip()) for part in parts[1:]]
    if pairs and all(pairs):  # `North: 4, South: 3` in one line
        yield Cell(label, "", parts[0])
        for pair in pairs:
            if pair is not None:
                yield Cell(pair["label"].strip(), "", pair["value"].strip())
        return
    named = [_PART.match(part) or _LABELLED.match(part) for part in parts]
    if len(parts) > 1 and sum(map(bool, named)) >= len(parts) - 1:
        for part, found in zip(parts, named, strict=True):
            groups = found.groupdict() if found else {}
            name, _, rest = part.partition(" ")
            column = groups.get("name") or groups.get("label") or name
            yield Cell(label, column, groups.get("value") or rest)
    elif len(parts) > 1 and all(_NUMBER.match(part) for part in parts):
        for index, part in enumerate(parts, start=1):
            yield Cell(label, str(index), part)
    elif len(_clause_numbers(value)) <= 1 or not _says_more(value):
        yield Cell(label, "", value)


def _says_more(value: str) -> bool:
    """Whether a value is a sentence with labels of its own."""
    return len(value.split()) > 8


def _clause_numbers(text: str) -> list[re.Match[str]]:
    return list(_NUMBER.finditer(text))


def _of_clauses(text: str) -> Iterator[Cell]:
    """Yield the values of sentences, each with the words of its own clause."""
    text = "\n".join(_BULLET.sub("", line) for line in text.splitlines())
    for clause in _CLAUSES.split(plain_numbers(text)):
        numbers = _clause_numbers(clause)
        if not numbers:
            continue
        number = numbers[-1]
        if (
            len(numbers) == 2
            and _is_year(numbers[-1][0])
            and not _is_year(numbers[0][0])
        ):
            number = numbers[0]
        label = clause[: number.start()] + " " + clause[number.end() :]
        yield Cell(
            " ".join(label.split())[:LONGEST_LABEL], "", clause[number.start() :]
        )


def _is_year(number: str) -> bool:
    return len(number) == 4 and number[:2] in {"19", "20"} and number.isdecimal()


def label_tokens(label: str) -> frozenset[str]:
    """Return the words of a label, folded; a single capital letter is a word of it.

    The names of a month are one word, `Jan` and `januari`.
    """
    return frozenset(
        _MONTH_TOKENS.get(token.casefold(), token.casefold())
        for token in _TOKEN.findall(label)
        if token.casefold() not in _FRAMING or (len(token) == 1 and token.isupper())
    )
