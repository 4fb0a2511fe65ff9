"""Parts that an emitter did not know and wrote as JSON text, brought back."""

import msgspec

from collector.recognise.dialects.readers.bodies import langchain_json
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from snaptrace.snapshot.apis.openai_responses import parse_content, parse_item
from snaptrace.snapshot.conversation import (
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_WRAPPED = ('{"type": "', '{"type":"')


def unwrap_parts(messages: tuple[Message, ...], api: str) -> tuple[Message, ...]:
    """Bring back parts that an emitter did not know and wrote as JSON text."""
    return tuple(_unwrapped_message(message, api) for message in messages)


def _unwrapped_message(message: Message, api: str) -> Message:
    match message.parts:
        case (TextPart(text=text),) if api == "openai_responses" and text.startswith(
            _WRAPPED
        ):
            raw = as_dict(loads(text).value)
            if raw.get("type") in (
                "function_call",
                "function_call_output",
                "reasoning",
            ):
                return parse_item(raw)
    if message.role == "tool":
        parts = tuple(_unwrapped_result(part) for part in message.parts)
        return msgspec.structs.replace(message, parts=parts)
    if message.role == "assistant":
        return _without_printed_calls(message)
    if message.role != "user":
        return message
    parts = tuple(_unwrapped(part, api) for part in message.parts)
    return msgspec.structs.replace(message, parts=parts)


def _without_printed_calls(message: Message) -> Message:
    """Leave out a call's own block, written as text beside the call."""
    ids = {part.id for part in message.parts if isinstance(part, ToolCallPart)}
    parts = tuple(part for part in message.parts if not _prints(part, ids))
    return msgspec.structs.replace(message, parts=parts)


def _prints(part: Part, ids: set[str]) -> bool:
    if not ids or not isinstance(part, TextPart) or not part.text.startswith('{"'):
        return False
    raw = as_dict(loads(part.text).value)
    return raw.get("type") == "tool_use" and raw.get("id") in ids


def _unwrapped_result(part: Part) -> Part:
    """A tool's result that was a list of texts is written as that list's JSON."""
    match part:
        case ToolResultPart(content=(TextPart(text=text),)) if text.startswith("[{"):
            raw = as_list(loads(text).value)
            texts = tuple(as_dict(item).get("text") for item in raw)
            if raw and all(as_dict(i).keys() == {"type", "text"} for i in raw):
                content = tuple(TextPart(text=as_text(own)) for own in texts)
                return msgspec.structs.replace(part, content=content)
    return part


def _unwrapped(part: Part, api: str) -> Part:
    if not isinstance(part, TextPart) or not part.text.startswith(_WRAPPED):
        return part
    raw = as_dict(loads(part.text).value)
    kind = raw.get("type")
    if kind not in (
        "file",
        "input_file",
        "input_audio",
        "image",
        "image_url",
        "input_image",
        "audio",
    ):
        return part
    if api == "openai_responses":
        return parse_content([raw])[0]
    return langchain_json.read_content([raw])[0]
