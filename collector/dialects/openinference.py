"""OpenInference (Arize): `openinference.span.kind`, and the provider's own JSON.

`input.value` holds the call's arguments where the instrumentation wraps a provider
SDK; that is the best source. Flattened `llm.*` attributes are the second best.
"""

from typing import Any

from collector.dialects.contract import Candidate
from collector.dialects.loads import as_dict, as_list, as_text, loads
from collector.dialects.parts import read_message
from collector.dialects.target import provider_of
from collector.dialects.telemetry import answer_of_message, session_of, user_of
from collector.record import Record
from snaptrace.snapshots.model import Json


class OpenInference:
    """See `contract.Dialect`."""

    name = "openinference"

    def claims(self, record: Record) -> bool:
        """Tell whether the record has a span kind of this convention."""
        return "openinference.span.kind" in record.attributes

    def read(self, record: Record) -> Candidate | None:
        """Return what the record knows of a call."""
        attributes = record.attributes
        kind = as_text(attributes.get("openinference.span.kind")).upper()
        if kind != "LLM":
            return None
        loaded = loads(attributes.get("input.value"))
        body = as_dict(loaded.value)
        api = _native_api(body)
        output = as_dict(loads(attributes.get("output.value")).value)
        choice = as_dict((as_list(output.get("choices")) or [{}])[0])
        message = read_message(as_dict(choice.get("message"))) if choice else None
        answer = answer_of_message(
            message,
            record,
            refusal=as_text(as_dict(choice.get("message")).get("refusal")),
            finish=as_text(choice.get("finish_reason")),
        )
        return Candidate(
            dialect=self.name,
            role="call",
            operation="chat",
            trace_id=record.trace_id,
            span_id=record.span_id,
            parent_id=record.parent_id,
            start_ns=record.start_ns,
            end_ns=record.end_ns,
            scope=record.scope,
            scope_version=record.scope_version,
            provider=provider_of(attributes),
            api=api,
            model=as_text(body.get("model")),
            body=body if api else None,
            answer=answer,
            reasons=("truncated",) if loaded.broken else (),
            session_id=session_of(record),
            user_id=user_of(record),
            trace_state=record.trace_state,
            dropped_attributes=record.dropped_attributes,
        )


def _native_api(body: dict[str, Any]) -> str:
    messages: Json = body.get("messages")
    if isinstance(messages, list) and all(isinstance(m, dict) for m in messages):
        return "openai_chat"
    return ""
