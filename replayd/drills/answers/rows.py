"""Faults in rows: values of two rows exchanged, one row left out or given twice."""

import re
from typing import Final

from replayd.drills.answers.contract import Injured, Injury, with_text
from snaptrace.snapshot.model import Answer

# `| label | value |`, `label: value`, `- label – value`, `label,value`.
_PIPES: Final = re.compile(r"^\s*\|[^|\n]+\|")
_RULE: Final = re.compile(r"^\s*\|?[\s:|-]+\|?\s*$")
_LABELLED: Final = re.compile(
    r"^(?P<label>\s*(?:[-*•]|\d{1,3}[.)])?\s*[^:,|\n]{1,60}?(?::|\s[–—=-]|,))"
    r"(?P<value>\s*\S.*)$"
)
_ITEM: Final = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+\S")
FEWEST_ROWS: Final = 2  # beside a heading


def rows_swapped(answer: Answer, injury: Injury) -> Injured | None:
    """Give two rows each other's values; their labels stay where they are."""
    lines = answer.text.split("\n")
    cut = {at: found for at in rows_of(lines) if (found := _parts(lines[at]))}
    pairs = [
        (left, right)
        for left in cut
        for right in cut
        if left < right and cut[left][1].strip() != cut[right][1].strip()
    ]
    if not pairs:
        return None
    left, right = injury.rng.choice(pairs)
    lines[left] = cut[left][0] + cut[right][1]
    lines[right] = cut[right][0] + cut[left][1]
    return with_text(answer, "\n".join(lines))


def row_dropped(answer: Answer, injury: Injury) -> Injured | None:
    """Leave out one row of a table or item of a list."""
    lines = answer.text.split("\n")
    rows = rows_of(lines)
    if not rows:
        return None
    del lines[injury.rng.choice(rows)]
    return with_text(answer, "\n".join(lines))


def row_doubled(answer: Answer, injury: Injury) -> Injured | None:
    """Give one row twice."""
    lines = answer.text.split("\n")
    rows = rows_of(lines)
    if not rows:
        return None
    at = injury.rng.choice(rows)
    lines.insert(at, lines[at])
    return with_text(answer, "\n".join(lines))


def rows_of(lines: list[str]) -> list[int]:
    """Return the places of the longest run of rows of one kind; empty if too short."""
    best: list[int] = []
    for is_row in (_is_table_row, _is_item, _is_labelled):
        run: list[int] = []
        for at, line in enumerate([*lines, ""]):
            if at < len(lines) and is_row(line):
                run.append(at)
                continue
            if is_row is _is_table_row:
                run = _body(run, lines)
            best = run if len(run) > len(best) else best
            run = []
    return best if len(best) >= FEWEST_ROWS else []


def _body(run: list[int], lines: list[str]) -> list[int]:
    """Return a table's rows below its heading."""
    rules = [at for at in run if _RULE.match(lines[at])]
    return [at for at in run if not rules or at > rules[0]]


def _is_table_row(line: str) -> bool:
    return _PIPES.match(line) is not None


def _is_item(line: str) -> bool:
    return _ITEM.match(line) is not None


def _is_labelled(line: str) -> bool:
    return _LABELLED.match(line) is not None and not line.rstrip().endswith("{")


def _parts(line: str) -> tuple[str, str] | None:
    """Return a row's label and what stands beside it."""
    if _is_table_row(line):
        inner = line.strip().strip("|").split("|")
        if len(inner) < 2:
            return None
        at = line.index("|", line.index("|") + 1)
        return line[:at], line[at:]
    found = _LABELLED.match(line)
    return (found["label"], found["value"]) if found else None
