"""Translates messages of the Vercel AI SDK's prompt to the wire of each API.

The rules are those of the SDK's provider packages; see `vercel.py`.
"""

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from collector.recognise.dialects.readers.common_attributes import first_text
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
)
from collector.recognise.dialects.readers.parts import role_of
from snaptrace.snapshot.apis.inline import is_data_url
from snaptrace.snapshot.conversation import (
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
from snaptrace.snapshot.media_type import kind_of_mime
from snaptrace.snapshot.model import Json, MediaKind

_SEVERAL = 2
_TAKES_RESULT_PARTS = ("anthropic_messages", "openai_responses")
_BYTES_MAX = 32 * 1024 * 1024


def messages(raw: dict[str, Any], api: str, *, thinks: bool) -> list[Message]:
    """Return what one message of the prompt becomes on the wire of an API."""
    role = role_of(raw.get("role"))
    content = raw.get("content")
    if role == "system":
        own: Role = "developer" if thinks else "system"
        text = TextPart(text=as_text(content))
        return [Message(role=own, parts=(text,))]
    if isinstance(content, str):
        return [_arranged(Message(role=role, parts=(TextPart(text=content),)), api)]
    raw_parts = [as_dict(part) for part in as_list(content)]
    if api == "openai_responses":
        raw_parts = [part for part in raw_parts if _is_sent(part)]
    parts = [_named_file(_part(p, api), api, i) for i, p in enumerate(raw_parts)]
    if role == "tool" and api != "anthropic_messages":
        return [Message(role="tool", parts=(part,)) for part in parts]
    if api == "openai_chat":
        parts = [part for part in parts if not isinstance(part, ReasoningPart)]
        parts = _one_text(parts) if role == "assistant" else parts
    return [_arranged(Message(role=role, parts=tuple(parts)), api)]


def _is_sent(raw: dict[str, Any]) -> bool:
    """OpenAI's package sends back only its own reasoning."""
    options = as_dict(raw.get("providerOptions"))
    return raw.get("type") != "reasoning" or "openai" in options or not options


def _named_file(part: Part, api: str, place: int) -> Part:
    """OpenAI's package names a file after its place where it has no name."""
    if not (isinstance(part, MediaPart) and part.mime == "application/pdf"):
        return part
    if not api.startswith("openai") or not is_data_url(part.url):
        return part
    named = {"filename": f"part-{place}.pdf", **part.extra}
    return msgspec.structs.replace(part, extra=named)


def _one_text(parts: list[Part]) -> list[Part]:
    """An assistant's texts are sent as one string."""
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    others: list[Part] = [p for p in parts if not isinstance(p, TextPart)]
    return [TextPart(text=text), *others] if text else others


def _arranged(message: Message, api: str) -> Message:
    """The Responses provider never sends a bare string as input."""
    if api == "openai_responses" and message.role == "user":
        return msgspec.structs.replace(message, extra={"field": "item"})
    return message


def _part(raw: dict[str, Any], api: str) -> Part:
    match raw.get("type"):
        case "text":
            extra = _cache_control(raw) if api == "anthropic_messages" else {}
            return TextPart(text=as_text(raw.get("text")), extra=extra)
        case "file" | "image":
            return _file(raw, api)
        case "reasoning":
            return ReasoningPart(text=as_text(raw.get("text")), extra=_signature(raw))
        case "tool-call":
            given = raw.get("input", raw.get("args", {}))
            return ToolCallPart(
                name=as_text(raw.get("toolName")),
                arguments=given if isinstance(given, str) else dumps(given),
                id=as_text(raw.get("toolCallId")),
            )
        case "tool-result":
            return _result(raw, api)
    return GenericPart(value=raw)


def _cache_control(raw: dict[str, Any]) -> dict[str, Json]:
    options = as_dict(as_dict(raw.get("providerOptions")).get("anthropic"))
    found = options.get("cacheControl", options.get("cache_control"))
    return {"cache_control": found} if found is not None else {}


def _signature(raw: dict[str, Any]) -> dict[str, Json]:
    options = as_dict(as_dict(raw.get("providerOptions")).get("anthropic"))
    found = options.get("signature")
    return {"signature": found} if isinstance(found, str) else {}


def _result(raw: dict[str, Any], api: str) -> Part:
    output = raw.get("output", raw.get("result"))
    is_error = raw.get("isError") is True
    typed = as_dict(output)
    content: tuple[Part, ...]
    if "type" in typed and "value" in typed:
        is_error = is_error or as_text(typed["type"]).startswith("error")
        value = typed["value"]
        if typed["type"] == "content" and api in _TAKES_RESULT_PARTS:
            content = tuple(_content_block(as_dict(item)) for item in as_list(value))
        else:
            content = (
                TextPart(text=value if isinstance(value, str) else dumps(value)),
            )
    else:
        content = (TextPart(text=output if isinstance(output, str) else dumps(output)),)
    return ToolResultPart(
        content=content,
        id=as_text(raw.get("toolCallId")),
        name=as_text(raw.get("toolName")),
        is_error=is_error,
    )


def _content_block(item: dict[str, Any]) -> Part:
    if item.get("type") == "text":
        return TextPart(text=as_text(item.get("text")))
    mime = as_text(item.get("mediaType"))
    data = as_text(item.get("data"))
    kind: MediaKind = kind_of_mime(mime) or "document"
    return MediaPart(kind=kind, url=f"data:{mime};base64,{data}", mime=mime)


def _file(raw: dict[str, Any], api: str) -> Part:
    mime = first_text(raw, "mediaType", "mimeType")
    data = raw.get("data", raw.get("image"))
    if isinstance(data, dict):
        data = _encoded(data)
    kind: MediaKind = kind_of_mime(mime) or (
        "image" if raw["type"] == "image" else "document"
    )
    extra: dict[str, Json] = {}
    if kind == "document" and isinstance(raw.get("filename"), str):
        extra["title" if api == "anthropic_messages" else "filename"] = raw["filename"]
    options = as_dict(as_dict(raw.get("providerOptions")).get("openai"))
    if (
        kind == "image"
        and api.startswith("openai")
        and isinstance(options.get("imageDetail"), str)
    ):
        extra["detail"] = options["imageDetail"]
    if api == "anthropic_messages":
        extra |= _cache_control(raw)
    text = as_text(data)
    if text.startswith(("http://", "https://")):
        return MediaPart(kind=kind, url=text, extra=extra)
    if kind == "image" and mime in ("image/*", ""):
        mime = "image/jpeg"
    if is_data_url(text):
        return MediaPart(kind=kind, url=text, mime=mime, extra=extra)
    return MediaPart(
        kind=kind, url=f"data:{mime};base64,{text}", mime=mime, extra=extra
    )


def _encoded(data: Mapping[str, Any]) -> str:
    """Return bytes that were printed as a JSON object or a Node buffer, in base64."""
    numbers: Any = data.get("data") if data.get("type") == "Buffer" else None
    if numbers is None:
        if len(data) > _BYTES_MAX or not all(key.isdigit() for key in data):
            return ""
        numbers = [data.get(str(index)) for index in range(len(data))]
    try:
        return base64.b64encode(bytes(numbers)).decode()
    except (TypeError, ValueError):
        return ""


def one_item_each(message: Message) -> list[Message]:
    """Each text of an assistant is an item of its own."""
    if message.role != "assistant" or len(message.parts) < _SEVERAL:
        return [message]
    return [msgspec.structs.replace(message, parts=(p,)) for p in message.parts]
