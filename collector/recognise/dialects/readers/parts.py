"""Messages made of parts -> the typed conversation. OpenTelemetry GenAI 1.37 onwards.

Reads the spec's parts and the ways in which emitters differ from it: Pydantic AI
(`thinking`, `result`, `image-url`, `binary`), LiteLLM and Traceloop (provider parts in
between), ADK (`data`, `file_data`), Strands (blocks under their own key).
"""

import base64
from typing import Any

from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    dumps,
)
from snaptrace.snapshot.apis.inline import is_data_url, split_data_url
from snaptrace.snapshot.apis.openai_chat import parse_part
from snaptrace.snapshot.conversation import (
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
from snaptrace.snapshot.media_type import Sniffed, kind_of_mime, kind_of_url, sniff
from snaptrace.snapshot.model import Json, MediaKind

ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "tool": "tool",
    "function": "tool",
    "tool-call": "assistant",  # smolagents' own
    "tool-response": "user",
}
_MODALITIES: dict[str, MediaKind] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "document": "document",
}
_URL_PARTS = ("image-url", "audio-url", "video-url", "document-url")
_SNIFFED_CHARACTERS = 88  # a multiple of four: 66 bytes
_PLACEHOLDER_FILE = "data:;base64,"  # an empty blob: bytes that nobody kept


def role_of(word: Any) -> Role:  # noqa: ANN401 - any JSON
    """Return the role that a convention's word stands for; user if unknown.

    Emitters that print an enum's member write `MessageRole.SYSTEM`.
    """
    return ROLES.get(as_text(word).lower().rpartition(".")[2], "user")


def read_messages(value: Any) -> list[Message]:  # noqa: ANN401 - any JSON
    """Return the messages of an input or output list; unknown parts stay generic."""
    return [read_message(raw) for raw in as_list(value) if isinstance(raw, dict)]


def read_message(raw: dict[str, Any]) -> Message:
    """Return one message; `parts` or a provider-native `content` may hold it."""
    parts = [p for part in as_list(raw.get("parts")) for p in read_blocks(part)]
    content = raw.get("content")
    if not parts and isinstance(content, str):
        parts.append(TextPart(text=content))
    elif not parts:
        parts.extend(parse_part(part) for part in as_list(content))
    parts.extend(_call(call) for call in as_list(raw.get("tool_calls")))
    role = role_of(raw.get("role"))
    if role == "tool" and not any(isinstance(p, ToolResultPart) for p in parts):
        call_id = as_text(raw.get("tool_call_id"))
        parts = [ToolResultPart(content=tuple(parts), id=call_id)]
    return Message(role=role, parts=tuple(parts), name=as_text(raw.get("name")))


def read_blocks(raw: Any) -> list[Part]:  # noqa: ANN401 - any JSON
    """Return the parts of one entry: a text may hold a provider's list of blocks."""
    inner = raw.get("content") if isinstance(raw, dict) else None
    if (
        isinstance(inner, list)
        and raw.get("type") == "text"
        and all(isinstance(block, dict) for block in inner)
    ):
        return [parse_part(block) for block in inner]
    return [read_part(raw)]


def read_part(raw: Any) -> Part:  # noqa: ANN401 - any JSON
    """Return one part."""
    if isinstance(raw, str):
        return TextPart(text=raw)
    if not isinstance(raw, dict):
        return GenericPart(value=raw)
    kind = as_text(raw.get("type")) or as_text(raw.get("kind"))
    if kind == "text":
        text = raw.get("content", raw.get("text"))
        return TextPart(text=text) if isinstance(text, str) else GenericPart(value=raw)
    return _typed_part(raw, kind)


def _typed_part(raw: dict[str, Any], kind: str) -> Part:
    match kind:
        case "reasoning" | "thinking":
            return _reasoning(raw)
        case "tool_call":
            return _call(raw)
        case "tool_call_response":
            return _result(raw)
        case "blob" | "binary":
            return _blob(raw)
        case _ if kind in ("uri", "file_data", *_URL_PARTS):
            return _uri(raw, kind)
        case "file" if "file_id" in raw and "file" not in raw and not raw["file_id"]:
            # The bytes or the URL that stood here were not recorded.
            name = {"filename": raw["filename"]} if raw.get("filename") else {}
            return MediaPart(kind=_kind(raw, ""), url=_PLACEHOLDER_FILE, extra=name)
        case "file" if raw.get("file_id") and "file" not in raw:
            return MediaPart(
                kind=_kind(raw, ""),
                file_id=as_text(raw["file_id"]),
                mime=as_text(raw.get("mime_type")),
            )
        case _:
            return parse_part(raw)


def _reasoning(raw: dict[str, Any]) -> Part:
    extra = {k: v for k, v in raw.items() if k not in ("type", "content", "text")}
    text = raw.get("content", raw.get("text", raw.get("thinking")))
    extra.pop("thinking", None)
    return ReasoningPart(text=as_text(text), extra=extra)


def _call(raw: Any) -> Part:  # noqa: ANN401 - any JSON
    found = as_dict(raw)
    function = as_dict(found.get("function")) or found
    arguments = function.get("arguments", function.get("args", {}))
    return ToolCallPart(
        name=as_text(function.get("name")),
        arguments=arguments if isinstance(arguments, str) else dumps(arguments),
        id=as_text(found.get("id")),
    )


def _result(raw: dict[str, Any]) -> Part:
    value: Json = None
    for key in ("response", "result", "content", "output"):
        if (value := raw.get(key)) is not None:
            break
    return ToolResultPart(
        content=result_content(value),
        id=as_text(raw.get("id")),
        name=as_text(raw.get("name")),
    )


def result_content(value: Json) -> tuple[Part, ...]:
    """Return a tool's result as parts: text, typed blocks, or JSON as text."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (TextPart(text=value),)
    blocks = as_list(value)
    if blocks and all(
        isinstance(b, dict) and isinstance(b.get("type"), str) for b in blocks
    ):
        return tuple(read_part(block) for block in blocks)
    return (TextPart(text=dumps(value)),)


def _blob(raw: dict[str, Any]) -> Part:
    mime = as_text(raw.get("mime_type")) or as_text(raw.get("media_type"))
    data: Any = ""
    for key in ("content", "data", "binary_content"):
        if (data := raw.get(key)) is not None:
            break
    if isinstance(data, bytes):
        data = base64.b64encode(data).decode()
    text = as_text(data)
    if not mime and (found := sniff_base64(text)) is not None:
        mime = found.mime
    if is_data_url(text):
        return MediaPart(kind=_kind(raw, mime), url=text, mime=mime)
    return MediaPart(kind=_kind(raw, mime), url=f"data:{mime};base64,{text}", mime=mime)


def sniff_base64(text: str) -> Sniffed | None:
    """Return what the beginning of a base64 text says of its bytes."""
    try:
        head = base64.b64decode(text[:_SNIFFED_CHARACTERS])
    except ValueError:
        return None
    return sniff(head)


def _uri(raw: dict[str, Any], kind: str) -> Part:
    url = (
        as_text(raw.get("uri"))
        or as_text(raw.get("url"))
        or as_text(raw.get("file_uri"))
    )
    mime = as_text(raw.get("mime_type"))
    if kind in _URL_PARTS:
        media: Any = kind.removesuffix("-url")
        return MediaPart(kind=media, url=url, mime=mime)
    return MediaPart(kind=_kind(raw, mime, url), url=url, mime=mime)


def _kind(raw: dict[str, Any], mime: str, url: str = "") -> MediaKind:
    """Return the kind: by media type, then by claim, then by the URL's ending."""
    if mime and (found := kind_of_mime(mime)):
        return found
    if raw.get("type") == "file" and "modality" not in raw:
        return "document"
    claimed = raw.get("modality")
    if isinstance(claimed, str) and (found := _MODALITIES.get(claimed)):
        return found
    if (data_url := split_data_url(url)) is not None:
        return kind_of_mime(data_url.mime) or "document"
    return kind_of_url(url) or ("document" if mime else "image")


def read_tools(value: Any) -> list[Tool]:  # noqa: ANN401 - any JSON
    """Return tools in whichever of the known shapes they come."""
    return [tool for raw in as_list(value) for tool in _tools(as_dict(raw))]


def _tools(raw: dict[str, Any]) -> list[Tool]:
    if spec := as_dict(raw.get("toolSpec")):
        schema = as_dict(spec.get("inputSchema")).get("json")
        return [_flat_tool({**spec, "inputSchema": schema})]
    for key in ("functionDeclarations", "function_declarations"):
        if key in raw:
            return [_flat_tool(as_dict(d)) for d in as_list(raw[key])]
    return [_flat_tool(raw)] if raw else []


_SCHEMA_KEYS = ("parameters", "input_schema", "inputSchema", "parameters_json_schema")


def _flat_tool(raw: dict[str, Any]) -> Tool:
    own = dict(raw)
    function = own.pop("function", None)
    kind = as_text(own.pop("type", "")) or "function"
    if isinstance(function, dict):
        own.update(function)
    parameters: Json = None
    for key in _SCHEMA_KEYS:
        if own.get(key) is not None:
            parameters = own.pop(key)
            break
    if kind != "function" and "name" in raw and parameters is not None:
        kind = "function" if kind == "custom" else kind
    return Tool(
        name=as_text(own.pop("name", "")),
        description=as_text(own.pop("description", "")),
        parameters=parameters,
        kind=kind,
        extra={k: v for k, v in own.items() if v is not None},
    )
