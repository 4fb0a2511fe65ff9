"""Faults in structure: JSON without a field or its end, tool calls lost or doubled."""

import json
from typing import Any, Final

from msgspec.structs import replace

from replayd.drills.answers.contract import Injured, Injury, with_text
from replayd.drills.answers.values import objects
from replayd.scoring.extract.structure.json_values import parsed
from snaptrace.snapshot.model import Answer

_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})


def field_dropped(answer: Answer, injury: Injury) -> Injured | None:
    """Leave out one field of a JSON answer."""

    def drop(holder: dict[str, Any], name: str) -> None:
        del holder[name]

    return _with_field(answer, injury, drop)


def value_nulled(answer: Answer, injury: Injury) -> Injured | None:
    """Leave one field of a JSON answer without a value."""

    def clear(holder: dict[str, Any], name: str) -> None:
        holder[name] = None

    return _with_field(answer, injury, clear)


def _with_field(answer: Answer, injury: Injury, change: Any) -> Injured | None:  # noqa: ANN401 - one of two
    value = parsed(answer.text)
    if not isinstance(value, dict | list):
        return None
    fields = [
        (holder, name)
        for holder in objects(value)
        for name in sorted(holder)
        if holder[name] not in _EMPTY
    ]
    if not fields:
        return None
    change(*injury.rng.choice(fields))
    return with_text(answer, json.dumps(value, ensure_ascii=False, indent=2))


def json_broken(answer: Answer, _injury: Injury) -> Injured | None:
    """Lose the last bracket of a JSON answer."""
    if not isinstance(parsed(answer.text), dict | list):
        return None
    at = max(answer.text.rfind("}"), answer.text.rfind("]"))
    return with_text(answer, answer.text[:at] + answer.text[at + 1 :])


def call_dropped(answer: Answer, injury: Injury) -> Injured | None:
    """Leave out one tool call."""
    if not answer.tool_calls:
        return None
    calls = list(answer.tool_calls)
    del calls[injury.rng.randrange(len(calls))]
    return Injured(replace(answer, tool_calls=tuple(calls)))


def call_doubled(answer: Answer, injury: Injury) -> Injured | None:
    """Make one tool call twice."""
    if not answer.tool_calls:
        return None
    again = injury.rng.choice(answer.tool_calls)
    return Injured(replace(answer, tool_calls=(*answer.tool_calls, again)))


def call_spoken(answer: Answer, _injury: Injury) -> Injured | None:
    """Write the first tool call into the text in place of making it."""
    if not answer.tool_calls:
        return None
    call = answer.tool_calls[0]
    said = f'{answer.text}\n{{"name": "{call.name}", "arguments": {call.arguments}}}'
    return Injured(replace(answer, text=said.strip(), tool_calls=()))
