"""Amazon Bedrock Converse, `POST /model/{model}/converse`.

Source: the service model `bedrock-runtime` 2023-09-30 in botocore 1.44.5 (`Converse`,
`ContentBlock`, `ToolConfiguration`). The model is named in the path. A block is an
object with one key that says its kind; bytes are bare base64.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from snaptrace.snapshot.apis import converse_media, inline
from snaptrace.snapshot.apis.content import joined_results
from snaptrace.snapshot.apis.contract import UnmappableError
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.json_values import as_text
from snaptrace.snapshot.model import Json

PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_tokens": "maxTokens",
    "stop_sequences": "stopSequences",
}
_CHOICES = {"auto": "auto", "any": "required"}
_CHOICES_BACK = {word: own for own, word in _CHOICES.items()}


class BedrockConverse:
    """See `contract.Api`."""

    name = "bedrock_converse"
    operation = "chat"

    def path(self, model: str) -> str:
        """Return the path, which is where the model is named."""
        return f"/model/{quote(model, safe='')}/converse"

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a Converse body; the model is in the path."""
        return parse_body(body, PARAMS)

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        lost: list[str] = []
        body = render_body(conversation, PARAMS, lost)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


def parse_body(body: Json, names: dict[str, str]) -> Conversation:
    """Return the view of a body in Converse's form; Nova's own is nearly the same."""
    rest: dict[str, Json] = dict(body) if isinstance(body, dict) else {}
    messages: list[Message] = []
    system = rest.get("system")
    if system and isinstance(system, list | tuple):
        del rest["system"]
        parts = tuple(parse_block(raw) for raw in system)
        messages.append(Message(role="system", parts=parts))
    given = rest.pop("messages", None)
    if isinstance(given, list | tuple):
        messages.extend(_parse_message(raw) for raw in given)
    tools, choice = _take_tools(rest)
    return Conversation(
        model="",
        messages=tuple(messages),
        tools=tools,
        tool_choice=choice,
        params=_take_params(rest, names),
        extra=rest,
    )


def render_body(
    conversation: Conversation, names: dict[str, str], lost: list[str]
) -> dict[str, Json]:
    """Return the body in Converse's form; `lost` gains what has no place in it."""
    system: list[Part] = []
    turns: list[Any] = []
    for message in conversation.messages:
        if message.role in ("system", "developer"):
            system.extend(message.parts)
        else:
            turns.append(_render_message(message, lost))
    body: dict[str, Json] = {
        "messages": joined_results(turns, "content", _only_results)
    }
    if system:
        body["system"] = [_render_block(part, lost) for part in system]
    config: dict[str, Json] = {}
    for otel, value in conversation.params.items():
        if otel in names:
            config[names[otel]] = value
        else:
            lost.append(otel)
    extra = dict(conversation.extra)
    own = extra.pop("inferenceConfig", None)
    if config or own is not None:
        body["inferenceConfig"] = {**config, **(own or {})}
    if tooling := _render_tools(conversation, extra.pop("toolConfig", None)):
        body["toolConfig"] = tooling
    choice = conversation.tool_choice
    if isinstance(choice, str) and choice not in _CHOICES_BACK:
        lost.append("tool_choice")
    if conversation.output_schema is not None:
        lost.append("output_schema")
    return {**body, **extra}


def _take_params(rest: dict[str, Json], names: dict[str, str]) -> dict[str, Json]:
    given = rest.get("inferenceConfig")
    if not isinstance(given, dict):
        return {}
    config = dict(given)
    params = {
        otel: config.pop(own)
        for otel, own in names.items()
        if config.get(own) is not None
    }
    if config or not given:
        rest["inferenceConfig"] = config
    else:
        del rest["inferenceConfig"]
    return params


def _take_tools(rest: dict[str, Json]) -> tuple[tuple[Tool, ...], Json]:
    given = rest.get("toolConfig")
    if not isinstance(given, dict):
        return (), None
    config = dict(given)
    tools = config.pop("tools", None)
    choice = _parse_choice(config)
    if config:
        rest["toolConfig"] = config
    else:
        del rest["toolConfig"]
    if not isinstance(tools, list | tuple):
        return (), choice
    return tuple(_parse_tool(raw) for raw in tools), choice


def _parse_tool(raw: Json) -> Tool:
    spec = raw.get("toolSpec") if isinstance(raw, dict) else None
    if not isinstance(raw, dict):
        return Tool(name="", kind="unknown", extra={"value": raw})
    if not isinstance(spec, dict):
        return Tool(name="", kind=next(iter(raw), "unknown"), extra=dict(raw))
    rest = dict(spec)
    schema = rest.get("inputSchema")
    parameters = None
    if isinstance(schema, dict) and set(schema) == {"json"}:
        parameters = rest.pop("inputSchema")["json"]
    return Tool(
        name=as_text(rest.pop("name", "")),
        description=as_text(rest.pop("description", "")),
        parameters=parameters,
        extra=rest,
    )


def _render_tools(conversation: Conversation, own: Json) -> dict[str, Json]:
    config: dict[str, Json] = {}
    if conversation.tools:
        config["tools"] = [_render_tool(tool) for tool in conversation.tools]
    choice = conversation.tool_choice
    if isinstance(choice, dict) and set(choice) == {"name"}:
        config["toolChoice"] = {"tool": {"name": choice["name"]}}
    elif isinstance(choice, str):
        config["toolChoice"] = {_CHOICES_BACK.get(choice, choice): {}}
    elif choice is not None:
        config["toolChoice"] = choice
    return {**config, **own} if isinstance(own, dict) else config


def _render_tool(tool: Tool) -> Json:
    if tool.kind != "function":
        return dict(tool.extra)
    spec: dict[str, Json] = {"name": tool.name}
    if tool.description:
        spec["description"] = tool.description
    if tool.parameters is not None:
        spec["inputSchema"] = {"json": tool.parameters}
    return {"toolSpec": {**spec, **tool.extra}}


def _parse_choice(config: dict[str, Json]) -> Json:
    """Take the choice out of `config` where it is one that every API knows."""
    choice = config.get("toolChoice")
    if not isinstance(choice, dict) or len(choice) != 1:
        return None
    (kind, own) = next(iter(choice.items()))
    found: Json = None
    if kind == "tool" and isinstance(own, dict) and set(own) == {"name"}:
        found = {"name": own["name"]}
    elif kind in _CHOICES and own == {}:
        found = _CHOICES[kind]
    if found is not None:
        del config["toolChoice"]
    return found


def _parse_message(raw: Json) -> Message:
    if not isinstance(raw, dict):
        return Message(role="user", parts=(GenericPart(value=raw),))
    rest: dict[str, Json] = dict(raw)
    word = rest.pop("role", "user")
    content = rest.pop("content", None)
    parts: tuple[Part, ...] = ()
    if isinstance(content, list | tuple):
        parts = tuple(parse_block(block) for block in content)
    elif content is not None:
        parts = (GenericPart(value=content),)
    if word not in ("user", "assistant"):
        rest["role"] = word
        word = "user"
    return Message(role=word, parts=parts, extra=rest)


def parse_block(raw: Json) -> Part:
    """Return one content block; unknown ones stay generic."""
    if not isinstance(raw, dict) or len(raw) != 1:
        return GenericPart(value=raw)
    kind, value = next(iter(raw.items()))
    if kind == "text" and isinstance(value, str):
        return TextPart(text=value)
    if not isinstance(value, dict):
        return GenericPart(value=raw)
    found: Part | None = None
    if kind in converse_media.KINDS:
        found = converse_media.parse(kind, value)
    elif kind == "toolUse":
        found = _parse_call(dict(value))
    elif kind == "toolResult":
        found = _parse_result(dict(value))
    elif kind == "reasoningContent":
        found = _parse_reasoning(value)
    return GenericPart(value=raw) if found is None else found


def _parse_call(own: dict[str, Json]) -> Part:
    given = own.pop("input", None)
    return ToolCallPart(
        name=as_text(own.pop("name", "")),
        arguments=given if isinstance(given, str) else inline.json_text(given),
        id=as_text(own.pop("toolUseId", "")),
        extra=own,
    )


def _parse_result(own: dict[str, Json]) -> Part | None:
    content = own.pop("content", None)
    if not isinstance(content, list | tuple):
        return None
    return ToolResultPart(
        content=tuple(parse_block(block) for block in content),
        id=as_text(own.pop("toolUseId", "")),
        is_error=own.get("status") == "error",
        extra=own,
    )


def _parse_reasoning(own: dict[str, Json]) -> Part | None:
    said = own.get("reasoningText")
    if set(own) != {"reasoningText"} or not isinstance(said, dict):
        return None
    rest = dict(said)
    return ReasoningPart(text=as_text(rest.pop("text", "")), extra=rest)


def _render_message(message: Message, lost: list[str]) -> Json:
    role = "user" if message.role == "tool" else message.role
    parts = message.parts
    content: Json = [_render_block(part, lost) for part in parts]
    if len(parts) == 1 and isinstance(parts[0], GenericPart):
        value = parts[0].value
        content = [value] if isinstance(value, dict) else value
    return {"role": role, "content": content, **message.extra}


def _only_results(turn: Json) -> bool:
    content: Iterable[Json] = turn["content"]
    return (
        turn["role"] == "user"
        and isinstance(content, list)
        and bool(content)
        and all(isinstance(b, dict) and "toolResult" in b for b in content)
    )


def _render_block(part: Part, lost: list[str]) -> Json:
    match part:
        case TextPart():
            return {"text": part.text}
        case GenericPart():
            return part.value
        case MediaPart():
            return converse_media.render(part, lost)
        case ReasoningPart():
            own = {"text": part.text, **part.extra}
            return {"reasoningContent": {"reasoningText": own}}
        case ToolCallPart():
            call = {"toolUseId": part.id, "name": part.name}
            given = inline.json_value(part.arguments or "{}")
            return {"toolUse": {**call, "input": given, **part.extra}}
    content = [_render_block(inner, lost) for inner in part.content]
    result: dict[str, Json] = {"toolUseId": part.id, "content": content}
    if part.is_error:
        result["status"] = "error"
    return {"toolResult": {**result, **part.extra}}
