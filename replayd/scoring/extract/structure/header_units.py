"""Units that the head of a table gives for a whole column, written beside each value.

`Price (EUR)` over `9.50`, `in k€` over `1,2` and a column of units of its own all say
what `9.50 EUR` and `1,2 k€` do.
"""

import re
from collections.abc import Sequence
from typing import Final

from replayd.scoring.extract.numbers.measures import measured

SHORTEST_HEAD: Final = 3  # letters of a head that is a unit itself
LONGEST_UNIT: Final = 24  # characters
_BARE = re.compile(r"[-−+<>≤≥~]?\s?\d[\d.,\u202f\u00a0 ]*")
_IN_BRACKETS = re.compile(
    rf"\A(?P<name>.*\S)\s*[(\[（]\s*(?:in |en )?(?P<unit>[^()（）\[\]\d]{{1,{LONGEST_UNIT}}})\s*[)\]）]\s*\Z"
)
_BEHIND = re.compile(
    r"\A(?P<name>.*\w)(?:,\s*(?:in |en |в )?|_)(?P<unit>[^\W\d_]{1,10}|[%€$£])\.?\s*\Z"
)
# Units as keys of a program write them.
_KEYED: Final = {
    "pct": "%",
    "percent": "%",
    "perc": "%",
    "keur": "k€",
    "kusd": "k$",
    "musd": "M$",
    "meur": "M€",
}
_IDEOGRAM = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_UNIT_COLUMN: Final = frozenset(
    "unit units einheit einheiten unité unités unidad unidades unità eenheid enhet"
    " jednostka единица ед. 单位 単位 단위".split()
)


def with_units(rows: Sequence[list[str]]) -> list[list[str]]:
    """Return rows whose numbers carry the unit that head or neighbour gives them."""
    joined = _without_unit_column(rows)
    units = [_unit_of(cell) for cell in joined[0]]
    if not any(units):
        return joined
    head = [name if unit else cell for cell, (name, unit) in _named(joined[0], units)]
    body = [
        [
            f"{cell}{_gap(units[i])}{units[i]}"
            if i < len(units) and units[i] and _is_bare(cell)
            else cell
            for i, cell in enumerate(row)
        ]
        for row in joined[1:]
    ]
    return [head, *body]


def _named(
    header: Sequence[str], units: Sequence[str]
) -> list[tuple[str, tuple[str, str]]]:
    """Return each head with its name without the unit, and the unit."""
    found: list[tuple[str, tuple[str, str]]] = []
    for cell, unit in zip(header, units, strict=True):
        match = _IN_BRACKETS.match(cell.strip()) or _BEHIND.match(cell.strip())
        found.append((cell, (match["name"] if match else cell, unit)))
    return found


def _unit_of(head: str) -> str:
    """Return the unit that the head of a column names, "" where it names none."""
    head = head.strip()
    match = _IN_BRACKETS.match(head) or _BEHIND.match(head)
    unit = match["unit"].strip() if match else head
    unit = _KEYED.get(unit.casefold(), unit)
    if not unit or len(unit) > LONGEST_UNIT:
        return ""
    if match is None and len(unit) < SHORTEST_HEAD and unit.isalpha():
        return ""  # `L` over a league table counts losses
    one = f"1{_gap(unit)}{unit}"
    found = measured(one)
    stated = found.measures
    if len(stated) != 1 or not stated[0].is_number:
        return ""
    scaled = stated[0].quantity.readings != {"1"}
    if not (stated[0].unit or scaled) or stated[0].end < len(found.text.rstrip(" .")):
        return ""
    return unit


def _gap(unit: str) -> str:
    """Return what stands between a number and its unit: nothing before ideograms."""
    return "" if _IDEOGRAM.match(unit) else " "


def _is_bare(cell: str) -> bool:
    return bool(_BARE.fullmatch(cell.strip()))


def _without_unit_column(rows: Sequence[list[str]]) -> list[list[str]]:
    """Return rows in which a column of units stands behind the values before it."""
    head = [cell.strip().casefold() for cell in rows[0]]
    at = next((i for i, cell in enumerate(head) if cell in _UNIT_COLUMN), 0)
    if at < 1:
        return [list(row) for row in rows]
    found = [[*rows[0][:at], *rows[0][at + 1 :]]]
    for row in rows[1:]:
        if len(row) <= at:
            found.append(list(row))
            continue
        value = f"{row[at - 1]} {row[at]}".strip()
        found.append([*row[: at - 1], value, *row[at + 1 :]])
    return found
