"""Jaeger's JSON -> OTLP/JSON: what its UI saves and its query API answers.

Tags keep their types, but for lists, which Jaeger keeps as JSON texts. Source: Jaeger's
`model/json` and OpenTelemetry's "Jaeger" transformation.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

_SCOPE_TAGS = {
    "otel.scope.name": "name",
    "otel.library.name": "name",
    "otel.scope.version": "version",
    "otel.library.version": "version",
}
_NUMBERS = ("int64", "int32", "uint64")
_ID_DIGITS = 32


def is_jaeger(parts: Mapping[str, Any]) -> bool:
    """Detect a Jaeger trace by its keys."""
    return "spans" in parts and "processes" in parts


def from_jaeger(trace: Mapping[str, Any]) -> bytes:
    """Return one trace as an OTLP/JSON request; what is odd in it is left out."""
    processes = trace.get("processes")
    named = processes if isinstance(processes, dict) else {}
    groups = [
        _group(span, named.get(str(span.get("processID"))))
        for span in _objects(trace.get("spans"))
    ]
    return msgspec.json.encode({"resourceSpans": groups})


def _group(span: dict[str, Any], process: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    own = span.get("process")  # files of its storage hold it within the span
    process = process if isinstance(process, dict) else own
    process = process if isinstance(process, dict) else {}
    service = {
        "key": "service.name",
        "value": {"stringValue": str(process.get("serviceName") or "")},
    }
    tags = _objects(span.get("tags"))
    scope = {
        _SCOPE_TAGS[str(tag.get("key"))]: str(tag.get("value"))
        for tag in tags
        if tag.get("key") in _SCOPE_TAGS
    }
    resource = {"attributes": [service, *_attributes(process.get("tags"))]}
    return {
        "resource": resource,
        "scopeSpans": [{"scope": scope, "spans": [_span(span, tags)]}],
    }


def _span(span: dict[str, Any], tags: list[dict[str, Any]]) -> dict[str, Any]:
    start = whole_number(span.get("startTime")) * 1000
    failed = any(
        (tag.get("key"), tag.get("value")) == ("otel.status_code", "ERROR")
        or (tag.get("key") == "error" and tag.get("value") in (True, "true"))
        for tag in tags
    )
    return {
        "traceId": padded_id(span.get("traceID"), _ID_DIGITS),
        "spanId": padded_id(span.get("spanID"), _ID_DIGITS // 2),
        "parentSpanId": padded_id(_parent(span), _ID_DIGITS // 2),
        "name": str(span.get("operationName") or ""),
        "startTimeUnixNano": start,
        "endTimeUnixNano": start + whole_number(span.get("duration")) * 1000,
        "attributes": _attributes(tags),
        "events": [_event(log) for log in _objects(span.get("logs"))],
        "status": {"code": 2} if failed else {},
    }


def _parent(span: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    for reference in _objects(span.get("references")):
        if reference.get("refType") == "CHILD_OF" and (
            reference.get("traceID") == span.get("traceID")
        ):
            return reference.get("spanID")
    return span.get("parentSpanID")


def _event(log: dict[str, Any]) -> dict[str, Any]:
    fields = _objects(log.get("fields"))
    names = [field.get("value") for field in fields if field.get("key") == "event"]
    return {
        "timeUnixNano": whole_number(log.get("timestamp")) * 1000,
        "name": str(names[0]) if names else "",
        "attributes": [
            pair for pair in _attributes(fields) if not names or pair["key"] != "event"
        ],
    }


def _attributes(tags: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    return [
        {"key": str(tag.get("key")), "value": _value(tag)} for tag in _objects(tags)
    ]


def _value(tag: dict[str, Any]) -> dict[str, Any]:
    kind, value = tag.get("type"), tag.get("value")
    if kind in _NUMBERS:
        return {"intValue": value}
    if kind == "float64":
        return {"doubleValue": value}
    if kind == "bool":
        return {"boolValue": value}
    if kind == "binary":
        return {"bytesValue": value}
    return {"stringValue": value if isinstance(value, str) else str(value)}


def _objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    found = value if isinstance(value, list) else []
    return [item for item in found if isinstance(item, dict)]


def whole_number(value: Any) -> int:  # noqa: ANN401 - JSON
    """Return a count of microseconds; 0 for all else."""
    return value if isinstance(value, int) and 0 <= value < 1 << 53 else 0


def padded_id(value: Any, digits: int) -> str:  # noqa: ANN401 - JSON
    """Return an id with the zeros that Jaeger leaves out at its beginning."""
    return value.rjust(digits, "0") if isinstance(value, str) and value else ""
