"""A record's own facts, as every dialect's candidate begins with them."""

from collector.recognise.dialects.contract import Candidate, Role
from collector.recognise.dialects.readers.common_attributes import session_of, user_of
from collector.recognise.dialects.readers.emitter import emitter_of
from collector.recognise.dialects.readers.target import provider_of
from collector.recognise.record import Record
from snaptrace.snapshot.model import Operation


def only_prepares(record: Record) -> bool:
    """Detect a method of LlamaIndex's models that puts a request together unsent."""
    return record.name.rpartition(".")[2].startswith("_prepare")


def candidate_of(
    record: Record, dialect: str, *, role: Role, operation: Operation = "chat"
) -> Candidate:
    """Return a candidate with ids, times, scope and people, and no content yet."""
    return Candidate(
        dialect=dialect,
        role=role,
        operation=operation,
        trace_id=record.trace_id,
        span_id=record.span_id,
        parent_id=record.parent_id,
        start_ns=record.start_ns,
        end_ns=record.end_ns,
        scope=record.scope,
        scope_version=record.scope_version,
        emitter=emitter_of(record, dialect),
        provider=provider_of(record.attributes),
        session_id=session_of(record),
        user_id=user_of(record),
        trace_state=record.trace_state,
        dropped_attributes=record.dropped_attributes,
    )
