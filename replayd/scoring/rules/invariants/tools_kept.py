"""Invariant: ask only for tools that were offered, with arguments they accept."""

from replayd.scoring.contract import Said, Score, ScoringCase
from replayd.scoring.extract.structure.json_values import NOTHING, parsed
from replayd.scoring.extract.structure.schemas import accepts, compiled
from snaptrace.snapshot.conversation import Tool
from snaptrace.snapshot.model import ToolCall


class ToolsKept:
    """1 if every tool call is valid, and one is there where one is demanded."""

    name = "tools_kept"

    def applies(self, case: ScoringCase) -> bool:
        """Where tools were offered, as far as was seen, and none was refused."""
        offered = case.conversation.tools if case.conversation else ()
        return (
            bool(offered)
            and all(tool.kind == "function" for tool in offered)
            and not case.hides("tools")
            and not case.recorded.refuses
        )

    async def score(self, case: ScoringCase, said: Said) -> Score:
        """Return 1 or 0."""
        if case.conversation is None or said.is_empty:
            return Score(0.0, "empty")
        offered = {tool.name: tool for tool in case.conversation.tools}
        if not said.answer.tool_calls and _demands_one(case.conversation.tool_choice):
            return Score(0.0, "no tool asked for")
        for call in said.answer.tool_calls:
            if why := _fault(call, offered):
                return Score(0.0, why)
        return Score(1.0)


def _demands_one(tool_choice: object) -> bool:
    return tool_choice == "required" or isinstance(tool_choice, dict)


def _fault(call: ToolCall, offered: dict[str, Tool]) -> str:
    """Return what is wrong with a call, in words that hold no content."""
    tool = offered.get(call.name)
    if tool is None:
        return "a tool that was not offered"
    arguments = parsed(call.arguments) if call.arguments.strip() else {}
    if arguments is NOTHING:
        return "arguments are no JSON"
    schema = compiled(tool.parameters) if tool.parameters is not None else None
    if schema is not None and not accepts(schema, arguments):
        return "arguments break the tool's schema"
    return ""
