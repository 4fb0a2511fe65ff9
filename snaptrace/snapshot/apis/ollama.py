"""Ollama's own APIs, `POST /api/chat` and `POST /api/generate`.

Source: Ollama API reference and its OpenAPI document 0.1.0, as of 2026. Images are bare
base64 in a list beside the text; sampling parameters stand in `options`.
"""

from collections.abc import Iterable

from snaptrace.snapshot.apis import inline
from snaptrace.snapshot.apis.contract import UnmappableError
from snaptrace.snapshot.apis.openai_chat import parse_tool, render_tool
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.json_values import as_text
from snaptrace.snapshot.model import Json

PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "num_predict",
    "stop_sequences": "stop",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}
_ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


class OllamaChat:
    """See `contract.Api`."""

    name = "ollama_chat"
    operation = "chat"

    def path(self, model: str) -> str:
        """Return the path; the model is named in the body."""
        del model
        return "/api/chat"

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a chat body."""
        rest: dict[str, Json] = dict(body) if isinstance(body, dict) else {}
        model = rest.pop("model", "")
        messages = rest.pop("messages", None)
        tools = rest.get("tools")
        if tools and isinstance(tools, list | tuple):
            del rest["tools"]
        else:
            tools = ()
        return Conversation(
            model=model if isinstance(model, str) else "",
            messages=tuple(_parse_message(m) for m in messages)
            if isinstance(messages, list | tuple)
            else (),
            tools=tuple(parse_tool(tool) for tool in tools),
            output_schema=_take_schema(rest),
            params=_take_params(rest),
            extra=rest,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        lost: list[str] = []
        body: dict[str, Json] = {"model": conversation.model}
        body["messages"] = [
            rendered
            for message in conversation.messages
            for rendered in _render_message(message, lost)
        ]
        if conversation.tools:
            body["tools"] = [render_tool(tool) for tool in conversation.tools]
        if conversation.tool_choice is not None:
            lost.append("tool_choice")
        _render_rest(conversation, body, lost)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


class OllamaGenerate:
    """See `contract.Api`: one prompt, which the server puts into its template."""

    name = "ollama_generate"
    operation = "text_completion"

    def path(self, model: str) -> str:
        """Return the path; the model is named in the body."""
        del model
        return "/api/generate"

    def parse(self, body: Json) -> Conversation:
        """Return the typed view: a system prompt and one user message."""
        rest: dict[str, Json] = dict(body) if isinstance(body, dict) else {}
        model = rest.pop("model", "")
        messages: list[Message] = []
        if isinstance(rest.get("system"), str):
            system = TextPart(text=rest.pop("system"))
            messages.append(Message(role="system", parts=(system,)))
        parts = (*_parse_text(rest.pop("prompt", None)), *_take_images(rest))
        if parts:
            messages.append(Message(role="user", parts=parts))
        return Conversation(
            model=model if isinstance(model, str) else "",
            messages=tuple(messages),
            output_schema=_take_schema(rest),
            params=_take_params(rest),
            extra=rest,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        lost: list[str] = []
        body: dict[str, Json] = {"model": conversation.model}
        for message in conversation.messages:
            field = {"system": "system", "user": "prompt"}.get(message.role)
            if field is None or field in body:
                lost.append(f"messages.{message.role}")
                continue
            rendered = _render_parts(message.parts, lost)
            if message.role == "system" and "images" in rendered:
                lost.append("system.image")
            if "content" in rendered:
                body[field] = rendered.pop("content")
            body |= rendered
        if conversation.tools:
            lost.append("tools")
        if conversation.tool_choice is not None:
            lost.append("tool_choice")
        _render_rest(conversation, body, lost)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


def _take_params(rest: dict[str, Json]) -> dict[str, Json]:
    given = rest.get("options")
    if not isinstance(given, dict):
        return {}
    options = dict(given)
    params = {
        otel: options.pop(own)
        for otel, own in PARAMS.items()
        if options.get(own) is not None
    }
    if isinstance(params.get("stop_sequences"), str):
        params["stop_sequences"] = [params["stop_sequences"]]
    if options or not given:
        rest["options"] = options
    else:
        del rest["options"]
    return params


def _take_schema(rest: dict[str, Json]) -> Json:
    """Return the schema asked for; the word `json` stays an extra."""
    return rest.pop("format") if isinstance(rest.get("format"), dict) else None


def _render_rest(
    conversation: Conversation, body: dict[str, Json], lost: list[str]
) -> None:
    extra = dict(conversation.extra)
    options: dict[str, Json] = {}
    for otel, value in conversation.params.items():
        if otel in PARAMS:
            options[PARAMS[otel]] = value
        else:
            lost.append(otel)
    further = extra.get("options")
    if options:
        extra["options"] = {**options, **(further if isinstance(further, dict) else {})}
    if conversation.output_schema is not None:
        body["format"] = conversation.output_schema
    body.update(extra)


def _parse_text(content: Json) -> tuple[Part, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (TextPart(text=content),)
    return (GenericPart(value=content),)


def _take_images(rest: dict[str, Json]) -> tuple[Part, ...]:
    """Take the images out of `rest`, where an empty list stays as it was."""
    given = rest.get("images")
    if not given or not isinstance(given, list | tuple):
        return ()
    del rest["images"]
    return tuple(_parse_image(value) for value in given)


def _parse_image(value: Json) -> Part:
    ref, url = inline.from_base64(value, "image/*")
    if ref is None and not url:
        return GenericPart(value=value)
    return MediaPart(kind="image", ref=ref, url=url, mime="image/*")


def _parse_message(raw: Json) -> Message:
    if not isinstance(raw, dict):
        return Message(role="user", parts=(GenericPart(value=raw),))
    rest: dict[str, Json] = dict(raw)
    word = rest.pop("role", "user")
    role = _ROLES.get(word, "user") if isinstance(word, str) else "user"
    if not isinstance(word, str) or word not in _ROLES:
        rest["role"] = word
    parts = (*_parse_text(rest.pop("content", None)), *_take_images(rest))
    if role == "tool":
        name = as_text(rest.pop("tool_name", ""))
        call_id = as_text(rest.pop("tool_call_id", ""))
        parts = (ToolResultPart(content=parts, id=call_id, name=name),)
    if isinstance(rest.get("thinking"), str):
        parts = (ReasoningPart(text=rest.pop("thinking")), *parts)
    calls = rest.pop("tool_calls", None)
    if isinstance(calls, list | tuple):
        parts += tuple(_parse_call(call) for call in calls)
    return Message(role=role, parts=parts, extra=rest)


def _parse_call(raw: Json) -> Part:
    function = raw.get("function") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(function, dict):
        return GenericPart(value=raw)
    extra = {k: v for k, v in raw.items() if k not in ("id", "function")}
    if more := {k: v for k, v in function.items() if k not in ("name", "arguments")}:
        extra["function"] = more
    given = function.get("arguments")
    return ToolCallPart(
        name=as_text(function.get("name")),
        arguments=given if isinstance(given, str) else inline.json_text(given),
        id=as_text(raw.get("id")),
        extra=extra,
    )


def _render_message(message: Message, lost: list[str]) -> Iterable[Json]:
    others: list[Part] = []
    for part in message.parts:
        if not isinstance(part, ToolResultPart):
            others.append(part)
            continue
        result: dict[str, Json] = {"role": "tool", "content": ""}
        result |= _render_parts(part.content, lost)
        if part.name:
            result["tool_name"] = part.name
        if part.id:
            result["tool_call_id"] = part.id
        if message.role == "tool":
            result |= message.extra
        yield result
    if others or not message.parts:
        rendered = _render_parts(tuple(others), lost)
        if "content" not in rendered and "tool_calls" not in rendered:
            rendered["content"] = ""
        yield {"role": message.role, **rendered, **message.extra}


def _render_parts(parts: tuple[Part, ...], lost: list[str]) -> dict[str, Json]:
    """Return the fields of a message; several texts have no place in one."""
    body: dict[str, Json] = {}
    images: list[Json] = []
    calls: list[Json] = []
    for part in parts:
        match part:
            case TextPart() if "content" not in body:
                body["content"] = part.text
            case TextPart():
                lost.append("messages.content.several_texts")
            case MediaPart(kind="image"):
                images.append(_render_image(part, lost))
            case ReasoningPart():
                body["thinking"] = part.text
            case ToolCallPart():
                calls.append(_render_call(part))
            case GenericPart() if "content" not in body:
                body["content"] = part.value
            case _:
                lost.append(f"messages.content.{type(part).__name__}")
    return {**body, **_stated(images=images, tool_calls=calls)}


def _stated(**lists: list[Json]) -> dict[str, Json]:
    return {name: values for name, values in lists.items() if values}


def _render_image(part: MediaPart, lost: list[str]) -> Json:
    if (data := inline.base64_text(part)) is None:
        lost.append("messages.content.image.url")
    return data


def _render_call(call: ToolCallPart) -> Json:
    extra = dict(call.extra)
    arguments = inline.json_value(call.arguments or "{}")
    more = extra.pop("function", {})
    own = {"id": call.id} if call.id else {}
    function = {"name": call.name, "arguments": arguments, **more}
    return {**own, "function": function, **extra}
