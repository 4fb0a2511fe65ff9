"""One decoded span or log record: plain Python values, bounded, no protobuf.

Both OTLP encodings end here, so a dialect never knows which one came in.
"""

import base64
import binascii
import functools
from typing import Any

import msgspec
from google.protobuf.message import DecodeError
from msgspec import Struct
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from collector.recognise.prefilter import RawRecord, RecordKind

# OTLP values as Python values: str, bool, int, float, bytes, list, dict or None.
Value = Any

_ATTRIBUTES_MAX = 20_000  # of one record; conventions stay below a tenth of it
_ITEMS_MAX = 50_000  # of one list or map within a value
_EVENTS_MAX = 4_096  # of one span; a streamed answer may leave one per chunk
_RECORD_BYTES_MAX = 64 * 1024 * 1024
_CACHED_PARTS = 256  # distinct resources and scopes remembered, decoded


class UnreadableRecordError(ValueError):
    """The record's bytes are damaged; count it and go on."""


class Event(Struct, frozen=True):
    """A span event."""

    name: str
    attributes: dict[str, Value]


class Record(Struct, frozen=True, kw_only=True):
    """A span, or a log record that belongs to one."""

    kind: RecordKind
    trace_id: bytes  # 16 bytes, or empty where a log record has none
    span_id: bytes  # 8 bytes, or empty
    parent_id: bytes = b""
    name: str  # of the span, or the event name of a log record
    start_ns: int  # Unix time; a log record has start == end
    end_ns: int
    attributes: dict[str, Value]
    events: tuple[Event, ...] = ()
    body: Value = None  # of a log record
    failed: bool = False  # the span's status is ERROR
    dropped_attributes: int = 0
    dropped_events: int = 0
    trace_state: str = ""
    scope: str = ""
    scope_version: str = ""
    resource: dict[str, Value] = {}


def decode(raw: RawRecord) -> Record:
    """Return the record in full.

    Raises:
        UnreadableRecordError: damaged bytes, or JSON nested beyond reason.
    """
    if len(raw.body) > _RECORD_BYTES_MAX:
        raise UnreadableRecordError("size")
    try:
        if raw.encoding == "json":
            return _from_json(raw)
        return _from_protobuf(raw)
    except (
        DecodeError,
        msgspec.MsgspecError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as damage:
        raise UnreadableRecordError(type(damage).__name__) from None


def _from_protobuf(raw: RawRecord) -> Record:
    resource = _resource(raw.resource)
    scope, version = _scope(raw.scope)
    if raw.kind == "span":
        span = trace_pb2.Span.FromString(raw.body)
        return Record(
            kind="span",
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_id=span.parent_span_id,
            name=span.name,
            start_ns=span.start_time_unix_nano,
            end_ns=span.end_time_unix_nano,
            attributes=_attributes(span.attributes),
            events=tuple(
                Event(event.name, _attributes(event.attributes))
                for event in span.events[:_EVENTS_MAX]
            ),
            failed=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
            dropped_attributes=span.dropped_attributes_count,
            dropped_events=span.dropped_events_count,
            trace_state=span.trace_state,
            scope=scope,
            scope_version=version,
            resource=resource,
        )
    log = logs_pb2.LogRecord.FromString(raw.body)
    attributes = _attributes(log.attributes)
    time_ns = log.time_unix_nano or log.observed_time_unix_nano
    return Record(
        kind="log",
        trace_id=log.trace_id,
        span_id=log.span_id,
        name=log.event_name or str(attributes.get("event.name") or ""),
        start_ns=time_ns,
        end_ns=time_ns,
        attributes=attributes,
        body=_value(log.body),
        dropped_attributes=log.dropped_attributes_count,
        scope=scope,
        scope_version=version,
        resource=resource,
    )


def _attributes(pairs: Any) -> dict[str, Value]:  # noqa: ANN401 - a repeated field
    if len(pairs) > _ATTRIBUTES_MAX:
        pairs = pairs[-_ATTRIBUTES_MAX:]
    # Most are texts, and a call for each costs as much as the rest of the work.
    return {
        pair.key: (value := pair.value).string_value or _value(value) for pair in pairs
    }


def _check_size(count: int) -> None:
    """Refuse a list so long that its Python form would be a burden."""
    if count > _ITEMS_MAX:
        raise UnreadableRecordError("size")


def _value(value: common_pb2.AnyValue) -> Value:
    # protobuf itself bounds the depth at 100.
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind is None:
        return None
    if kind == "array_value":
        items = value.array_value.values
        _check_size(len(items))
        return [_value(item) for item in items]
    if kind == "kvlist_value":
        pairs = value.kvlist_value.values
        _check_size(len(pairs))
        return {pair.key: _value(pair.value) for pair in pairs}
    return getattr(value, kind)


@functools.lru_cache(maxsize=_CACHED_PARTS)
def _resource(body: bytes) -> dict[str, Value]:
    return _attributes(resource_pb2.Resource.FromString(body).attributes)


@functools.lru_cache(maxsize=_CACHED_PARTS)
def _scope(body: bytes) -> tuple[str, str]:
    scope = common_pb2.InstrumentationScope.FromString(body)
    return scope.name, scope.version


def _from_json(raw: RawRecord) -> Record:
    record: dict[str, Any] = msgspec.json.decode(raw.body)
    scope: dict[str, Any] = msgspec.json.decode(raw.scope)
    resource: dict[str, Any] = msgspec.json.decode(raw.resource)
    attributes = _json_attributes(record.get("attributes"))
    shared: dict[str, Any] = {
        "kind": raw.kind,
        "trace_id": _json_id(record.get("traceId"), 16),
        "span_id": _json_id(record.get("spanId"), 8),
        "attributes": attributes,
        "dropped_attributes": int(record.get("droppedAttributesCount") or 0),
        "scope": str(scope.get("name") or ""),
        "scope_version": str(scope.get("version") or ""),
        "resource": _json_attributes(resource.get("attributes")),
    }
    if raw.kind == "log":
        time_ns = int(record.get("timeUnixNano") or 0) or int(
            record.get("observedTimeUnixNano") or 0
        )
        name = record.get("eventName") or attributes.get("event.name") or ""
        return Record(
            name=str(name),
            start_ns=time_ns,
            end_ns=time_ns,
            body=_json_value(record.get("body")),
            **shared,
        )
    status = record.get("status") or {}
    return Record(
        name=str(record.get("name") or ""),
        parent_id=_json_id(record.get("parentSpanId"), 8),
        start_ns=int(record.get("startTimeUnixNano") or 0),
        end_ns=int(record.get("endTimeUnixNano") or 0),
        events=tuple(
            Event(str(e.get("name") or ""), _json_attributes(e.get("attributes")))
            for e in (record.get("events") or [])[:_EVENTS_MAX]
        ),
        failed=status.get("code") in (2, "STATUS_CODE_ERROR"),
        dropped_events=int(record.get("droppedEventsCount") or 0),
        trace_state=str(record.get("traceState") or ""),
        **shared,
    )


def _json_id(text: Any, size: int) -> bytes:  # noqa: ANN401 - whatever the sender wrote
    """Read an id: hex as OTLP/JSON says, or base64 as plain protobuf JSON does."""
    if not isinstance(text, str) or not text:
        return b""
    if len(text) == 2 * size:
        return bytes.fromhex(text)
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return found if len(found) == size else b""


def _json_attributes(pairs: Any) -> dict[str, Value]:  # noqa: ANN401 - as above
    return {
        str(pair["key"]): _json_value(pair.get("value"))
        for pair in (pairs or [])[-_ATTRIBUTES_MAX:]
    }


def _json_value(value: Any) -> Value:  # noqa: ANN401 - as above
    if not isinstance(value, dict):
        return None
    for key, inner in value.items():
        if key in ("stringValue", "boolValue", "doubleValue"):
            return inner
        if key == "intValue":
            return int(inner)
        if key == "bytesValue":
            return base64.b64decode(inner)
        if key == "arrayValue":
            return [_json_value(item) for item in inner.get("values") or []]
        if key == "kvlistValue":
            return {
                p["key"]: _json_value(p["value"]) for p in inner.get("values") or []
            }
    return None
