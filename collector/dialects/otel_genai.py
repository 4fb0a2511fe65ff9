"""OpenTelemetry GenAI semantic conventions, all three eras.

Messages in attributes of a span or of a details event (1.37 onwards), one event per
message (1.28 to 1.36), or one prompt event (up to 1.27).
"""

from typing import Any

from collector.dialects.contract import Candidate
from collector.dialects.loads import as_dict, as_text, loads
from collector.dialects.parts import read_message, read_messages, read_part, read_tools
from collector.dialects.target import api_of, operation_of, provider_of
from collector.dialects.telemetry import (
    answer_of_message,
    output_message,
    read_params,
    session_of,
    user_of,
)
from collector.record import Record
from snaptrace.snapshots.conversation import Conversation, Message
from snaptrace.snapshots.model import Operation

_DETAILS_EVENT = "gen_ai.client.inference.operation.details"
_MESSAGE_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_WRAPPERS = ("invoke_agent", "agent_step", "invoke_workflow", "create_agent", "plan")


class OtelGenAi:
    """See `contract.Dialect`."""

    name = "otel_genai"

    def claims(self, record: Record) -> bool:
        """Tell whether the record names a GenAI operation or message event."""
        if "gen_ai.operation.name" in record.attributes:
            return True
        if record.kind == "log":
            return record.name.startswith("gen_ai.")
        return "gen_ai.request.model" in record.attributes

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        if record.kind == "log" and record.name != _DETAILS_EVENT:
            return _message_event(record)
        word = as_text(record.attributes.get("gen_ai.operation.name"))
        operation = operation_of(word) if word else "chat"
        if operation is None:
            return None
        return _inference(record, operation)


def _inference(record: Record, operation: Operation) -> Candidate:
    attributes = record.attributes
    provider = provider_of(attributes)
    model = as_text(attributes.get("gen_ai.request.model"))
    messages, broken = _messages(record)
    tools = loads(attributes.get("gen_ai.tool.definitions"))
    api = api_of(operation, provider)
    output, refusal, finish = output_message(attributes)
    candidate = Candidate(
        dialect="otel_genai",
        role="content" if record.kind == "log" else "call",
        operation=operation,
        trace_id=record.trace_id,
        span_id=record.span_id,
        parent_id=record.parent_id,
        start_ns=record.start_ns,
        end_ns=record.end_ns,
        scope=record.scope,
        scope_version=record.scope_version,
        provider=provider,
        api=api,
        model=model,
        answer=answer_of_message(output, record, refusal=refusal, finish=finish),
        session_id=session_of(record),
        user_id=user_of(record),
        trace_state=record.trace_state,
        dropped_attributes=record.dropped_attributes,
    )
    if messages:
        candidate.conversation = Conversation(
            model=model,
            messages=tuple(messages),
            tools=tuple(read_tools(tools.value)),
            params=read_params(attributes),
        )
    if broken or tools.broken:
        candidate.reasons = ("truncated",)
    return candidate


def _messages(record: Record) -> tuple[list[Message], bool]:
    system = loads(record.attributes.get("gen_ai.system_instructions"))
    found = loads(record.attributes.get("gen_ai.input.messages"))
    messages = read_messages(found.value)
    if isinstance(system.value, str):
        messages.insert(0, Message(role="system", parts=(read_part(system.value),)))
    elif isinstance(system.value, list):
        parts = tuple(read_part(part) for part in system.value)
        messages.insert(0, Message(role="system", parts=parts))
    return messages, found.broken or system.broken


def _message_event(record: Record) -> Candidate | None:
    role = _MESSAGE_EVENTS.get(record.name)
    body: dict[str, Any] = as_dict(loads(record.body).value)
    if role is None and record.name != "gen_ai.choice":
        return None
    parsed = read_message({"role": role or "assistant", **body})
    candidate = Candidate(
        dialect="otel_genai",
        role="content",
        operation="chat",
        trace_id=record.trace_id,
        span_id=record.span_id,
        start_ns=record.start_ns,
        end_ns=record.end_ns,
        scope=record.scope,
        scope_version=record.scope_version,
        provider=provider_of(record.attributes),
        messages=(parsed,),
    )
    if role is None:
        message = read_message(as_dict(body.get("message")))
        finish = as_text(body.get("finish_reason"))
        candidate.answer = answer_of_message(message, record, finish=finish)
        candidate.messages = ()
    return candidate
