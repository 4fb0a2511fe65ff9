"""A worksheet as CSV: written for a spreadsheet, and read back with its decisions."""

import csv
import io
from collections.abc import Iterator
from typing import Final, get_args

from msgspec import Struct

from replayd.adjudication.opinions import REASONS, Better, Reason, Turn
from replayd.results.worksheet import Side, WorksheetLine

# The last two are for the person who decides.
COLUMNS: Final = (
    *("epoch", "number", "turn", "modality", "question", "media"),
    *("recorded", "left", "right", "better", "reasons"),
)
_READ: Final = frozenset({"epoch", "number", "better"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # as what a spreadsheet begins one


class RowError(ValueError):
    """A row cannot be read; the text says why."""


class DecidedRow(Struct, frozen=True, kw_only=True):
    """One pair as a person decided it."""

    epoch: str
    number: int
    turn: Turn
    better: Better
    reasons: tuple[Reason, ...]


def written(line: WorksheetLine | None) -> str:
    """Return one row; None: the names of the columns."""
    out = io.StringIO()
    row = COLUMNS if line is None else _cells(line)
    csv.writer(out, lineterminator="\n").writerow(row)
    return out.getvalue()


def rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line it ends in, cells by column).

    Raises:
        RowError: no CSV, or a column is missing.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
    try:
        if missing := sorted(_READ - set(reader.fieldnames or ())):
            raise RowError(f"no column {missing[0]!r}; {', '.join(COLUMNS)}")
        for row in reader:
            yield reader.line_num, {k: v for k, v in row.items() if k in COLUMNS}
    except csv.Error as error:
        raise RowError(f"line {reader.line_num}: {error}") from None


def decided(row: dict[str, str]) -> DecidedRow | None:
    """Return what was decided; None where nothing was.

    Raises:
        RowError: a value that is none of the known ones.
    """
    if not row["better"].strip():
        return None
    number, turn = row["number"].strip(), row.get("turn", "").strip() or "0"
    if not number.isascii() or not number.isdigit() or turn not in {"0", "1"}:
        raise RowError("number and turn have to stay as they were")
    return DecidedRow(
        epoch=row["epoch"].strip(),
        number=int(number),
        turn=1 if turn == "1" else 0,
        better=_better(row["better"]),
        reasons=_reasons(row.get("reasons", "")),
    )


def _better(text: str) -> Better:
    for word in get_args(Better):
        if text.strip().casefold() == word:
            found: Better = word
            return found
    raise RowError(f"better: {text.strip()!r} is none of left, right, tie")


def _reasons(text: str) -> tuple[Reason, ...]:
    words = text.replace(",", " ").replace(";", " ").split()
    for word in words:
        if word not in REASONS:
            raise RowError(f"reasons: {word!r} is none of {', '.join(REASONS)}")
    return tuple(reason for reason in REASONS if reason in words)


def _cells(line: WorksheetLine) -> tuple[str | int, ...]:
    recorded = "" if line.recorded is None else _text(line.recorded)
    content = (line.question, " ".join(line.media), recorded)
    both = _text(line.left), _text(line.right)
    plain = (line.epoch, line.number, line.turn, line.modality)
    return (*plain, *map(_no_formula, (*content, *both)), "", "")


def _text(side: Side) -> str:
    calls = [f"{name}({given})" for name, given in side.tool_calls]
    return "\n".join([side.text, *calls])


def _no_formula(text: str) -> str:
    """Return a text that no spreadsheet runs: answers are other people's words."""
    return f"'{text}" if text.startswith(_FORMULA) else text
