"""Messages that come one by one, as log records or span events.

OpenTelemetry GenAI 1.28 to 1.36 and its users: bodies are the provider's own messages,
with the role in the event's name and a tool's call id under `id`.
"""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import bedrock_body
from collector.recognise.dialects.readers.common_attributes import answer_of_message
from collector.recognise.dialects.readers.json_values import (
    as_dict,
    as_list,
    as_text,
    loads,
)
from collector.recognise.dialects.readers.parts import read_message, role_of
from collector.recognise.dialects.readers.span import candidate_of
from collector.recognise.dialects.readers.target import chat_api
from collector.recognise.record import Record
from snaptrace.snapshot.apis.anthropic_messages import parse_content
from snaptrace.snapshot.apis.bedrock_converse import parse_block
from snaptrace.snapshot.conversation import (
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Answer

ROLES: dict[str, str] = {
    "gen_ai.system.message": "system",
    "gen_ai.developer.message": "developer",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CHOICE = "gen_ai.choice"


def message_of_event(record: Record, dialect: str) -> Candidate | None:
    """Return the message or answer that a log record carries for its span."""
    candidate = candidate_of(record, dialect, role="content")
    candidate.api = chat_api(candidate.provider)
    body = as_dict(loads(record.body).value) or _attribute_body(record.attributes)
    if record.name == CHOICE:
        candidate.answer = _answer(body, record, candidate.api)
        return candidate
    role = ROLES.get(record.name)
    if role is None:
        return None
    content = body.get("content")
    if isinstance(content, dict) and set(content) == {"tools"}:
        # Traceloop's Anthropic instrumentation sends the tools as a user message.
        candidate.supplement = {"tools": content["tools"]}
        return candidate
    message = read_event_message(role, body, candidate.api)
    candidate.messages = (message,)
    if not message.parts:
        candidate.reasons = ("content_dropped",)
    elif role == "assistant" and content is None and _drops_words(record):
        candidate.reasons = ("differences_recorded",)
    return candidate


def _drops_words(record: Record) -> bool:
    """Detect early releases of OpenTelemetry's for OpenAI, which name no version.

    Beside calls of tools they leave out what was said.
    """
    return record.scope.endswith(".openai_v2") and not record.scope_version


def _attribute_body(attributes: dict[str, Any]) -> dict[str, Any]:
    """Azure and Strands put the body into an attribute of the event."""
    for key in ("gen_ai.event.content", "content", "message"):
        found = loads(attributes.get(key)).value
        if isinstance(found, dict):
            return found
        if found is not None:
            return {"content": found, **_ids(attributes)}
    return {}


def _ids(attributes: dict[str, Any]) -> dict[str, Any]:
    return {k: attributes[k] for k in ("id", "role", "tool_calls") if k in attributes}


def read_event_message(role: str, body: dict[str, Any], api: str) -> Message:
    """Return one message in its provider's own shape."""
    own = {"role": role, **{k: v for k, v in body.items() if v is not None}}
    content = own.get("content")
    if api == "anthropic_messages" and isinstance(content, list):
        return Message(role=role_of(own["role"]), parts=parse_content(content))
    if _is_converse(content):
        parts: tuple[Part, ...] = tuple(converse_parts(content, api))
        if role == "tool":
            parts = (ToolResultPart(content=parts, id=as_text(own.get("id"))),)
        return Message(role=role_of(own["role"]), parts=parts)
    if role == "tool" and "id" in own and "tool_call_id" not in own:
        own["tool_call_id"] = own.pop("id")
    if role == "tool":
        own["role"] = "tool"
        if isinstance(content, dict):
            own["content"] = msgspec.json.encode(content).decode()
    elif isinstance(content, dict):
        own["content"] = [content]
    return read_message(own)


def _is_converse(content: Any) -> bool:  # noqa: ANN401 - any JSON
    """Bedrock Converse blocks have one key each, naming their kind, and no type."""
    blocks = as_list(content)
    return bool(blocks) and all(
        isinstance(b, dict) and "type" not in b and len(b) <= 2 for b in blocks
    )


def converse_parts(content: Any, api: str) -> list[Any]:  # noqa: ANN401 - any JSON
    """Return the parts of Bedrock Converse blocks; its own API keeps them whole."""
    if api == "bedrock_converse":
        return [parse_block(bedrock_body.with_bytes(b)) for b in as_list(content)]
    from collector.recognise.dialects.readers.converse import read_block  # noqa: PLC0415 - rarely needed

    return [read_block(block) for block in as_list(content)]


def _answer(body: dict[str, Any], record: Record, api: str) -> Answer:
    raw = body.get("message")
    message: Message
    if isinstance(raw, str):
        message = Message(role="assistant", parts=(TextPart(text=raw),))
    else:
        inner = as_dict(raw) or {
            k: v for k, v in body.items() if k in ("content", "tool_calls")
        }
        message = read_event_message("assistant", inner, api)
    refusal = as_text(as_dict(raw).get("refusal"))
    finish = as_text(body.get("finish_reason"))
    return answer_of_message(message, record, refusal=refusal, finish=finish)


def messages_of_span_events(
    record: Record, api: str
) -> tuple[list[Message], Answer | None]:
    """Return the messages and the answer that the span's own events carry."""
    messages: list[Message] = []
    answer: Answer | None = None
    for event in record.events:
        role = ROLES.get(event.name)
        if role is None and event.name != CHOICE:
            continue
        body = _attribute_body(event.attributes)
        if role is not None:
            messages.append(read_event_message(role, body, api))
        elif answer is None:
            finish = as_text(event.attributes.get("finish_reason"))
            answer = _answer({"finish_reason": finish, **body}, record, api)
    return messages, answer


def without_repeats(messages: list[Message]) -> list[Message]:
    """Drop a tool's message whose result the turn after it holds, in Bedrock's way."""
    held = {
        part.id
        for message in messages
        if message.role == "user"
        for part in message.parts
        if isinstance(part, ToolResultPart) and part.id
    }
    return [
        message
        for message in messages
        if message.role != "tool"
        or not all(
            isinstance(p, ToolResultPart) and p.id in held for p in message.parts
        )
    ]


def pair_by_order(messages: list[Message]) -> list[Message]:
    """Give tool results without an id the ids of the calls before them, in order."""
    waiting: list[str] = []
    result: list[Message] = []
    for message in messages:
        parts: list[Any] = []
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                waiting.append(part.id)
                parts.append(part)
            elif isinstance(part, ToolResultPart) and not part.id and waiting:
                parts.append(msgspec.structs.replace(part, id=waiting.pop(0)))
            else:
                if isinstance(part, ToolResultPart) and part.id in waiting:
                    waiting.remove(part.id)
                parts.append(part)
        result.append(msgspec.structs.replace(message, parts=tuple(parts)))
    return result
