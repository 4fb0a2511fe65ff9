"""Flags conversations that no provider accepts: a turn or a tool is gone. Pure.

Every provider refuses a result whose call is not in the conversation, a call without
its result, and a choice of tools where there are none. A call that was answered has
all of them, so telemetry that shows one without the other has lost something.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from collector.recognise.evidence.features import names_tools
from snaptrace.snapshot.model import Json

_ITEM_CALLS = ("function_call", "custom_tool_call")
_ITEM_RESULTS = ("function_call_output", "custom_tool_call_output")
_DECLARED = ("functionDeclarations", "function_declarations")
_LISTS = ("content", "parts", "tool_calls")
# What a request gives tools by; a stored prompt may hold some.
_OFFERS = ("tools", "functions", "toolConfig", "prompt")
# History kept at the provider, whose turns are not in the request.
_ELSEWHERE = ("previous_response_id", "conversation", "prompt", "cachedContent")
# That take earlier calls of tools only where tools are offered.
_WITH_TOOLS = ("anthropic_messages", "bedrock_converse")
_REQUIRED = {"anthropic_messages": ("max_tokens", "messages")}
_NO_CHOICE = (None, "auto", "none")


def is_torn(
    api: str,
    body: Json,
    called: tuple[str, ...] = (),
    declared: Collection[str] = (),
) -> bool:
    """Return whether a body that was answered lacks a turn or a tool.

    `called` are the tools that the answer calls, `declared` the paths of which it is
    known that they may be gone.
    """
    if type(body) is not dict or any(map(body.get, _ELSEWHERE)):
        return False
    if any(
        name not in body and name not in declared for name in _REQUIRED.get(api, ())
    ):
        return True
    calls: Counter[str] = Counter()
    results: Counter[str] = Counter()
    for key in ("messages", "input", "contents"):
        turns = body.get(key)
        if type(turns) is list:
            for turn in turns:
                if type(turn) is dict:
                    _count(turn, calls, results)
    if calls != results and "" not in calls and "" not in results:
        return True
    if not any(map(body.get, _OFFERS)):
        if called:
            return True
        needed = (calls and api in _WITH_TOOLS) or _chooses(body)
        return bool(needed) and not names_tools(declared)
    return _is_unknown(body, called)


def _count(turn: dict[str, Any], calls: Counter[str], results: Counter[str]) -> None:
    """Count the calls and results of a turn by what joins them."""
    kind = turn.get("type")
    if kind in _ITEM_CALLS:
        calls[_text(turn.get("call_id"))] += 1
    elif kind in _ITEM_RESULTS:
        results[_text(turn.get("call_id"))] += 1
    elif turn.get("role") == "tool":
        results[_text(turn.get("tool_call_id"))] += 1
    for key in _LISTS:
        held = turn.get(key)
        if type(held) is list:
            for part in held:
                if type(part) is dict:
                    _count_part(part, key, calls, results)


def _count_part(
    part: dict[str, Any], key: str, calls: Counter[str], results: Counter[str]
) -> None:
    kind = part.get("type")
    if key == "tool_calls" or kind == "tool_use":
        calls[_text(part.get("id"))] += 1
    elif kind == "tool_result":
        results[_text(part.get("tool_use_id"))] += 1
    elif type(own := part.get("toolUse")) is dict:
        calls[_text(own.get("toolUseId"))] += 1
    elif type(own := part.get("toolResult")) is dict:
        results[_text(own.get("toolUseId"))] += 1
    elif type(own := part.get("functionCall") or part.get("function_call")) is dict:
        calls[_text(own.get("name"))] += 1
    elif (
        type(own := part.get("functionResponse") or part.get("function_response"))
        is dict
    ):
        results[_text(own.get("name"))] += 1


def _text(value: Any) -> str:  # noqa: ANN401 - JSON of any origin
    return value if type(value) is str else ""


def _chooses(body: dict[str, Any]) -> bool:
    choice = body.get("tool_choice")
    return type(choice) in (str, dict) and choice not in _NO_CHOICE


def _is_unknown(body: dict[str, Any], called: tuple[str, ...]) -> bool:
    """Return whether a tool is called or chosen by a name that is not offered."""
    names = {*called, _chosen(body.get("tool_choice"))} - {""}
    if not names:
        return False
    offered = set(_offered(body))
    return "" not in offered and not names <= offered


def _chosen(choice: Any) -> str:  # noqa: ANN401 - JSON of any origin
    if type(choice) is not dict:
        return ""
    own = choice.get("function")
    return _text((own if type(own) is dict else choice).get("name"))


def _offered(body: dict[str, Any]) -> Iterator[str]:
    """Yield the names of tools; "" of those that run at the provider."""
    config = body.get("toolConfig")
    held = config.get("tools") if type(config) is dict else config
    for tools in (body.get("tools"), held, body.get("functions")):
        for tool in tools if type(tools) is list else [tools] if tools else ():
            yield from _names(tool)
    if body.get("prompt"):
        yield ""


def _names(tool: Any) -> Iterator[str]:  # noqa: ANN401 - JSON of any origin
    if type(tool) is not dict:
        yield ""
        return
    declared = next((tool[key] for key in _DECLARED if key in tool), None)
    if type(declared) is list:
        for one in declared:
            yield _text(one.get("name")) if type(one) is dict else ""
        return
    own = tool.get("function") or tool.get("toolSpec") or tool
    yield _text(own.get("name")) if type(own) is dict else ""
