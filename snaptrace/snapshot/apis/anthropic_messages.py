"""Anthropic Messages, `POST /v1/messages`.

Source: Anthropic API reference, messages, 2023-06-01 with additions up to 2026.
"""

from snaptrace.snapshot.apis import inline
from snaptrace.snapshot.apis.content import content_parts, joined_results
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
from snaptrace.snapshot.model import Json, MediaKind, MediaRef

PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_tokens",
    "stop_sequences": "stop_sequences",
}
_MEDIA: dict[str, MediaKind] = {"image": "image", "document": "document"}
# What other APIs say of a medium, and this one has no field for.
_FOREIGN = ("detail", "filename")
# A tool's input that is no text is stored as JSON text; this says so.
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_CHOICES_BACK = {word: own for own, word in _CHOICES.items()}


class AnthropicMessages:
    """See `contract.Api`."""

    name = "anthropic_messages"
    operation = "chat"

    def path(self, model: str) -> str:
        """Return the path; the model is named in the body."""
        del model
        return "/v1/messages"

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a messages body."""
        rest: dict[str, Json] = dict(body) if isinstance(body, dict) else {}
        messages: list[Message] = []
        system = rest.pop("system", None)
        if system is not None:
            parts = parse_content(system)
            messages.append(Message(role="system", parts=parts))
        given = rest.pop("messages", None)
        if isinstance(given, list | tuple):
            messages.extend(_parse_message(raw) for raw in given)
        params = {
            otel: rest.pop(own)
            for otel, own in PARAMS.items()
            if rest.get(own) is not None
        }
        model = rest.pop("model", "")
        tools = rest.pop("tools", None)
        return Conversation(
            model=model if isinstance(model, str) else "",
            messages=tuple(messages),
            tools=tuple(_parse_tool(raw) for raw in tools)
            if isinstance(tools, list | tuple)
            else (),
            tool_choice=_parse_choice(rest),
            params=params,
            extra=rest,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        lost: list[str] = []
        body: dict[str, Json] = {"model": conversation.model}
        system: list[Part] = []
        turns: list[Json] = []
        for message in conversation.messages:
            if message.role in ("system", "developer"):
                system.extend(message.parts)
            else:
                turns.append(_render_message(message, lost))
        if system:
            body["system"] = _render_content(tuple(system), lost)
        body["messages"] = joined_results(turns, "content", _only_results)
        if conversation.tools:
            body["tools"] = [_render_tool(tool) for tool in conversation.tools]
        if conversation.tool_choice is not None:
            body["tool_choice"] = _render_choice(conversation.tool_choice)
        for otel, value in conversation.params.items():
            if otel in PARAMS:
                body[PARAMS[otel]] = value
            else:
                lost.append(otel)
        _render_extra(conversation, body)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


def _render_extra(conversation: Conversation, body: dict[str, Json]) -> None:
    extra = dict(conversation.extra)
    if conversation.output_schema is not None:
        schema = {"type": "json_schema", "schema": conversation.output_schema}
        extra["output_config"] = {"format": schema, **extra.get("output_config", {})}
    choice = extra.pop("disable_parallel_tool_use", None)
    if choice is not None and isinstance(body.get("tool_choice"), dict):
        body["tool_choice"]["disable_parallel_tool_use"] = choice
    body.update(extra)


def _parse_message(raw: Json) -> Message:
    if not isinstance(raw, dict):
        return Message(role="user", parts=(GenericPart(value=raw),))
    rest: dict[str, Json] = dict(raw)
    word = rest.pop("role", "user")
    parts = parse_content(rest.pop("content", None))
    if word not in ("user", "assistant", "system"):
        rest["role"] = word
        word = "user"
    return Message(role=word, parts=parts, extra=rest)


def parse_content(content: Json) -> tuple[Part, ...]:
    """Return the parts of a content field: text, or a list of blocks."""
    return content_parts(content, parse_block)


def parse_block(raw: Json) -> Part:
    """Return one content block; unknown ones stay generic."""
    if not isinstance(raw, dict):
        return TextPart(text=raw) if isinstance(raw, str) else GenericPart(value=raw)
    rest: dict[str, Json] = dict(raw)
    kind = rest.pop("type", None)
    if kind == "text" and isinstance(rest.get("text"), str):
        return TextPart(text=rest.pop("text"), extra=rest)
    if (
        isinstance(kind, str)
        and kind in _MEDIA
        and isinstance(rest.get("source"), dict)
    ):
        return _parse_media(
            _MEDIA[kind], dict(rest.pop("source")), rest
        ) or GenericPart(value=raw)
    if kind == "tool_use":
        given = rest.pop("input", None)
        return ToolCallPart(
            name=as_text(rest.pop("name", "")),
            arguments=given if isinstance(given, str) else inline.json_text(given),
            id=as_text(rest.pop("id", "")),
            extra=rest,
        )
    if kind == "tool_result":
        content = parse_content(rest.pop("content", None))
        call_id = as_text(rest.pop("tool_use_id", ""))
        flag = rest.get("is_error")
        return ToolResultPart(
            content=content, id=call_id, is_error=flag is True, extra=rest
        )
    if kind == "thinking" and isinstance(rest.get("thinking"), str):
        return ReasoningPart(text=rest.pop("thinking"), extra=rest)
    return GenericPart(value=raw)


def _parse_media(
    kind: MediaKind, source: dict[str, Json], extra: dict[str, Json]
) -> MediaPart | None:
    how = source.get("type")
    if how == "base64":
        mime = as_text(source.get("media_type"))
        ref, url = inline.from_base64(source.get("data"), mime)
        return MediaPart(kind=kind, ref=ref, url=url, mime=mime, extra=extra)
    if how == "url" and isinstance(source.get("url"), str):
        return MediaPart(kind=kind, url=source["url"], extra=extra)
    if how == "file" and isinstance(source.get("file_id"), str):
        return MediaPart(kind=kind, file_id=source["file_id"], extra=extra)
    return None


def _parse_tool(raw: Json) -> Tool:
    if not isinstance(raw, dict):
        return Tool(name="", kind="unknown", extra={"value": raw})
    rest: dict[str, Json] = dict(raw)
    kind = rest.get("type", "function")
    if kind in ("function", "custom"):
        kind = "function"
    else:
        rest.pop("type")
    return Tool(
        kind=as_text(kind) or "unknown",
        name=as_text(rest.pop("name", "")),
        description=as_text(rest.pop("description", "")),
        parameters=rest.pop("input_schema", None),
        extra=rest,
    )


def _render_tool(tool: Tool) -> Json:
    body: dict[str, Json] = {"name": tool.name}
    if tool.kind != "function":
        body["type"] = tool.kind
    if tool.description:
        body["description"] = tool.description
    if tool.parameters is not None:
        body["input_schema"] = tool.parameters
    return {**body, **tool.extra}


def _parse_choice(rest: dict[str, Json]) -> Json:
    choice = rest.get("tool_choice")
    if not isinstance(choice, dict):
        return None
    own = dict(choice)
    kind = own.pop("type", None)
    flag = own.pop("disable_parallel_tool_use", None)
    found: Json = None
    if kind == "tool" and set(own) == {"name"}:
        found = {"name": own["name"]}
    elif isinstance(kind, str) and kind in _CHOICES and not own:
        found = _CHOICES[kind]
    if found is None:
        return None
    del rest["tool_choice"]
    if flag is not None:
        rest["disable_parallel_tool_use"] = flag
    return found


def _render_choice(choice: Json) -> Json:
    if isinstance(choice, dict) and set(choice) == {"name"}:
        return {"type": "tool", "name": choice["name"]}
    if isinstance(choice, str):
        return {"type": _CHOICES_BACK.get(choice, choice)}
    return choice


def _only_results(turn: Json) -> bool:
    content = turn["content"]
    return (
        turn["role"] == "user"
        and isinstance(content, list)
        and bool(content)
        and all(
            isinstance(block, dict) and block.get("type") == "tool_result"
            for block in content
        )
    )


def _render_message(message: Message, lost: list[str]) -> Json:
    role = "user" if message.role == "tool" else message.role
    content = _render_content(message.parts, lost)
    own = {key: value for key, value in message.extra.items() if key != "field"}
    return {"role": role, "content": content, **own}


def _render_content(parts: tuple[Part, ...], lost: list[str]) -> Json:
    match parts:
        case (TextPart(extra={**extra}) as only,) if not extra:
            return only.text
        case (GenericPart(value=value),) if not isinstance(value, dict | list):
            return value
    return [_render_block(part, lost) for part in parts]


def _render_block(part: Part, lost: list[str]) -> Json:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text, **part.extra}
    if isinstance(part, GenericPart):
        return part.value
    if isinstance(part, ToolCallPart):
        return {
            "type": "tool_use",
            "id": part.id,
            "name": part.name,
            "input": inline.json_value(part.arguments),
            **part.extra,
        }
    if isinstance(part, ToolResultPart):
        body: dict[str, Json] = {"type": "tool_result", "tool_use_id": part.id}
        if part.content:
            body["content"] = _render_content(part.content, lost)
        if part.is_error:
            body["is_error"] = True
        return {**body, **part.extra}
    if isinstance(part, ReasoningPart):
        return {"type": "thinking", "thinking": part.text, **part.extra}
    return _render_media(part, lost)


def _render_media(part: MediaPart, lost: list[str]) -> Json:
    source: dict[str, Json]
    data: Json | MediaRef | None = inline.base64_text(part)
    if part.kind not in _MEDIA.values():
        lost.append(f"messages.content.{part.kind}")
    if data is not None:
        mime = inline.mime_of(part)
        source = {"type": "base64", "media_type": mime, "data": data}
    elif part.file_id:
        source = {"type": "file", "file_id": part.file_id}
    else:
        source = {"type": "url", "url": part.url}
    own = {key: value for key, value in part.extra.items() if key not in _FOREIGN}
    return {"type": part.kind, "source": source, **own}
