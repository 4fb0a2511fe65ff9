"""Bedrock Converse content blocks -> parts. Source: AWS API reference, ContentBlock."""

from typing import Any

from collector.recognise.dialects.readers.json_values import as_dict, as_text, dumps
from snaptrace.snapshot.conversation import (
    GenericPart,
    MediaPart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_FORMAT_FAMILY = {"image": "image", "audio": "audio", "video": "video"}


def read_block(raw: Any) -> Part:  # noqa: ANN401 - any JSON
    """Return one block; unknown ones stay generic."""
    block = as_dict(raw)
    if isinstance(block.get("text"), str):
        return TextPart(text=block["text"])
    if call := as_dict(block.get("toolUse")):
        return ToolCallPart(
            name=as_text(call.get("name")),
            arguments=dumps(call.get("input", {})),
            id=as_text(call.get("toolUseId")),
        )
    if result := as_dict(block.get("toolResult")):
        content = result.get("content")
        parts = [_result_block(b) for b in content] if isinstance(content, list) else []
        return ToolResultPart(
            content=tuple(parts),
            id=as_text(result.get("toolUseId")),
            is_error=result.get("status") == "error",
        )
    for kind in ("image", "audio", "video", "document"):
        if medium := as_dict(block.get(kind)):
            return _medium(kind, medium)
    if reasoning := as_dict(block.get("reasoningContent")):
        text = as_dict(reasoning.get("reasoningText"))
        return ReasoningPart(text=as_text(text.get("text")))
    return GenericPart(value=raw)


def _result_block(raw: Any) -> Part:  # noqa: ANN401 - any JSON
    block = as_dict(raw)
    if "json" in block:
        return TextPart(text=dumps(block["json"]))
    return read_block(raw)


def _medium(kind: Any, medium: dict[str, Any]) -> Part:  # noqa: ANN401 - a MediaKind
    source = as_dict(medium.get("source"))
    family = _FORMAT_FAMILY.get(kind, "application")
    mime = f"{family}/{as_text(medium.get('format'))}"
    data = source.get("bytes")
    text = data if isinstance(data, str) else ""
    uri = as_text(as_dict(source.get("s3Location")).get("uri"))
    url = uri or f"data:{mime};base64,{text}"
    return MediaPart(kind=kind, url=url, mime=mime)
