"""Which leaves of a true request stand nowhere in the telemetry: by a search.

A leaf counts as carried if its value, and for numbers and flags its name, too, is found
anywhere in the exports. So a leaf that is said to be absent is; one that is said to be
carried may be a coincidence, which makes a measure stricter and never kinder.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

_KINDS = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}
# Attributes that name a span's kind -> the kinds that are calls of a model.
_KINDS_OF_CALLS = {
    "openinference.span.kind": ("llm", "embedding"),
    "mlflow.spanType": ("llm", "chat_model", "embedding"),
    "langfuse.observation.type": ("generation", "embedding"),
    "langsmith.span.kind": ("llm", "embedding"),
    "gen_ai.operation.name": (
        "chat",
        "completion",
        "embeddings",
        "generate_content",
        "text_completion",
        "responses",
    ),
}
_MARKS = ("gen_ai.", "llm.")
_MEDIA_CHARACTERS = 64  # base64 longer than this is a medium
_TRANSPORT = ("stream", "stream_options")


def coverage(body: Any, exports: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """Return the coverage record of one request."""
    texts = []
    spans = 0
    for signal, data in exports:
        message = _KINDS[signal]()
        message.ParseFromString(data)
        plain = MessageToDict(message)
        texts.append(json.dumps(plain, ensure_ascii=False).replace("\\", ""))
        spans += _model_spans(plain)
    text = "\n".join(texts)
    absent, media = [], []
    for path, value in _leaves(body, ""):
        if path in _TRANSPORT:
            continue
        if isinstance(value, str) and len(value) > _MEDIA_CHARACTERS and _b64(value):
            whole = value.rpartition(",")[2] in text
            media.append("full" if whole else "absent")
            found = whole
        else:
            found = _stands_in(path, value, text)
        if not found:
            absent.append(path)
    return {"llm_spans_seen": spans, "media": media, "absent": sorted(set(absent))}


def _b64(value: str) -> bool:
    data = value.rpartition(",")[2]
    return (
        " " not in data
        and data.replace("=", "").replace("/", "").replace("+", "").isalnum()
    )


def _stands_in(path: str, value: object, text: str) -> bool:
    if isinstance(value, str):
        plain = json.dumps(value, ensure_ascii=False)[1:-1].replace("\\", "")
        return plain in text
    name = path.rpartition(".")[2]
    return name in text and (json.dumps(value) in text or str(value) in text)


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    elif value is not None:
        yield path, value


def _model_spans(plain: dict[str, Any]) -> int:
    return sum(
        _reports_a_call({a["key"]: a["value"] for a in span.get("attributes", ())})
        or _has_event_of_a_call(span)
        for resource in plain.get("resourceSpans", ())
        for scope in resource.get("scopeSpans", ())
        for span in scope.get("spans", ())
    )


def _has_event_of_a_call(span: dict[str, Any]) -> bool:
    return any(
        event.get("name", "").startswith(("LLMChatStart", "LLMCompletionStart"))
        for event in span.get("events", ())
    )


def _reports_a_call(attributes: dict[str, Any]) -> bool:
    """Decide by the kind that a span names; spans of agents and tools report none."""
    for name, kinds in _KINDS_OF_CALLS.items():
        if name in attributes:
            told = str(attributes[name].get("stringValue", "")).strip('"').lower()
            return told in kinds
    if "traceloop.span.kind" in attributes:
        return False
    return any(name.startswith(_MARKS) for name in attributes)
