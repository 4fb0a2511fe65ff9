"""Logs of model calls that other tools export -> OTLP/JSON spans.

Langfuse observations, LangSmith runs, Braintrust spans, LiteLLM's logging payload and
OpenAI's stored completions become a span in the attributes of the Langfuse SDK;
Phoenix' spans keep their own. Each under a scope of its own: no recording proves such a
file, so what is read of one is `unverified` until token counts of replays bear it out.

Sources: Langfuse `GET /api/public/observations`; LangSmith `Run`; Braintrust's span
export; LiteLLM `StandardLoggingPayload`; OpenAI `GET /v1/chat/completions`; Phoenix
`GET /v1/projects/{id}/spans`.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

_DEEPEST: Final = 12  # levels of nested attributes
_P: Final = "langfuse.observation."
_PARAMETERS: Final = (
    *("temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "seed"),
    *("stop", "frequency_penalty", "presence_penalty", "n", "tools", "tool_choice"),
    *("response_format", "reasoning_effort", "parallel_tool_calls"),
)


class Logged(Struct, frozen=True, kw_only=True):
    """One call as a log has it."""

    tool: str  # the scope is `<tool>.export`
    trace: str
    span: str
    service: str = ""
    model: str = ""
    asked: Any = None  # messages, or an object with messages
    answered: Any = None
    parameters: Mapping[str, Any] = {}
    input_tokens: int | None = None
    output_tokens: int | None = None
    start_ns: int = 0
    end_ns: int = 0
    session: str = ""
    user: str = ""
    failed: bool = False
    attributes: Mapping[str, Any] = {}  # instead of those made of the fields above


def is_log(parts: Mapping[str, Any]) -> bool:
    """Return whether a record is of one of these tools, by its keys."""
    return _reader_of(parts) is not None


def from_log(record: Mapping[str, Any]) -> bytes:
    """Return one record as an OTLP/JSON request; without a span for other kinds."""
    reader = _reader_of(record)
    found = reader(record) if reader is not None else None
    groups = [] if found is None else [_group(found)]
    return msgspec.json.encode({"resourceSpans": groups})


def _group(call: Logged) -> dict[str, Any]:
    attributes: Mapping[str, Any] = call.attributes or {
        f"{_P}type": "generation",
        f"{_P}model.name": call.model,
        f"{_P}input": call.asked,
        f"{_P}output": call.answered,
        f"{_P}model.parameters": dict(call.parameters),
        f"{_P}usage_details": {
            name: count
            for name, count in (
                ("input", call.input_tokens),
                ("output", call.output_tokens),
            )
            if count is not None
        },
        "session.id": call.session,
        "user.id": call.user,
    }
    span = {
        "traceId": _id(call.trace or call.span, 32),
        "spanId": _id(call.span or call.trace, 16),
        "name": f"{call.tool} export",
        "kind": 3,
        "startTimeUnixNano": call.start_ns,
        "endTimeUnixNano": call.end_ns or call.start_ns,
        "attributes": [
            {"key": key, "value": _value(value)}
            for key, value in attributes.items()
            if value not in ("", None, {}, [])
        ],
        "status": {"code": 2} if call.failed else {},
    }
    name = {"stringValue": call.service or call.tool}
    return {
        "resource": {"attributes": [{"key": "service.name", "value": name}]},
        "scopeSpans": [{"scope": {"name": f"{call.tool}.export"}, "spans": [span]}],
    }


def _value(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and abs(value) < 1 << 53:
        return {"intValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return {"stringValue": text}


def _id(value: str, digits: int) -> str:
    """Return an id of OTLP's length: as it is, else a digest of it."""
    plain = value.replace("-", "").lower()
    if len(plain) == digits and not set(plain) - set("0123456789abcdef"):
        return plain
    return hashlib.blake2b(value.encode(), digest_size=digits // 2).hexdigest()


def _langfuse(record: Mapping[str, Any]) -> Logged | None:
    if str(record.get("type")).upper() != "GENERATION":
        return None
    usage = _object(record.get("usageDetails") or record.get("usage"))
    return Logged(
        tool="langfuse",
        trace=_word(record.get("traceId")),
        span=_word(record.get("id")),
        model=_word(record.get("model")),
        asked=_parsed(record.get("input")),
        answered=_parsed(record.get("output")),
        parameters=_object(record.get("modelParameters")),
        input_tokens=_first_count(usage, "input", "prompt_tokens", "input_tokens"),
        output_tokens=_first_count(
            usage, "output", "completion_tokens", "output_tokens"
        ),
        start_ns=_time(record.get("startTime")),
        end_ns=_time(record.get("endTime")),
        session=_word(record.get("sessionId")),
        user=_word(record.get("userId")),
        failed=record.get("level") == "ERROR",
    )


def _langsmith(record: Mapping[str, Any]) -> Logged | None:
    if record.get("run_type") != "llm":
        return None
    asked = _object(record.get("inputs"))
    extra = _object(record.get("extra"))
    given = _object(extra.get("invocation_params"))
    return Logged(
        tool="langsmith",
        trace=_word(record.get("trace_id")),
        span=_word(record.get("id")),
        service=_word(record.get("session_name")),
        model=_word(asked.get("model") or given.get("model")),
        asked=_with_tools(asked.get("messages", dict(asked)), {**given, **asked}),
        answered=record.get("outputs"),
        parameters={**_chosen(given), **_chosen(asked)},
        input_tokens=_count(record.get("prompt_tokens")),
        output_tokens=_count(record.get("completion_tokens")),
        start_ns=_time(record.get("start_time")),
        end_ns=_time(record.get("end_time")),
        failed=bool(record.get("error")),
    )


def _braintrust(record: Mapping[str, Any]) -> Logged | None:
    if _object(record.get("span_attributes")).get("type") != "llm":
        return None
    metadata, metrics = _object(record.get("metadata")), _object(record.get("metrics"))
    return Logged(
        tool="braintrust",
        trace=_word(record.get("root_span_id")),
        span=_word(record.get("span_id")),
        model=_word(metadata.get("model")),
        asked=_with_tools(_with_attachments(record.get("input")), metadata),
        answered=_completion(record.get("output")),
        parameters=_chosen(metadata),
        input_tokens=_count(metrics.get("prompt_tokens")),
        output_tokens=_count(metrics.get("completion_tokens")),
        start_ns=_time(metrics.get("start")),
        end_ns=_time(metrics.get("end")),
        failed=bool(record.get("error")),
    )


def _litellm(record: Mapping[str, Any]) -> Logged | None:
    if "completion" not in _word(record.get("call_type")):
        return None
    given = _object(record.get("model_parameters"))
    metadata = _object(record.get("metadata"))
    return Logged(
        tool="litellm",
        trace=_word(record.get("trace_id")),
        span=_word(record.get("id")),
        service=_word(metadata.get("user_api_key_alias")),
        model=_word(record.get("model")),
        asked=_with_tools(_parsed(record.get("messages")), given),
        answered=_parsed(record.get("response")),
        parameters=_chosen(given),
        input_tokens=_count(record.get("prompt_tokens")),
        output_tokens=_count(record.get("completion_tokens")),
        start_ns=_time(record.get("startTime")),
        end_ns=_time(record.get("endTime")),
        user=_word(record.get("end_user")),
        failed=record.get("status") == "failure",
    )


def _openai(record: Mapping[str, Any]) -> Logged | None:
    usage = _object(record.get("usage"))
    return Logged(
        tool="openai",
        trace=_word(record.get("request_id") or record.get("id")),
        span=_word(record.get("id")),
        model=_word(record.get("model")),
        asked=_with_tools(
            _stored(record.get("messages") or record.get("input")), record
        ),
        answered={"object": "chat.completion", "choices": record.get("choices")},
        parameters=_chosen(record),
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        start_ns=_time(record.get("created")),
    )


def _phoenix(record: Mapping[str, Any]) -> Logged | None:
    context = _object(record.get("context"))
    flat = dict(_flat(_object(record.get("attributes")), ""))
    kind = _word(record.get("span_kind") or flat.get("openinference.span.kind"))
    if kind.upper() != "LLM":
        return None
    return Logged(
        tool="phoenix",
        trace=_word(context.get("trace_id")),
        span=_word(context.get("span_id")),
        start_ns=_time(record.get("start_time")),
        end_ns=_time(record.get("end_time")),
        failed=record.get("status_code") == "ERROR",
        attributes={**flat, "openinference.span.kind": "LLM"},
    )


def _flat(value: Any, path: str, level: int = 0) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield nested attributes as OpenInference names them: `a.0.b`."""
    if level < _DEEPEST and isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key), level + 1)
    elif level < _DEEPEST and isinstance(value, list) and value and _all_objects(value):
        for place, each in enumerate(value):
            yield from _flat(each, f"{path}.{place}", level + 1)
    elif value is not None:
        yield path, value


def _all_objects(value: list[Any]) -> bool:
    return all(isinstance(each, dict) for each in value)


# Keys that only such a record has, and what reads it.
_READERS: Final[
    tuple[tuple[frozenset[str], Callable[[Mapping[str, Any]], Logged | None]], ...]
] = (
    (frozenset(("traceId", "type", "startTime", "input")), _langfuse),
    (frozenset(("run_type", "inputs", "outputs")), _langsmith),
    (frozenset(("span_id", "root_span_id", "span_attributes", "input")), _braintrust),
    (frozenset(("call_type", "messages", "response", "startTime")), _litellm),
    (frozenset(("context", "span_kind", "attributes", "start_time")), _phoenix),
    (frozenset(("object", "choices", "created", "messages")), _openai),
    (frozenset(("object", "choices", "created", "input")), _openai),
)


def _reader_of(
    record: Mapping[str, Any],
) -> Callable[[Mapping[str, Any]], Logged | None] | None:
    return next((reader for keys, reader in _READERS if keys <= record.keys()), None)


def _with_tools(messages: Any, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return messages, with the tools beside them where some were offered."""
    held = {key: given[key] for key in ("tools", "tool_choice") if given.get(key)}
    return {"messages": messages, **held} if held else messages


def _completion(output: Any) -> Any:  # noqa: ANN401 - JSON
    """Return logged choices as the completion that they stood in."""
    listed = isinstance(output, list) and output and _all_objects(output)
    if listed and all("message" in each for each in output):
        return {"object": "chat.completion", "choices": output}
    return output


def _stored(messages: Any) -> Any:  # noqa: ANN401 - JSON
    """Return stored messages as they were sent: parts in their place, no empty keys."""
    if not isinstance(messages, list):
        return messages
    return [_stored_message(m) if isinstance(m, dict) else m for m in messages]


def _stored_message(message: dict[str, Any]) -> dict[str, Any]:
    kept = _without_empty(
        {k: v for k, v in message.items() if k not in ("id", "content_parts")}
    )
    content = _without_empty(message.get("content_parts")) or message.get("content")
    return {"role": kept.pop("role", "user"), "content": content, **kept}


def _without_empty(value: Any, level: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without keys that the SDK writes for what was not given."""
    if level < _DEEPEST and isinstance(value, list):
        return [_without_empty(each, level + 1) for each in value]
    if level < _DEEPEST and isinstance(value, dict):
        return {
            key: _without_empty(each, level + 1)
            for key, each in value.items()
            if each not in (None, [])
        }
    return value


def _with_attachments(value: Any, level: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Return messages with the address of each file that stands beside the log.

    One that the tool keeps has none: its key says that bytes are missing.
    """
    if level > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_with_attachments(each, level + 1) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if kind == "external_attachment":
        return _word(value.get("url"))
    if kind == "braintrust_attachment":
        return f"<attachment {_word(value.get('key'))}>"
    return {key: _with_attachments(each, level + 1) for key, each in value.items()}


def _chosen(given: Mapping[str, Any]) -> dict[str, Any]:
    return {k: given[k] for k in _PARAMETERS if given.get(k) is not None}


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:  # noqa: ANN401 - JSON
    plain = isinstance(value, int) and not isinstance(value, bool)
    return value if plain and 0 <= value < 1 << 53 else None


def _first_count(counts: Mapping[str, Any], *names: str) -> int | None:
    """Return the first count that is there."""
    found = (_count(counts.get(name)) for name in names)
    return next((count for count in found if count is not None), None)


def _parsed(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON that some exports keep as text."""
    if not isinstance(value, str) or value[:1] not in "[{":
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _time(value: Any) -> int:  # noqa: ANN401 - JSON
    """Return Unix nanoseconds of a time in seconds or ISO 8601; 0 if it is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value * 1e9) if 0 <= value < 1 << 33 else 0
    if not isinstance(value, str):
        return 0
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return 0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(at.timestamp() * 1e6) * 1000
