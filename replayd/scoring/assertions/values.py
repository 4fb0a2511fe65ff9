"""Assertions about values: numbers with a tolerance, fields, schemas."""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from replayd.scoring.assertions.contract import Kind
from replayd.scoring.contract import Said, ScoringCase
from replayd.scoring.extract.numbers.quantity import agree
from replayd.scoring.extract.structure.json_values import (
    NOTHING,
    leaf_agreement,
    leaves,
    parsed,
)
from replayd.scoring.extract.structure.schemas import accepts, compiled
from replayd.scoring.extract.text import Text
from snaptrace.snapshot.model import Json

_TOLERANCE: Final = re.compile(
    r"(?P<value>.+?)\s*(?:±|\+/-|\+-)\s*(?P<by>\d+(?:\.\d+)?)\s*(?P<percent>%)?\s*"
)


def _number(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    text = str(wanted)
    if (match := _TOLERANCE.fullmatch(text)) is None:
        asked = Text(text).quantities
        found = said.text.quantities
        return bool(asked) and all(any(agree(a, f) for f in found) for a in asked)
    by = Decimal(match["by"])
    given = _values(said.text)
    for value in _values(Text(match["value"])):
        margin = abs(value) * by / 100 if match["percent"] else by
        if not any(abs(each - value) <= margin for each in given):
            return False
    return True


def _values(text: Text) -> list[Decimal]:
    """Return every reading of every number; dates and times have none."""
    found: list[Decimal] = []
    for reading in sorted(text.readings):
        try:
            value = Decimal(reading)
        except InvalidOperation:
            continue
        if value.is_finite():
            found.append(value)
    return found


def _a_value(wanted: Json) -> str:
    plain = isinstance(wanted, str | int | float) and not isinstance(wanted, bool)
    if not plain:
        return "a value is wanted, as 42.7, '1,250 kg' or '42.7 ± 1 %'"
    match = _TOLERANCE.fullmatch(str(wanted))
    if match is not None:
        held = len(_values(Text(match["value"]))) > 0
        return "" if held else f"{match['value']!r} is no number"
    held = bool(Text(str(wanted)).quantities)
    return "" if held else "a value is wanted, as 42.7, '1,250 kg' or '42.7 ± 1 %'"


def _json(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    if said.json is NOTHING:
        return False
    given = leaves(said.json)
    return all(
        any(leaf_agreement(value, other) == 1.0 for other in given.get(path, ()))
        for path, values in leaves(wanted).items()
        for value in values
    )


def _fields(wanted: Json) -> str:
    held = isinstance(wanted, dict | list) and bool(wanted)
    return "" if held else "an object or list of fields is wanted"


def _field(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    if said.json is NOTHING:
        return False
    given = leaves(said.json)
    return all(
        any(leaf_agreement(value, other) == 1.0 for other in given.get(_at(path), ()))
        for path, value in wanted.items()
    )


def _at(path: str) -> str:
    """Return a path as `leaves` writes it."""
    return path if path.startswith(("[", ".")) else f".{path}"


def _paths(wanted: Json) -> str:
    if not isinstance(wanted, dict) or not wanted:
        return "an object of path: value is wanted, as {'order.total': 42.7}"
    nested = [path for path, v in wanted.items() if isinstance(v, dict | list)]
    return f"{nested[0]}: a plain value is wanted" if nested else ""


def _schema(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    schema, value = compiled(wanted), parsed(said.answer.text, fenced=True)
    return schema is not None and value is not NOTHING and accepts(schema, value)


def _a_schema(wanted: Json) -> str:
    return "" if compiled(wanted) is not None else "not a JSON Schema"


def _not_structured(_wanted: Json, case: ScoringCase) -> str:
    """Return that the recording, and so any right answer, is no JSON."""
    recorded = not case.nothing_recorded and bool(case.reference.text.strip())
    if recorded and case.recorded.json is NOTHING:
        return "the recorded answer is no JSON"
    return ""


NUMBER = Kind(met=_number, misfit=_a_value)
JSON = Kind(met=_json, misfit=_fields, inapplicable=_not_structured)
FIELD = Kind(met=_field, misfit=_paths, inapplicable=_not_structured)
SCHEMA = Kind(met=_schema, misfit=_a_schema, inapplicable=_not_structured)
