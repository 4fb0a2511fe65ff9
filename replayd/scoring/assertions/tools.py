"""Assertions about tool calls: which tool, with which arguments."""

from replayd.scoring.assertions.contract import Kind, a_text
from replayd.scoring.contract import Said, ScoringCase
from replayd.scoring.extract.structure.json_values import (
    NOTHING,
    leaf_agreement,
    leaves,
    parsed,
)
from snaptrace.snapshot.model import Json
from snaptrace.suite.patterns import compiled, pattern_problem


def _asked_for(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return wanted in {call.name for call in said.answer.tool_calls}


def _called_with(wanted: Json, said: Said, _case: ScoringCase) -> bool:
    return any(
        call.name == wanted["name"]
        and _fits(wanted.get("arguments", {}), call.arguments)
        for call in said.answer.tool_calls
    )


def _fits(wanted: dict[str, Json], arguments: str) -> bool:
    value = parsed(arguments)
    if value is NOTHING or not isinstance(value, dict):
        return not wanted
    given = leaves(value)
    return all(
        any(_same(each, other) for other in given.get(f".{path}", ()))
        for path, each in wanted.items()
    )


def _same(wanted: Json, given: Json) -> bool:
    if isinstance(wanted, dict):
        return compiled(wanted["matches"]).search(str(given)) is not None
    return leaf_agreement(wanted, given) == 1.0


def _a_call(wanted: Json) -> str:
    if not isinstance(wanted, dict) or a_text(wanted.get("name")):
        return "an object with name, and arguments where they matter, is wanted"
    if unknown := sorted(wanted.keys() - {"name", "arguments"}):
        return f"no key {unknown[0]!r}; there are name and arguments"
    arguments = wanted.get("arguments", {})
    if not isinstance(arguments, dict):
        return "arguments: an object of name: value is wanted"
    for name, value in arguments.items():
        if isinstance(value, list):
            return f"arguments.{name}: a plain value or {{matches: PATTERN}} is wanted"
        if not isinstance(value, dict):
            continue
        if value.keys() != {"matches"} or a_text(value["matches"]):
            return f"arguments.{name}: a plain value or {{matches: PATTERN}} is wanted"
        if why := pattern_problem(value["matches"]):
            return f"arguments.{name}: {why}"
    return ""


def _not_offered(wanted: Json, case: ScoringCase) -> str:
    name = wanted["name"] if isinstance(wanted, dict) else wanted
    if case.conversation is None:
        return "the request has no messages, so no tools"
    if case.hides("tools"):
        return ""  # what was offered is not known
    offered = {tool.name for tool in case.conversation.tools}
    if name in offered:
        return ""
    there = ", ".join(sorted(offered)) or "none"
    return f"the request offers no tool {name!r} (offered: {there})"


TOOL = Kind(met=_asked_for, misfit=a_text, inapplicable=_not_offered)
TOOL_CALL = Kind(met=_called_with, misfit=_a_call, inapplicable=_not_offered)
