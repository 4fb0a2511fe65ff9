"""Zipkin's JSON, second version -> OTLP/JSON.

Zipkin keeps every value as text. Numbers and flags get their type back where a
convention has no text: parameters, counts and limits; a list that a tag holds as JSON
is read as such by the dialects. Source: OpenTelemetry's "Zipkin" transformation.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from collector.offline.jaeger_spans import padded_id, whole_number

_SCOPE_TAGS = {
    "otel.scope.name": "name",
    "otel.library.name": "name",
    "otel.scope.version": "version",
    "otel.library.version": "version",
}
_TYPED = (
    "gen_ai.request.",
    "gen_ai.usage.",
    "llm.token_count.",
    "llm.usage.",
    "ai.usage.",
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d{1,20})?(?:[eE][+-]?\d{1,3})?")
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16


def is_zipkin(parts: Mapping[str, Any]) -> bool:
    """Detect a span of Zipkin by its keys."""
    return {"traceId", "id"} <= parts.keys() and (
        "localEndpoint" in parts or "tags" in parts
    )


def from_zipkin(span: Mapping[str, Any]) -> bytes:
    """Return one span as an OTLP/JSON request; what is odd in it is left out."""
    tags = _object(span.get("tags"))
    scope = {
        _SCOPE_TAGS[key]: str(value)
        for key, value in tags.items()
        if key in _SCOPE_TAGS
    }
    name = str(_object(span.get("localEndpoint")).get("serviceName") or "")
    service = {"key": "service.name", "value": {"stringValue": name}}
    group = {
        "resource": {"attributes": [service]},
        "scopeSpans": [{"scope": scope, "spans": [_span(span, tags)]}],
    }
    return msgspec.json.encode({"resourceSpans": [group]})


def _span(span: Mapping[str, Any], tags: dict[str, Any]) -> dict[str, Any]:
    start = whole_number(span.get("timestamp")) * 1000
    failed = tags.get("otel.status_code") == "ERROR" or "error" in tags
    return {
        "traceId": padded_id(span.get("traceId"), _TRACE_DIGITS),
        "spanId": padded_id(span.get("id"), _SPAN_DIGITS),
        "parentSpanId": padded_id(span.get("parentId"), _SPAN_DIGITS),
        "name": str(span.get("name") or ""),
        "startTimeUnixNano": start,
        "endTimeUnixNano": start + whole_number(span.get("duration")) * 1000,
        "attributes": [
            {"key": key, "value": _value(key, value)} for key, value in tags.items()
        ],
        "status": {"code": 2} if failed else {},
    }


def _value(key: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    text = value if isinstance(value, str) else str(value)
    if key.startswith(_TYPED):
        if text in ("true", "false"):
            return {"boolValue": text == "true"}
        if number := _NUMBER.fullmatch(text):
            whole = number[1] is None and "e" not in text.lower()
            return {"intValue": text} if whole else {"doubleValue": float(text)}
    return {"stringValue": text}


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}
