"""The wire bodies of Bedrock's two APIs, from the SDK's arguments and their dumps.

Converse has one shape for all models; InvokeModel takes the model's own body, which the
SDK gets as JSON text or bytes. The model stands in the path. Source: AWS API reference.
"""

import base64
from typing import Any

import msgspec

from collector.recognise.dialects.readers import python_text
from collector.recognise.dialects.readers.json_values import as_dict, as_list, loads
from snaptrace.snapshot.apis.bedrock_converse import parse_block
from snaptrace.snapshot.conversation import Message, Part, TextPart, ToolResultPart

_CONVERSE_KEYS = (
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "guardrailConfig",
)
_INVOKE_KEYS = (
    "anthropic_version",
    "schemaVersion",
    "max_gen_len",
    "inputText",
    "textGenerationConfig",
)
_SIDE = ("modelId", "contentType", "accept", "trace")
_BYTES = "bytes"
_DEPTH = 16
_PRINTED = ("b'", 'b"')


def api_of(body: dict[str, Any]) -> str:
    """Return which of the two a call's arguments or body belong to, or ""."""
    if "modelId" in body and "body" in body:
        return "bedrock_invoke"
    if any(key in body for key in _INVOKE_KEYS):
        return "bedrock_invoke"
    if any(key in body for key in _CONVERSE_KEYS):
        return "bedrock_converse"
    return "bedrock_converse" if "modelId" in body and "messages" in body else ""


def api_of_messages(messages: list[Any]) -> str:
    """Detect Converse by its content blocks: they have no type, but a key each."""
    blocks = [block for m in messages for block in as_list(as_dict(m).get("content"))]
    typed = any("type" in as_dict(block) for block in blocks)
    return "bedrock_converse" if blocks and not typed else ""


def wire_body(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the body, without what goes elsewhere, and with printed bytes as bytes."""
    own = arguments
    if "body" in arguments:
        own = as_dict(loads(arguments["body"]).value)
    kept = {k: v for k, v in own.items() if k not in _SIDE and v is not None}
    return as_dict(with_bytes(kept))


def with_bytes(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Return a value with printed bytes as base64, wherever Converse has bytes."""
    if depth > _DEPTH:
        return value
    if isinstance(value, list):
        return [with_bytes(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            key: as_base64(inner) if key == _BYTES else with_bytes(inner, depth + 1)
            for key, inner in value.items()
        }
    return value


def as_base64(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return bytes, or Python's print of them, as the wire has them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, str) and value.startswith(_PRINTED):
        found = python_text.printed_bytes(value)
        return value if found is None else base64.b64encode(found).decode()
    return value


def blocks_in_results(messages: list[Message]) -> list[Message]:
    """Bring back the blocks of tools' results that an emitter wrote as JSON text."""
    return [_with_blocks(message) for message in messages]


def _with_blocks(message: Message) -> Message:
    parts = tuple(
        msgspec.structs.replace(part, content=blocks)
        if isinstance(part, ToolResultPart) and (blocks := _blocks(part))
        else part
        for part in message.parts
    )
    return msgspec.structs.replace(message, parts=parts)


def _blocks(part: ToolResultPart) -> tuple[Part, ...]:
    match part.content:
        case (TextPart(text=text),) if text.startswith(("[{", "{")):
            found = loads(text).value
        case _:
            return ()
    blocks = as_list(found)
    if not blocks or not all(_is_block(block) for block in blocks):
        return ()
    return tuple(parse_block(block) for block in blocks)


def _is_block(raw: Any) -> bool:  # noqa: ANN401 - any JSON
    own = as_dict(raw)
    return len(own) == 1 and next(iter(own)) in ("text", "json", "image", "document")
