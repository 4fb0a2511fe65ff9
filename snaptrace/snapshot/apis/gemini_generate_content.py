"""Google Gemini, `POST /models/{model}:generateContent`.

Source: Gemini API reference, v1beta, as of 2026. The API takes its field names in
camel and in snake case alike; both are read, and unknown ones stay as they are.
"""

from collections.abc import Callable
from typing import Any

from snaptrace.snapshot.apis import inline
from snaptrace.snapshot.apis.content import joined_results
from snaptrace.snapshot.apis.contract import UnmappableError
from snaptrace.snapshot.apis.gemini_tools import (
    parse_choice,
    parse_tools,
    render_choice,
    render_tools,
)
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.json_values import as_text
from snaptrace.snapshot.media_type import kind_of_mime, kind_of_url
from snaptrace.snapshot.model import Json

PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "stop_sequences": "stopSequences",
    "seed": "seed",
    "choice_count": "candidateCount",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
}
_CAMEL: dict[str, str] = {
    "system_instruction": "systemInstruction",
    "generation_config": "generationConfig",
    "safety_settings": "safetySettings",
    "tool_config": "toolConfig",
    "cached_content": "cachedContent",
}


class GeminiGenerateContent:
    """See `contract.Api`."""

    name = "gemini_generate_content"
    operation = "chat"

    def path(self, model: str) -> str:
        """Return the path, which is where the model is named."""
        return f"/models/{model.removeprefix('models/')}:generateContent"

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a generateContent body; the model is in the path."""
        given: dict[str, Json] = body if isinstance(body, dict) else {}
        rest = {_CAMEL.get(key, key): value for key, value in given.items()}
        messages: list[Message] = []
        system = rest.pop("systemInstruction", None)
        if system is not None:
            messages.append(_parse_content(system, "system"))
        contents = rest.pop("contents", None)
        if isinstance(contents, str | dict):
            contents = [contents]
        if isinstance(contents, list | tuple):
            messages.extend(_parse_content(raw, "user") for raw in contents)
        params, schema = _parse_config(rest)
        tools = parse_tools(rest)
        model = rest.pop("model", "")
        return Conversation(
            model=model if isinstance(model, str) else "",
            messages=tuple(messages),
            tools=tools,
            tool_choice=parse_choice(rest),
            output_schema=schema,
            params=params,
            extra=rest,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        lost: list[str] = []
        body: dict[str, Json] = {}
        contents: list[Json] = []
        system: list[Json] = []
        role: Json = None
        for message in conversation.messages:
            if message.role in ("system", "developer"):
                system.extend(_render_part(part, lost) for part in message.parts)
                role = message.extra.get("role", role)
            else:
                contents.append(_render_content(message, lost))
        body["contents"] = joined_results(contents, "parts", _only_results)
        if system:
            told: dict[str, Json] = {"parts": system}
            if role != "":  # said to have been left out
                told["role"] = role or "user"
            body["systemInstruction"] = told
        if conversation.tools:
            body["tools"] = render_tools(conversation.tools)
        extra = dict(conversation.extra)
        if conversation.tool_choice is not None:
            body["toolConfig"] = render_choice(conversation.tool_choice)
        config = _render_config(conversation, lost)
        config.update(extra.pop("generationConfig", {}))
        if config:
            body["generationConfig"] = config
        body.update(extra)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


def _render_config(conversation: Conversation, lost: list[str]) -> dict[str, Json]:
    config: dict[str, Json] = {}
    for otel, value in conversation.params.items():
        if otel in PARAMS:
            config[PARAMS[otel]] = value
        else:
            lost.append(otel)
    if conversation.output_schema is not None:
        config["responseMimeType"] = "application/json"
        config["responseSchema"] = conversation.output_schema
    return config


def _parse_content(raw: Json, default: str) -> Message:
    if isinstance(raw, str):
        return Message(role=_role(default), parts=(TextPart(text=raw),))
    if not isinstance(raw, dict):
        return Message(role=_role(default), parts=(GenericPart(value=raw),))
    rest: dict[str, Json] = dict(raw)
    word = rest.pop("role", None)
    given = rest.pop("parts", None)
    if isinstance(given, dict | str):
        given = [given]
    parts = (
        tuple(_parse_part(p) for p in given) if isinstance(given, list | tuple) else ()
    )
    if default == "system":
        if word not in (None, "user"):
            rest["role"] = word
        return Message(role="system", parts=parts, extra=rest)
    return Message(
        role=_role(word if isinstance(word, str) else default), parts=parts, extra=rest
    )


def _role(word: str) -> Any:  # noqa: ANN401 - a Role
    return {"model": "assistant", "assistant": "assistant", "system": "system"}.get(
        word, "user"
    )


def _parse_part(raw: Json) -> Part:
    if isinstance(raw, str):
        return TextPart(text=raw)
    if not isinstance(raw, dict):
        return GenericPart(value=raw)
    rest = {key: value for key, value in raw.items() if value is not None}
    if isinstance(rest.get("text"), str):
        text = rest.pop("text")
        if rest.get("thought") is True:
            return ReasoningPart(text=text, extra=rest)
        return TextPart(text=text, extra=rest)
    for key, read in _READERS.items():
        if isinstance(rest.get(key), dict):
            return read(dict(rest.pop(key)), rest)
    return GenericPart(value=raw)


def _parse_media(inner: dict[str, Json], outer: dict[str, Json]) -> MediaPart:
    mime = as_text(inner.pop("mimeType", "")) or as_text(inner.pop("mime_type", ""))
    url = as_text(inner.pop("fileUri", "")) or as_text(inner.pop("file_uri", ""))
    ref, data = inline.from_base64(inner.pop("data", None), mime)
    kind = kind_of_mime(mime) or kind_of_url(url) or "document"
    extra: dict[str, Json] = {**inner}
    if outer:
        extra["part"] = outer
    return MediaPart(kind=kind, ref=ref, url=url or data, mime=mime, extra=extra)


def _parse_call(inner: dict[str, Json], outer: dict[str, Json]) -> ToolCallPart:
    extra: dict[str, Json] = {"part": outer} if outer else {}
    name = as_text(inner.pop("name", ""))
    arguments = inline.json_text(inner.pop("args", None) or {})
    call_id = as_text(inner.pop("id", ""))
    return ToolCallPart(
        name=name, arguments=arguments, id=call_id, extra={**inner, **extra}
    )


def _parse_response(inner: dict[str, Json], outer: dict[str, Json]) -> ToolResultPart:
    extra: dict[str, Json] = {"part": outer} if outer else {}
    name = as_text(inner.pop("name", ""))
    content = (TextPart(text=inline.json_text(inner.pop("response", None))),)
    call_id = as_text(inner.pop("id", ""))
    return ToolResultPart(
        content=content, id=call_id, name=name, extra={**inner, **extra}
    )


_READERS: dict[str, Callable[[dict[str, Json], dict[str, Json]], Part]] = {
    "inlineData": _parse_media,
    "inline_data": _parse_media,
    "fileData": _parse_media,
    "file_data": _parse_media,
    "functionCall": _parse_call,
    "function_call": _parse_call,
    "functionResponse": _parse_response,
    "function_response": _parse_response,
}


def _parse_config(rest: dict[str, Json]) -> tuple[dict[str, Json], Json]:
    config = rest.get("generationConfig")
    if not isinstance(config, dict):
        return {}, None
    own = {camel_case(key): value for key, value in config.items()}
    params = {
        otel: own.pop(name)
        for otel, name in PARAMS.items()
        if own.get(name) is not None
    }
    schema = None
    if own.get("responseMimeType") == "application/json":
        schema = own.pop("responseSchema", None)
        if schema is not None:
            del own["responseMimeType"]
    if own:
        rest["generationConfig"] = own
    else:
        del rest["generationConfig"]
    return params, schema


def camel_case(key: str) -> str:
    """Return the camel-case spelling of a field name."""
    head, *more = key.split("_")
    return head + "".join(word.capitalize() for word in more) if more and head else key


def _only_results(content: Json) -> bool:
    return bool(content["parts"]) and all(
        isinstance(part, dict) and "functionResponse" in part
        for part in content["parts"]
    )


def _render_content(message: Message, lost: list[str]) -> Json:
    role = "model" if message.role == "assistant" else "user"
    parts = [_render_part(part, lost) for part in message.parts]
    own = {key: value for key, value in message.extra.items() if key != "field"}
    return {"parts": parts, "role": role, **own}


def _render_part(part: Part, lost: list[str]) -> Json:
    if isinstance(part, TextPart):
        return {"text": part.text, **part.extra}
    if isinstance(part, ReasoningPart):
        return {"text": part.text, "thought": True, **part.extra}
    if isinstance(part, GenericPart):
        return part.value
    extra = dict(part.extra)
    outer = extra.pop("part", {})
    if isinstance(part, ToolCallPart):
        call = {
            "args": inline.json_value(part.arguments or "{}"),
            "name": part.name,
            **extra,
        }
        if part.id:
            call["id"] = part.id
        return {"functionCall": call, **outer}
    if isinstance(part, ToolResultPart):
        own = {"name": part.name, "response": _response_of(part), **extra}
        if part.id:
            own["id"] = part.id
        return {"functionResponse": own, **outer}
    return _render_media(part, extra, outer, lost)


def _render_media(
    part: MediaPart, extra: dict[str, Json], outer: Json, lost: list[str]
) -> Json:
    data = inline.base64_text(part)
    if data is not None:
        blob = {"data": data, "mime_type": inline.mime_of(part), **extra}
        return {"inlineData": blob, **outer}
    if part.file_id:
        lost.append("contents.parts.fileData.file_id")
    named: dict[str, Json] = {"file_uri": part.url, **extra}
    if part.mime:
        named["mime_type"] = part.mime
    return {"fileData": named, **outer}


def _response_of(part: ToolResultPart) -> Json:
    text = "".join(p.text for p in part.content if isinstance(p, TextPart))
    found = inline.json_value(text)
    return found if isinstance(found, dict) else {"result": found}
