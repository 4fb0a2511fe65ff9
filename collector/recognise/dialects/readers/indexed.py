"""Traceloop's older form: `gen_ai.prompt.N.content` and its relatives, as a list."""

from collections.abc import Mapping
from typing import Any

from collector.recognise.dialects.readers.json_values import Loaded, as_text, loads
from collector.recognise.dialects.readers.parts import role_of
from collector.recognise.record import Value
from snaptrace.snapshot.apis.anthropic_messages import parse_content
from snaptrace.snapshot.apis.openai_chat import parse_part
from snaptrace.snapshot.conversation import (
    Message,
    Part,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)


class Prompts:
    """The messages of one prefix, and why they are not all there."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.reasons: list[str] = []


def tree(attributes: Mapping[str, Value], prefix: str) -> dict[int, dict[str, Value]]:
    """Return index -> rest of key -> value, of every key below the prefix."""
    found: dict[int, dict[str, Value]] = {}
    for key, value in attributes.items():
        if not key.startswith(prefix):
            continue
        index, _, rest = key[len(prefix) :].partition(".")
        if index.isascii() and index.isdigit() and len(index) < 6:
            found.setdefault(int(index), {})[rest] = value
    return found


def read_prompts(attributes: Mapping[str, Value], prefix: str, api: str) -> Prompts:
    """Return the messages below a prefix."""
    rows = tree(attributes, prefix)
    prompts = Prompts()
    indices = sorted(rows)
    if indices and indices != list(range(len(indices))):
        prompts.reasons.append("attributes_dropped")
    for index in indices:
        row = rows[index]
        message, complete, cut = _message(row, api)
        prompts.messages.append(message)
        if cut:
            prompts.reasons.append("truncated")
        elif not complete:
            prompts.reasons.append("content_dropped")
    return prompts


def _message(row: dict[str, Value], api: str) -> tuple[Message, bool, bool]:
    role = role_of(row.get("role"))
    content = row.get("content")
    loaded = content_of(content)
    parts = _parts(loaded, content, api)
    calls = tree(row, "tool_calls.")
    parts.extend(_call(calls[index]) for index in sorted(calls))
    complete = bool(parts) or role == "assistant"
    call_id = row.get("tool_call_id")
    if role == "tool":
        result = ToolResultPart(content=tuple(parts), id=as_text(call_id))
        return Message(role="tool", parts=(result,)), content is not None, loaded.broken
    return Message(role=role, parts=tuple(parts)), complete, loaded.broken


def content_of(content: Value) -> Loaded:
    """Return a content field: a list of parts where it is one, else the text."""
    if isinstance(content, str) and content.startswith("[{"):
        loaded = loads(content)
        if isinstance(loaded.value, list):
            return loaded
        # A person may type a bracket; a cut list of parts begins like one.
        looks_cut = loaded.broken and content[:40].find('"type"') > 0
        return Loaded(content, broken=looks_cut)
    return Loaded(content)


def _parts(loaded: Loaded, content: Value, api: str) -> list[Part]:
    value = loaded.value
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        if api == "anthropic_messages":
            return list(parse_content(value))
        return [parse_part(item) for item in value]
    if isinstance(content, str) and content:
        return [TextPart(text=content)]
    return []


def _call(row: dict[str, Value]) -> ToolCallPart:
    return ToolCallPart(
        name=as_text(row.get("name")),
        arguments=as_text(row.get("arguments")),
        id=as_text(row.get("id")),
    )


def read_functions(
    attributes: Mapping[str, Value], prefix: str = "llm.request.functions."
) -> list[Tool]:
    """Return the tools below a prefix."""
    rows = tree(attributes, prefix)
    return [_tool(rows[index]) for index in sorted(rows)]


def _tool(row: dict[str, Value]) -> Tool:
    schema: Any = None
    for key in ("parameters", "input_schema"):
        if row.get(key) and row[key] != "null":
            schema = loads(row[key]).value
    return Tool(
        name=as_text(row.get("name")),
        description=as_text(row.get("description")),
        parameters=schema,
    )
