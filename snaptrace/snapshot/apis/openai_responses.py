"""OpenAI Responses, `POST /responses`.

Source: OpenAI API reference, responses, as of 2026. `instructions` is a system message
that remembers where it stood.
"""

from typing import Any

from snaptrace.snapshot.apis import inline
from snaptrace.snapshot.apis.content import content_parts
from snaptrace.snapshot.apis.contract import UnmappableError
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.json_values import as_text
from snaptrace.snapshot.model import Json

PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_output_tokens",
}
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
}
# Where a message came from, in `Message.extra`: other APIs have no such field.
_FIELD = "field"
_TEXT_TYPES = ("input_text", "output_text", "text")


class OpenAiResponses:
    """See `contract.Api`."""

    name = "openai_responses"
    operation = "chat"

    def path(self, model: str) -> str:
        """Return the path; the model is named in the body."""
        del model
        return "/responses"

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a responses body."""
        rest = dict(body) if isinstance(body, dict) else {}
        messages: list[Message] = []
        if isinstance(rest.get("instructions"), str):
            text = TextPart(text=rest.pop("instructions"))
            extra: dict[str, Json] = {_FIELD: "instructions"}
            messages.append(Message(role="system", parts=(text,), extra=extra))
        given = rest.pop("input", None)
        if isinstance(given, str):
            messages.append(Message(role="user", parts=(TextPart(text=given),)))
        elif isinstance(given, list | tuple):
            messages.extend(parse_item(item) for item in given)
            if len(given) == 1 and _is_plain(messages[-1]):
                messages[-1] = _as_item(messages[-1])
        params = {
            otel: rest.pop(own)
            for otel, own in PARAMS.items()
            if rest.get(own) is not None
        }
        reasoning = rest.get("reasoning")
        if isinstance(reasoning, dict) and isinstance(reasoning.get("effort"), str):
            params["reasoning_level"] = reasoning["effort"]
            rest["reasoning"] = {k: v for k, v in reasoning.items() if k != "effort"}
            if not rest["reasoning"]:
                del rest["reasoning"]
        schema, schema_name = _parse_schema(rest)
        model = rest.pop("model", "")
        tools = rest.pop("tools", None)
        return Conversation(
            model=model if isinstance(model, str) else "",
            messages=tuple(messages),
            tools=tuple(_parse_tool(t) for t in tools or ())
            if isinstance(tools, list | tuple)
            else (),
            tool_choice=_parse_choice(rest),
            output_schema=schema,
            output_schema_name=schema_name,
            params=params,
            extra=rest,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        lost: list[str] = []
        body: dict[str, Json] = {"model": conversation.model}
        items: list[Json] = []
        spoken = [m for m in conversation.messages if not _is_instructions(m)]
        for message in conversation.messages:
            if message.extra.get(_FIELD) == "instructions":
                body["instructions"] = _plain_text(message)
            else:
                items.extend(_render_items(message, lost))
        body["input"] = items
        if len(spoken) == 1 and _is_plain(spoken[0]):
            body["input"] = _plain_text(spoken[0])
        if conversation.tools:
            body["tools"] = [_render_tool(tool) for tool in conversation.tools]
        if conversation.tool_choice is not None:
            body["tool_choice"] = _render_choice(conversation.tool_choice)
        extra = _render_extra(conversation, body, lost)
        body.update(extra)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


def _render_extra(
    conversation: Conversation, body: dict[str, Json], lost: list[str]
) -> dict[str, Json]:
    """Put parameters and schema into the body; return what is left to add."""
    extra = dict(conversation.extra)
    for otel, value in conversation.params.items():
        if otel == "reasoning_level":
            extra["reasoning"] = {"effort": value, **extra.get("reasoning", {})}
        elif otel in PARAMS:
            body[PARAMS[otel]] = value
        else:
            lost.append(otel)
    if conversation.output_schema is not None:
        text = dict(extra.pop("text", {}))
        form = {
            "type": "json_schema",
            "name": conversation.output_schema_name,
            "schema": conversation.output_schema,
            **text.pop("format", {}),
        }
        body["text"] = {"format": form, **text}
    return extra


def _plain_text(message: Message) -> str:
    return "\n".join(part.text for part in message.parts if isinstance(part, TextPart))


def _is_instructions(message: Message) -> bool:
    return message.extra.get(_FIELD) == "instructions"


def _is_plain(message: Message) -> bool:
    """Detect a message that a bare string can say."""
    match message.parts:
        case (TextPart(extra={**extra}),) if not extra:
            return message.role == "user" and not message.extra and not message.name
    return False


def _as_item(message: Message) -> Message:
    return Message(role="user", parts=message.parts, extra={_FIELD: "item"})


def parse_item(raw: Json) -> Message:
    """Return one input item as a message; unknown kinds stay generic."""
    if not isinstance(raw, dict):
        return Message(role="user", parts=(GenericPart(value=raw),))
    rest: dict[str, Json] = dict(raw)
    kind = rest.get("type", "message")
    if kind == "message" and isinstance(rest.get("role"), str):
        role = _ROLES.get(rest.pop("role"), "user")
        content = rest.pop("content", None)
        return Message(role=role, parts=parse_content(content), extra=rest)
    if kind == "function_call":
        del rest["type"]
        call = ToolCallPart(
            name=as_text(rest.pop("name", "")),
            arguments=as_text(rest.pop("arguments", "")),
            id=as_text(rest.pop("call_id", "")),
            extra=rest,
        )
        return Message(role="assistant", parts=(call,))
    if kind == "function_call_output":
        del rest["type"]
        output = rest.pop("output", None)
        result = ToolResultPart(
            content=parse_content(output),
            id=as_text(rest.pop("call_id", "")),
            extra=rest,
        )
        return Message(role="tool", parts=(result,))
    if kind == "reasoning":
        del rest["type"]
        return Message(role="assistant", parts=(ReasoningPart(text="", extra=rest),))
    return Message(role="user", parts=(GenericPart(value=raw),), extra={_FIELD: "item"})


def parse_content(content: Json) -> tuple[Part, ...]:
    """Return the parts of a content field: text, or a list of typed parts."""
    return content_parts(content, _parse_part)


def _parse_part(raw: Json) -> Part:
    if isinstance(raw, str):
        return TextPart(text=raw)
    if not isinstance(raw, dict):
        return GenericPart(value=raw)
    rest: dict[str, Json] = dict(raw)
    kind = rest.get("type")
    if kind in _TEXT_TYPES and isinstance(rest.get("text"), str):
        text = rest.pop("text")
        return TextPart(text=text, extra=rest)
    if kind == "input_image" and not isinstance(rest.get("image_url"), dict):
        del rest["type"]
        ref, url = inline.from_url(rest.pop("image_url", None))
        file_id = as_text(rest.pop("file_id", ""))
        return MediaPart(kind="image", ref=ref, url=url, file_id=file_id, extra=rest)
    if kind == "input_file":
        del rest["type"]
        ref, url = inline.from_url(rest.pop("file_data", None))
        if ref is None and not url:
            url = as_text(rest.pop("file_url", ""))
        file_id = as_text(rest.pop("file_id", ""))
        return MediaPart(kind="document", ref=ref, url=url, file_id=file_id, extra=rest)
    audio = rest.get("input_audio")
    if kind == "input_audio" and isinstance(audio, dict):
        ref, url = inline.from_base64(audio.get("data"), f"audio/{audio.get('format')}")
        own: dict[str, Any] = {k: v for k, v in audio.items() if k != "data"}
        return MediaPart(kind="audio", ref=ref, url=url, extra=own)
    return GenericPart(value=raw)


def _parse_tool(raw: Json) -> Tool:
    if not isinstance(raw, dict):
        return Tool(name="", kind="unknown", extra={"value": raw})
    rest: dict[str, Json] = dict(raw)
    return Tool(
        kind=as_text(rest.pop("type", "")) or "unknown",
        name=as_text(rest.pop("name", "")),
        description=as_text(rest.pop("description", "")),
        parameters=rest.pop("parameters", None),
        extra=rest,
    )


def _render_tool(tool: Tool) -> Json:
    body: dict[str, Json] = {"type": tool.kind}
    if tool.name:
        body["name"] = tool.name
    if tool.description:
        body["description"] = tool.description
    if tool.parameters is not None:
        body["parameters"] = tool.parameters
    return {**body, **tool.extra}


def _parse_choice(rest: dict[str, Json]) -> Json:
    choice = rest.get("tool_choice")
    if isinstance(choice, str):
        return rest.pop("tool_choice")
    if (
        isinstance(choice, dict)
        and set(choice) == {"type", "name"}
        and choice["type"] == "function"
    ):
        del rest["tool_choice"]
        return {"name": choice["name"]}
    return None


def _render_choice(choice: Json) -> Json:
    if isinstance(choice, dict) and set(choice) == {"name"}:
        return {"type": "function", "name": choice["name"]}
    return choice


def _parse_schema(rest: dict[str, Json]) -> tuple[Json, str]:
    text = rest.get("text")
    asked = text.get("format") if isinstance(text, dict) else None
    if (
        not isinstance(text, dict)
        or not isinstance(asked, dict)
        or asked.get("type") != "json_schema"
        or asked.get("schema") is None
    ):
        return None, ""
    own = {k: v for k, v in asked.items() if k not in ("type", "name", "schema")}
    others = {k: v for k, v in text.items() if k != "format"}
    rest["text"] = {**others, **({"format": own} if own else {})}
    if not rest["text"]:
        del rest["text"]
    return asked["schema"], as_text(asked.get("name"))


def _render_items(message: Message, lost: list[str]) -> list[Json]:
    if message.extra.get(_FIELD) == "item" and any(
        isinstance(part, GenericPart) for part in message.parts
    ):
        return [p.value for p in message.parts if isinstance(p, GenericPart)]
    items: list[Json] = []
    content: list[Part] = []
    for part in message.parts:
        if isinstance(part, ReasoningPart):
            items.append({"type": "reasoning", **_reasoning_body(part)})
        elif isinstance(part, ToolResultPart):
            items.append(
                {
                    "type": "function_call_output",
                    "call_id": part.id,
                    "output": _render_content(part.content, "user", lost),
                    **part.extra,
                }
            )
        elif not isinstance(part, ToolCallPart):
            content.append(part)
    calls = [part for part in message.parts if isinstance(part, ToolCallPart)]
    if content or not (items or calls):
        own = {k: v for k, v in message.extra.items() if k != _FIELD}
        body = {"role": message.role, **own}
        body["content"] = _render_content(tuple(content), message.role, lost)
        items.append(body)
    items.extend(
        {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.arguments,
            **call.extra,
        }
        for call in calls
    )
    return items


def _reasoning_body(part: ReasoningPart) -> dict[str, Json]:
    if part.text and "summary" not in part.extra:
        summary = [{"type": "summary_text", "text": part.text}]
        return {"summary": summary, **part.extra}
    return dict(part.extra)


def _render_content(parts: tuple[Part, ...], role: str, lost: list[str]) -> Json:
    match parts:
        case ():
            return ""
        case (TextPart(extra={**extra}) as only,) if not extra:
            return only.text
    return [_render_part(part, role, lost) for part in parts]


def _render_part(part: Part, role: str, lost: list[str]) -> Json:
    if isinstance(part, TextPart):
        kind = "output_text" if role == "assistant" else "input_text"
        return {"type": kind, "text": part.text, **part.extra}
    if isinstance(part, GenericPart):
        return part.value
    if isinstance(part, MediaPart):
        return _render_media(part, lost)
    lost.append(f"input.content.{type(part).__name__}")
    return None


def _render_media(part: MediaPart, lost: list[str]) -> Json:
    body: dict[str, Json] = {}
    if part.kind == "image":
        body["type"] = "input_image"
        if part.file_id:
            body["file_id"] = part.file_id
        else:
            body["image_url"] = inline.data_url(part)
    elif part.kind == "audio":
        data = inline.base64_text(part)
        return {"type": "input_audio", "input_audio": {"data": data, **part.extra}}
    elif part.kind == "document":
        body["type"] = "input_file"
        if part.file_id:
            body["file_id"] = part.file_id
        elif part.ref is None and not inline.is_data_url(part.url):
            body["file_url"] = part.url
        else:
            body["file_data"] = inline.data_url(part)
    else:
        lost.append(f"input.content.{part.kind}")
    return {**body, **part.extra}
