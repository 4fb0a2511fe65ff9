"""Faults in values: a digit, a unit, a tool call's argument, a JSON field's name."""

import json
import re
from typing import Any, Final

from msgspec.structs import replace

from replayd.drills.answers.contract import Injured, Injury, with_text
from replayd.scoring.extract.structure.json_values import NOTHING, structured
from snaptrace.snapshot.model import Answer

# A number that says something: no list marker, no part of a name like `v2` or `co2`.
_NUMBER: Final = re.compile(r"(?<![\w.,])\d[\d.,]*(?!\w*[_/])")
_MARKER: Final = re.compile(r"(?m)^[ \t]*(?:#+ *)?\(?\d{1,3}[.):](?=\s)")
# Units that stand beside a number, each with one that is wrong in its place.
_UNITS: Final = {
    "kg": "g",
    "g": "kg",
    "mg": "g",
    "km": "m",
    "m": "km",
    "cm": "m",
    "mm": "cm",
    "ml": "l",
    "l": "ml",
    "ms": "s",
    "s": "min",
    "min": "h",
    "h": "min",
    "mb": "GB",
    "gb": "MB",
    "kw": "MW",
    "mw": "kW",
    "kwh": "MWh",
    "minutes": "hours",
    "minuten": "Stunden",
    "hours": "minutes",
    "stunden": "Minuten",
    "days": "weeks",
    "tage": "Wochen",
    "weeks": "days",
    "months": "years",
    "years": "months",
    "seconds": "minutes",
    "kilograms": "grams",
    "kilometres": "metres",
    "kilometers": "meters",
    "metres": "kilometres",
    "meters": "kilometers",
    "million": "billion",
    "millionen": "Milliarden",
    "billion": "million",
    "eur": "USD",
    "usd": "EUR",
    "gbp": "USD",
    "euros": "dollars",
    "euro": "Dollar",
    "dollars": "euros",
    "percent": "per mille",
    "prozent": "Promille",
}
_SIGNS: Final = {"$": "€", "€": "$", "£": "€", "¥": "$"}
_BESIDE: Final = re.compile(
    r"(?<![\w.,])(?P<sign>[$€£¥])(?=\s?\d)"
    r"|(?<=\d)(?P<after>\s?[$€£¥])"
    r"|(?<=\d)(?P<gap>[ \u00a0\u202f]?)(?P<unit>[A-Za-z]{1,10})(?![\w/])"
    r"|(?<=\d)(?P<degree>\s?°)(?P<scale>[CF])\b"
)


def digit_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Change one digit of one number, the leading one for the larger error."""
    text = answer.text
    markers = list_markers(text)
    starts = [f.start() for f in _NUMBER.finditer(text) if f.start() not in markers]
    if not starts:
        return None
    at = injury.rng.choice(starts)
    digit = injury.rng.choice([d for d in "123456789" if d != text[at]])
    return with_text(answer, text[:at] + digit + text[at + 1 :])


def list_markers(text: str) -> set[int]:
    """Return the places of list markers: their numbers say nothing."""
    return {at for found in _MARKER.finditer(text) for at in range(*found.span())}


def unit_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Put another unit or currency beside one number."""
    text = answer.text
    found = [each for each in _BESIDE.finditer(text) if _other_unit(each)]
    if not found:
        return None
    chosen = injury.rng.choice(found)
    start, end = chosen.span()
    return with_text(answer, text[:start] + _other_unit(chosen) + text[end:])


def _other_unit(found: re.Match[str]) -> str:
    if sign := found["sign"]:
        return _SIGNS[sign]
    if after := found["after"]:
        return after.replace(after[-1], _SIGNS[after[-1]])
    if scale := found["scale"]:
        return found["degree"] + ("F" if scale == "C" else "C")
    other = _UNITS.get(found["unit"].lower(), "")
    return found["gap"] + other if other else ""


def argument_changed(answer: Answer, injury: Injury) -> Injured | None:
    """Change one value among the arguments of the tool calls."""
    choices = []
    for place, call in enumerate(answer.tool_calls):
        try:
            arguments = json.loads(call.arguments)
        except ValueError:
            continue
        choices += [(place, arguments, path) for path in _leaves(arguments)]
    if not choices:
        return None
    place, arguments, path = injury.rng.choice(choices)
    holder: Any = arguments
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = _other_value(holder[path[-1]], injury)
    calls = list(answer.tool_calls)
    calls[place] = replace(
        calls[place], arguments=json.dumps(arguments, ensure_ascii=False)
    )
    return Injured(replace(answer, tool_calls=tuple(calls)))


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Return the paths of all scalars."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    elif path:
        return [path]
    return [leaf for key, each in pairs for leaf in _leaves(each, (*path, key))]


def _other_value(value: Any, injury: Injury) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + injury.rng.choice((1, 2, 7, 10))
    if isinstance(value, str) and any(each.isdigit() for each in value):
        at = injury.rng.choice([i for i, each in enumerate(value) if each.isdigit()])
        digit = injury.rng.choice([d for d in "123456789" if d != value[at]])
        return value[:at] + digit + value[at + 1 :]
    words = [w for w in re.findall(r"\w{4,}", injury.other.text) if w != value]
    return injury.rng.choice(words) if words else "another"


def field_renamed(answer: Answer, injury: Injury) -> Injured | None:
    """Rename one field of a JSON answer."""
    value = structured(answer.text)
    if value is NOTHING:
        return None
    holders = [each for each in objects(value) if each]
    if not holders:
        return None
    name = injury.rng.choice(sorted(holders[0]))
    renamed = re.sub(
        rf'"{re.escape(name)}"(?=\s*:)', json.dumps(f"{name}_value"), answer.text
    )
    return with_text(answer, renamed)


def objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Return all objects within a JSON value, the outer ones first."""
    if isinstance(value, dict):
        return [value, *(o for each in value.values() for o in objects(each))]
    if isinstance(value, list):
        return [o for each in value for o in objects(each)]
    return []
