"""One decoded span or log record: plain Python values, bounded, no protobuf.

Both OTLP encodings end here, so a dialect never knows which one came in.
"""

import functools
from collections.abc import Callable
from typing import Any

import msgspec
from google.protobuf.message import DecodeError
from msgspec import Struct
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from collector.otlp import json_reader
from collector.otlp.protobuf_reader import read
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
        span = read(trace_pb2.Span, raw.body)
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
    log = read(logs_pb2.LogRecord, raw.body)
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
    return _attributes(read(resource_pb2.Resource, body).attributes)


@functools.lru_cache(maxsize=_CACHED_PARTS)
def _scope(body: bytes) -> tuple[str, str]:
    scope = read(common_pb2.InstrumentationScope, body)
    return scope.name, scope.version


def _from_json(raw: RawRecord) -> Record:
    record = _json_fields(json_reader.decode(raw.body))
    scope = _json_fields(json_reader.decode(raw.scope))
    resource = _json_fields(json_reader.decode(raw.resource))
    attributes = _json_attributes(record.get("attributes"))
    shared: dict[str, Any] = {
        "kind": raw.kind,
        "trace_id": json_reader.identifier(record.get("traceId"), 16) or b"",
        "span_id": json_reader.identifier(record.get("spanId"), 8) or b"",
        "attributes": attributes,
        "dropped_attributes": _json_count(record.get("droppedAttributesCount")),
        "scope": str(scope.get("name") or ""),
        "scope_version": str(scope.get("version") or ""),
        "resource": _json_attributes(resource.get("attributes")),
    }
    if raw.kind == "log":
        time_ns = _json_count(record.get("timeUnixNano")) or _json_count(
            record.get("observedTimeUnixNano")
        )
        name = record.get("eventName") or attributes.get("event.name") or ""
        return Record(
            name=str(name),
            start_ns=time_ns,
            end_ns=time_ns,
            body=_json_value(record.get("body")),
            **shared,
        )
    status = _json_fields(record.get("status"))
    return Record(
        name=str(record.get("name") or ""),
        parent_id=json_reader.identifier(record.get("parentSpanId"), 8) or b"",
        start_ns=_json_count(record.get("startTimeUnixNano")),
        end_ns=_json_count(record.get("endTimeUnixNano")),
        events=tuple(
            Event(str(e.get("name") or ""), _json_attributes(e.get("attributes")))
            for e in map(_json_fields, _json_list(record.get("events"))[:_EVENTS_MAX])
        ),
        failed=status.get("code") in (2, "2", "STATUS_CODE_ERROR"),
        dropped_events=_json_count(record.get("droppedEventsCount")),
        trace_state=str(record.get("traceState") or ""),
        **shared,
    )


def _json_fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 - as the sender wrote it
    """Return an object's fields by their JSON names; protobuf's own are taken too."""
    if not isinstance(value, dict):
        return {}
    return {
        (_camel(key) if "_" in key else key): inner
        for key, inner in value.items()
        if inner is not None
    }


@functools.lru_cache(maxsize=_CACHED_PARTS)
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _json_list(value: Any) -> list[Any]:  # noqa: ANN401 - as above
    return value if isinstance(value, list) else []


def _json_count(value: Any) -> int:  # noqa: ANN401 - as above
    return json_reader.integer(value) or 0


def _json_attributes(pairs: Any) -> dict[str, Value]:  # noqa: ANN401 - as above
    return _json_pairs(_json_list(pairs)[-_ATTRIBUTES_MAX:])


def _json_pairs(pairs: list[Any]) -> dict[str, Value]:
    return {
        str(pair.get("key") or ""): _json_value(pair.get("value"))
        for pair in pairs
        if isinstance(pair, dict)
    }


def _json_value(value: Any) -> Value:  # noqa: ANN401 - as above
    """Return the one field that is set; one that is null or unreadable is not set."""
    if not isinstance(value, dict):
        return None
    for key, inner in value.items():
        read_one = _JSON_VALUES.get(key)
        if read_one is not None and inner is not None:
            return read_one(inner)
    return None


def _json_array(inner: Any) -> Value:  # noqa: ANN401 - as above
    values = _json_list(_json_fields(inner).get("values"))
    _check_size(len(values))
    return [_json_value(item) for item in values]


def _json_map(inner: Any) -> Value:  # noqa: ANN401 - as above
    values = _json_list(_json_fields(inner).get("values"))
    _check_size(len(values))
    return _json_pairs(values)


def _json_text(inner: Any) -> Value:  # noqa: ANN401 - as above
    return inner if isinstance(inner, str | int | float) else None


def _json_bool(inner: Any) -> Value:  # noqa: ANN401 - as above
    return (
        inner if isinstance(inner, bool) else {"true": True, "false": False}.get(inner)
    )


_JSON_VALUES: dict[str, Callable[[Any], Value]] = {
    name: reader
    for names, reader in (
        (("stringValue", "string_value"), _json_text),
        (("boolValue", "bool_value"), _json_bool),
        (("intValue", "int_value"), json_reader.integer),
        (("doubleValue", "double_value"), json_reader.number),
        (("bytesValue", "bytes_value"), json_reader.data),
        (("arrayValue", "array_value"), _json_array),
        (("kvlistValue", "kvlist_value"), _json_map),
    )
    for name in names
}
