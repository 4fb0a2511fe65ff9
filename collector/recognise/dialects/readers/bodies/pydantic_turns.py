"""Turns of a conversation as Pydantic AI's models put them on the wire."""

import msgspec

from collector.recognise.dialects.readers.json_values import dumps
from snaptrace.snapshot.conversation import Message, TextPart, ToolResultPart


def as_sent(messages: tuple[Message, ...], api: str) -> tuple[Message, ...]:
    """Arrange messages as the framework's model for this API does."""
    arranged: list[Message] = []
    for message in messages:
        results = [p for p in message.parts if isinstance(p, ToolResultPart)]
        if message.role == "user" and results and api != "anthropic_messages":
            # Format 5 and earlier put tool results into user messages.
            others = tuple(
                p for p in message.parts if not isinstance(p, ToolResultPart)
            )
            arranged.extend(Message(role="tool", parts=(part,)) for part in results)
            if others:
                arranged.append(msgspec.structs.replace(message, parts=others))
        elif message.extra.get("field") == "instructions" and api != "openai_responses":
            arranged.append(msgspec.structs.replace(message, extra={}))
        else:
            arranged.append(message)
    arranged = _instructions_last(arranged)
    if api == "gemini_generate_content":
        arranged = [_return_values(message) for message in arranged]
    if api == "openai_responses":
        arranged = [_as_item(message) for message in arranged]
    if api == "anthropic_messages":
        arranged = [_result_blocks(message) for message in arranged]
    return tuple(arranged)


def _instructions_last(messages: list[Message]) -> list[Message]:
    """Put an agent's instructions behind the system prompts of its messages."""
    if not messages or messages[0].role != "system" or messages[0].extra:
        return messages
    first, *rest = messages
    place = next((i for i, m in enumerate(rest) if m.role != "system"), len(rest))
    return [*rest[:place], first, *rest[place:]]


def _return_values(message: Message) -> Message:
    """Its Gemini model wraps a tool's result that is no object."""
    parts = tuple(
        msgspec.structs.replace(part, content=(TextPart(text=wrapped),))
        if isinstance(part, ToolResultPart) and (wrapped := _wrapped(part))
        else part
        for part in message.parts
    )
    return msgspec.structs.replace(message, parts=parts)


def _wrapped(part: ToolResultPart) -> str:
    match part.content:
        case (TextPart(text=text),) if not text.startswith("{"):
            return dumps({"return_value": text})
    return ""


def _as_item(message: Message) -> Message:
    """Its Responses model never sends a bare string."""
    if message.role == "user" and not message.extra:
        return msgspec.structs.replace(message, extra={"field": "item"})
    return message


def _result_blocks(message: Message) -> Message:
    """Its Anthropic model says of each result whether it is an error."""
    parts = tuple(
        msgspec.structs.replace(part, extra={"is_error": False, **part.extra})
        if isinstance(part, ToolResultPart) and not part.is_error
        else part
        for part in message.parts
    )
    return msgspec.structs.replace(message, parts=parts)
