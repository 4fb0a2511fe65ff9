"""Tool use: is the recorded set of calls asked for, or one as acceptable?

No tool is executed, here or anywhere. Calls have no order; an optional argument at its
default may come or go; free text in an argument is compared by what it says.
"""

from collections.abc import Mapping, Sequence

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.documents import difference, leaf_count
from replayd.scoring.extract.structure.json_values import NOTHING, parsed
from replayd.scoring.usability import unusable, valued
from snaptrace.snapshot.model import Json, ToolCall

MOST_CALLS = 64
DEEPEST_SCHEMA = 8


class ToolCalls:
    """Errors: arguments wrong, missing or added; whole calls missing or added."""

    name = "tool_calls"

    def applies(self, case: ScoringCase) -> bool:
        """Where the recording asked for a tool and the offered tools were seen."""
        return bool(case.reference.tool_calls) and not case.hides("tools")

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1, at most .5 for a wrong argument, 0 for another tool."""
        if (useless := unusable(case, said)) is not None:
            return useless
        wanted = case.reference.tool_calls[:MOST_CALLS]
        got = said.answer.tool_calls[:MOST_CALLS]
        if not got:
            return Score(0.0, "no tool asked for")
        wrong = _errors(wanted, got, _schemas(case), case.request.plain)
        return valued(wrong, sum(_weight(call) for call in wanted), "arguments")


def _errors(
    wanted: Sequence[ToolCall],
    got: Sequence[ToolCall],
    schemas: Mapping[str, Json],
    known: str,
) -> float:
    """Pair calls of one name, those with the fewest errors first, each used once."""
    offers = sorted(
        (_call_errors(one, other, schemas.get(one.name), known), abs(i - j), i, j)
        for i, one in enumerate(wanted)
        for j, other in enumerate(got)
        if one.name == other.name
    )
    used_wanted: set[int] = set()
    used_got: set[int] = set()
    wrong = 0.0
    for errors, _, i, j in offers:
        if i not in used_wanted and j not in used_got:
            used_wanted.add(i)
            used_got.add(j)
            wrong += errors
    wrong += sum(_weight(c) for i, c in enumerate(wanted) if i not in used_wanted)
    return wrong + sum(_weight(c) for j, c in enumerate(got) if j not in used_got)


def _weight(call: ToolCall) -> int:
    return max(1, leaf_count(_arguments(call)))


def _call_errors(wanted: ToolCall, got: ToolCall, schema: Json, known: str) -> float:
    one, other = _arguments(wanted), _arguments(got)
    if not isinstance(one, dict) or not isinstance(other, dict):
        return 0.0 if wanted.arguments == got.arguments else float(_weight(wanted))
    _settle_defaults(one, other, schema, level=0)
    return difference(one, other, known).wrong


def _settle_defaults(
    one: dict[str, Json], other: dict[str, Json], schema: Json, *, level: int
) -> None:
    """Take out what one side says and the other leaves to its default."""
    if level > DEEPEST_SCHEMA or not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    for key, usual in _optional(schema).items():
        for given, lacking in ((one, other), (other, one)):
            if key in given and key not in lacking and _is_usual(given[key], usual):
                del given[key]
    for key, inner in properties.items() if isinstance(properties, dict) else ():
        for given, lacking in ((one, other), (other, one)):
            value, facing = given.get(key), lacking.get(key)
            if not isinstance(value, dict):
                continue
            _settle_defaults(
                value,
                facing if isinstance(facing, dict) else {},
                inner,
                level=level + 1,
            )
            if not value and key not in lacking:
                del given[key]  # nothing was said in it but defaults


def _is_usual(value: Json, usual: Json) -> bool:
    return value == usual or value in (None, "", [], {})


def _optional(schema: Json) -> dict[str, Json]:
    """Return the optional arguments of a tool with the value each has by default."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return {}
    required = schema.get("required")
    needed = set(required) if isinstance(required, list) else set()
    return {
        key: _usual(each)
        for key, each in schema["properties"].items()
        if key not in needed and isinstance(each, dict)
    }


def _usual(each: Mapping[str, Json]) -> Json:
    """Return the default of an argument; by convention the first of an enumeration."""
    choices = each.get("enum")
    return each.get(
        "default", choices[0] if isinstance(choices, list) and choices else None
    )


def _schemas(case: ScoringCase) -> dict[str, Json]:
    tools = case.conversation.tools if case.conversation else ()
    return {tool.name: tool.parameters for tool in tools}


def _arguments(call: ToolCall) -> Json:
    """Return the arguments as a value of one's own; text that is no JSON is itself."""
    value = parsed(call.arguments) if call.arguments.strip() else {}
    return call.arguments if value is NOTHING else value
