"""OpenAI Chat Completions, `POST /chat/completions`, and everything that speaks it.

Source: OpenAI API reference, chat completions, as of 2026; vLLM's extra parameters.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

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

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
# OpenTelemetry's name -> this API's.
PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_tokens",
    "stop_sequences": "stop",
    "seed": "seed",
    "choice_count": "n",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "reasoning_level": "reasoning_effort",
}


class PartForm(NamedTuple):
    """Spelling of content parts in an API with OpenAI's messages."""

    render: Callable[[Part, list[str]], Json]  # the list gains what has no place
    thinking_inside: bool  # reasoning is a part of content, not a field beside it


_AUDIO_FORMATS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3"}
_MIME_OF_FORMAT = {"wav": "audio/wav", "mp3": "audio/mpeg", "pcm16": "audio/pcm"}


class OpenAiChat:
    """See `contract.Api`; APIs that differ in a few fields are made from it."""

    name = "openai_chat"
    operation = "chat"
    params: ClassVar[Mapping[str, str]] = PARAMS
    thinking_inside: ClassVar[bool] = False

    def parse_part(self, raw: Json) -> Part:
        """Return one content part; unknown ones stay generic."""
        return parse_part(raw)

    def render_part(self, part: Part, lost: list[str]) -> Json:
        """Return one content part; `lost` gains the path of what has no place."""
        return render_part(part, lost)

    def path(self, model: str) -> str:
        """Return the path; the model is named in the body."""
        del model
        return "/chat/completions"

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a chat completions body."""
        rest = dict(body) if isinstance(body, dict) else {}
        messages = rest.pop("messages", None)
        model = rest.pop("model", "")
        tools = rest.pop("tools", None)
        params: dict[str, Json] = {}
        for otel, own in self.params.items():
            if (value := rest.get(own)) is not None:
                params[otel] = value
                del rest[own]
        if isinstance(params.get("stop_sequences"), str):
            params["stop_sequences"] = [params["stop_sequences"]]
        choice = _parse_choice(rest)
        schema, schema_name = _parse_schema(rest)
        return Conversation(
            model=model if isinstance(model, str) else "",
            messages=tuple(parse_message(m, self.parse_part) for m in _list(messages)),
            tools=tuple(parse_tool(t) for t in _list(tools)),
            tool_choice=choice,
            output_schema=schema,
            output_schema_name=schema_name,
            params=params,
            extra=rest,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        body: dict[str, Json] = {"model": conversation.model}
        lost: list[str] = []
        form = PartForm(self.render_part, self.thinking_inside)
        body["messages"] = [
            rendered
            for message in conversation.messages
            for rendered in render_message(message, lost, form)
        ]
        if conversation.tools:
            body["tools"] = [render_tool(tool) for tool in conversation.tools]
        if conversation.tool_choice is not None:
            body["tool_choice"] = _render_choice(conversation.tool_choice)
        extra = dict(conversation.extra)
        if conversation.output_schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": conversation.output_schema_name,
                    "schema": conversation.output_schema,
                    **extra.pop("json_schema", {}),
                },
            }
        for otel, value in conversation.params.items():
            if otel not in self.params:
                lost.append(otel)
            elif not (otel == "max_tokens" and "max_completion_tokens" in extra):
                body[self.params[otel]] = value
        body.update(extra)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def parse_message(raw: Json, part: Callable[[Json], Part]) -> Message:
    """Return a message; `part` reads one part of its content."""
    if not isinstance(raw, dict):
        return Message(role="user", parts=(GenericPart(value=raw),))
    rest: dict[str, Json] = dict(raw)
    word = rest.pop("role", "user")
    role = _ROLES.get(word, "user") if isinstance(word, str) else "user"
    if word not in ("system", "developer", "user", "assistant", "tool"):
        rest["role"] = word
    content = rest.pop("content", None)
    parts = content_parts(content, part)
    if role == "tool" and "tool_call_id" in rest:
        result = ToolResultPart(content=parts, id=as_text(rest.pop("tool_call_id")))
        parts = (result,)
    calls = rest.pop("tool_calls", None)
    parts += tuple(_parse_call(call) for call in _list(calls))
    for key in ("reasoning_content", "reasoning"):
        if isinstance(rest.get(key), str):
            parts = (ReasoningPart(text=rest.pop(key), extra={"key": key}), *parts)
    # Of a tool's message it is the tool's name, which stays beside the result.
    name = "" if role == "tool" else as_text(rest.pop("name", ""))
    return Message(role=role, parts=parts, name=name, extra=rest)


def parse_part(raw: Json) -> Part:
    """Return one content part; unknown ones stay generic."""
    if isinstance(raw, str):
        return TextPart(text=raw)
    if not isinstance(raw, dict):
        return GenericPart(value=raw)
    kind = raw.get("type")
    rest = {key: value for key, value in raw.items() if key != "type"}
    if kind == "text" and isinstance(rest.get("text"), str):
        return TextPart(text=rest.pop("text"), extra=rest)
    inner = rest.get(kind) if isinstance(kind, str) else None
    if kind == "image_url" and isinstance(inner, str):
        inner = {"url": inner}
    if not isinstance(inner, dict):
        return GenericPart(value=raw)
    own = dict(inner)
    outer = {key: value for key, value in rest.items() if key != kind}
    if outer:
        own["part"] = outer
    return _parse_media(str(kind), own) or GenericPart(value=raw)


def _parse_media(kind: str, own: dict[str, Json]) -> MediaPart | None:
    if kind in ("image_url", "video_url", "audio_url"):
        ref, url = inline.from_url(own.pop("url", None))
        media: Any = kind.removesuffix("_url")
        return MediaPart(kind=media, ref=ref, url=url, extra=own)
    if kind == "input_audio":
        mime = _MIME_OF_FORMAT.get(as_text(own.get("format")), "audio/*")
        ref, url = inline.from_base64(own.pop("data", None), mime)
        return MediaPart(kind="audio", ref=ref, url=url, mime=mime, extra=own)
    if kind == "file":
        ref, url = inline.from_url(own.pop("file_data", None))
        file_id = as_text(own.pop("file_id", ""))
        return MediaPart(kind="document", ref=ref, url=url, file_id=file_id, extra=own)
    return None


def _parse_call(raw: Json) -> Part:
    function = raw.get("function") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(function, dict):
        return GenericPart(value=raw)
    extra = {k: v for k, v in raw.items() if k not in ("id", "function")}
    if extra.get("type") == "function":
        del extra["type"]
    if more := {k: v for k, v in function.items() if k not in ("name", "arguments")}:
        extra["function"] = more
    arguments = function.get("arguments")
    return ToolCallPart(
        name=as_text(function.get("name")),
        arguments=as_text(arguments),
        id=as_text(raw.get("id")),
        extra=extra,
    )


def parse_tool(raw: Json) -> Tool:
    """Return a tool in the nested form; others keep all their keys in `extra`."""
    function = raw.get("function") if isinstance(raw, dict) else None
    if isinstance(raw, dict) and isinstance(function, dict):
        rest = dict(function)
        outer = {k: v for k, v in raw.items() if k not in ("type", "function")}
        if outer:
            rest["tool"] = outer
        return Tool(
            name=as_text(rest.pop("name", "")),
            description=as_text(rest.pop("description", "")),
            parameters=rest.pop("parameters", None),
            extra=rest,
        )
    if not isinstance(raw, dict):
        return Tool(name="", kind="unknown", extra={"value": raw})
    rest = dict(raw)
    kind = as_text(rest.pop("type", "")) or "unknown"
    return Tool(name=as_text(rest.pop("name", "")), kind=kind, extra=rest)


def render_tool(tool: Tool) -> Json:
    """Return the nested form of a tool."""
    if tool.kind != "function":
        name = {"name": tool.name} if tool.name else {}
        return {"type": tool.kind, **name, **tool.extra}
    function: dict[str, Json] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    extra = dict(tool.extra)
    outer = extra.pop("tool", {})
    return {"type": "function", "function": {**function, **extra}, **outer}


def _parse_choice(rest: dict[str, Json]) -> Json:
    choice = rest.get("tool_choice")
    if isinstance(choice, str):
        return rest.pop("tool_choice")
    function = choice.get("function") if isinstance(choice, dict) else None
    if isinstance(function, dict) and set(function) == {"name"}:
        del rest["tool_choice"]
        return {"name": function["name"]}
    return None


def _render_choice(choice: Json) -> Json:
    if isinstance(choice, dict) and set(choice) == {"name"}:
        return {"type": "function", "function": {"name": choice["name"]}}
    return choice


def _parse_schema(rest: dict[str, Json]) -> tuple[Json, str]:
    asked = rest.get("response_format")
    inner = asked.get("json_schema") if isinstance(asked, dict) else None
    if not isinstance(inner, dict) or inner.get("schema") is None:
        return None, ""
    del rest["response_format"]
    own = dict(inner)
    schema, name = own.pop("schema"), as_text(own.pop("name", ""))
    if own:
        rest["json_schema"] = own
    return schema, name


def render_message(message: Message, lost: list[str], form: PartForm) -> list[Json]:
    """Return a message, and one for every tool's result."""
    results = [part for part in message.parts if isinstance(part, ToolResultPart)]
    others = [part for part in message.parts if not isinstance(part, ToolResultPart)]
    rendered: list[Json] = [
        {
            "role": "tool",
            "tool_call_id": result.id,
            "content": _render_content(result.content, lost, form),
            **(_own_keys(message) if message.role == "tool" else {}),
        }
        for result in results
    ]
    if others or not results:
        rendered.append(_render_plain(message, others, lost, form))
    return rendered


def _own_keys(message: Message) -> dict[str, Json]:
    """Return the message's further keys, without what only Responses knows."""
    return {key: value for key, value in message.extra.items() if key != "field"}


def _render_plain(
    message: Message, parts: Sequence[Part], lost: list[str], form: PartForm
) -> Json:
    body: dict[str, Json] = {"role": message.role}
    apart = ToolCallPart if form.thinking_inside else ToolCallPart | ReasoningPart
    content = [part for part in parts if not isinstance(part, apart)]
    calls = [part for part in parts if isinstance(part, ToolCallPart)]
    if content:
        body["content"] = _render_content(tuple(content), lost, form)
    elif not calls:
        body["content"] = ""
    else:
        body["content"] = None
    for part in () if form.thinking_inside else parts:
        if isinstance(part, ReasoningPart):
            body[part.extra.get("key", "reasoning_content")] = part.text
    if calls:
        body["tool_calls"] = [_render_call(call) for call in calls]
    if message.name:
        body["name"] = message.name
    body.update(_own_keys(message))
    return body


def _render_content(parts: tuple[Part, ...], lost: list[str], form: PartForm) -> Json:
    match parts:
        case ():
            return None
        case (TextPart(extra={**extra}) as only,) if not extra:
            return only.text
        case (GenericPart(value=value),) if not isinstance(value, dict):
            return value
    return [form.render(part, lost) for part in parts]


def render_part(part: Part, lost: list[str]) -> Json:
    """Return one content part; `lost` gains the path of what has no place."""
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text, **part.extra}
    if isinstance(part, GenericPart):
        return part.value
    if isinstance(part, MediaPart):
        return _render_media(part, lost)
    lost.append(f"messages.content.{type(part).__name__}")
    return None


def _render_media(part: MediaPart, lost: list[str]) -> Json:
    extra = dict(part.extra)
    outer = extra.pop("part", {})
    if part.kind in ("image", "video"):
        if part.file_id:
            lost.append(f"messages.content.{part.kind}.file_id")
        own = f"{part.kind}_url"
        inner: dict[str, Json] = {"url": inline.data_url(part), **extra}
    elif part.kind == "audio":
        own, inner = "input_audio", {"data": inline.base64_text(part), **extra}
        if inner["data"] is None:
            own, inner = "audio_url", {"url": part.url, **extra}
        elif "format" not in extra:
            mime = inline.mime_of(part)
            inner["format"] = _AUDIO_FORMATS.get(mime, mime.rpartition("/")[2])
    else:
        own, inner = "file", dict(extra)
        if part.file_id:
            inner["file_id"] = part.file_id
        else:
            inner["file_data"] = inline.data_url(part)
    return {"type": own, own: inner, **outer}


def _render_call(call: ToolCallPart) -> Json:
    extra = dict(call.extra)
    more = extra.pop("function", {})
    function = {"name": call.name, "arguments": call.arguments, **more}
    return {"id": call.id, "type": "function", "function": function, **extra}
