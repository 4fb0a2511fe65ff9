"""OTLP encoding of judged pairs: one trace per pair, plus evaluation events. No I/O.

Sources: OpenTelemetry protocol 1.5 and later (`event_name` of log records); semantic
conventions for generative AI as of 2026 (client spans, `gen_ai.evaluation.result`).
Every span and event carries `snaptrace.replay`, by which a collector of ours leaves
them out of the sample.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from replayd.arms.outcomes import has_answer
from replayd.model import StreamScore
from snaptrace import VERSION

RESOURCE = {"service.name": "snaptrace-replayd", "service.version": VERSION}
SCOPE = "snaptrace.replayd"
MARK = "snaptrace.replay"
EVENT = "gen_ai.evaluation.result"
_INTERNAL, _CLIENT, _ERROR, _INFO, _SAMPLED = 1, 3, 2, 9, 1  # numbers on the wire

Value = str | int | float | bool | Sequence[str] | None


class ExportedArm(Struct, frozen=True, kw_only=True, gc=False):
    """One arm's outcome, without content."""

    place: str  # canary, control or second_control
    name: str
    provider: str
    operation: str
    model: str
    address: str
    port: int
    outcome: str
    served_model: str
    response_id: str
    finish_reason: str
    input_tokens: int | None
    output_tokens: int | None
    latency_ms: float
    attempts: int


class ExportedPair(Struct, frozen=True, kw_only=True):
    """One judged pair: ids and numbers."""

    epoch: str
    canary: str
    revision: str
    number: int
    lane: str
    modality: str
    snapshot_id: str
    trace_id: str  # of the recorded call, hex
    span_id: str
    at_ns: int  # when it was judged
    excluded: str
    streams: dict[str, StreamScore]
    arms: tuple[ExportedArm, ...]


def spans(pairs: Sequence[ExportedPair], own: Mapping[str, str]) -> bytes:
    """Return an export request with a span per pair and a child span per call.

    `own` are the resource's attributes.
    A call's end is not kept: it is taken to have ended when the pair was judged.
    """
    message: Any = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    _fill(resource.resource.attributes, own)
    scope = resource.scope_spans.add()
    scope.scope.name = SCOPE
    for pair in pairs:
        longest_ms = max(arm.latency_ms for arm in pair.arms)
        root = scope.spans.add(
            trace_id=_id(pair, "", 16),
            span_id=_id(pair, "pair", 8),
            name=f"replay {pair.modality}",
            kind=_INTERNAL,
            start_time_unix_nano=pair.at_ns - int(longest_ms * 1e6),
            end_time_unix_nano=pair.at_ns,
        )
        _fill(root.attributes, _of_pair(pair))
        if (recorded := _recorded(pair)) is not None:
            link = root.links.add(trace_id=recorded[0], span_id=recorded[1])
            _fill(link.attributes, {"snaptrace.link": "recorded_call"})
        for arm in pair.arms:
            _add_call(scope, pair, arm)
    encoded: bytes = message.SerializeToString()
    return encoded


def evaluations(
    pairs: Sequence[ExportedPair], own: Mapping[str, str], *, under_spans: bool
) -> bytes:
    """Return an export request with one event per scored stream of each pair.

    The event belongs to the canary's call: by its span where spans are sent, and by
    `gen_ai.response.id` always.
    """
    message: Any = ExportLogsServiceRequest()
    resource = message.resource_logs.add()
    _fill(resource.resource.attributes, own)
    scope = resource.scope_logs.add()
    scope.scope.name = SCOPE
    for pair in pairs:
        for stream, score in pair.streams.items():
            record = scope.log_records.add(
                time_unix_nano=pair.at_ns,
                observed_time_unix_nano=pair.at_ns,
                severity_number=_INFO,
                event_name=EVENT,
            )
            if under_spans:
                record.trace_id = _id(pair, "", 16)
                record.span_id = _id(pair, "canary", 8)
                record.flags = _SAMPLED
            _fill(record.attributes, _of_score(pair, stream, score))
    encoded: bytes = message.SerializeToString()
    return encoded


def _add_call(scope: Any, pair: ExportedPair, arm: ExportedArm) -> None:  # noqa: ANN401 - generated class
    call = scope.spans.add(
        trace_id=_id(pair, "", 16),
        span_id=_id(pair, arm.place, 8),
        parent_span_id=_id(pair, "pair", 8),
        name=f"{arm.operation} {arm.model}",
        kind=_CLIENT,
        start_time_unix_nano=pair.at_ns - int(arm.latency_ms * 1e6),
        end_time_unix_nano=pair.at_ns,
    )
    answered = has_answer(arm.outcome)
    if not answered:
        call.status.code = _ERROR
    reasons = [arm.finish_reason] if arm.finish_reason else None
    attributes: dict[str, Value] = {
        MARK: True,
        "gen_ai.operation.name": arm.operation,
        "gen_ai.provider.name": arm.provider,
        "gen_ai.request.model": arm.model,
        "gen_ai.response.model": arm.served_model or None,
        "gen_ai.response.id": arm.response_id or None,
        "gen_ai.response.finish_reasons": reasons,
        "gen_ai.usage.input_tokens": arm.input_tokens,
        "gen_ai.usage.output_tokens": arm.output_tokens,
        "server.address": arm.address,
        "server.port": arm.port,
        "error.type": None if answered else arm.outcome,
        "snaptrace.arm": arm.name,
        "snaptrace.place": arm.place,
        "snaptrace.outcome": arm.outcome,
        "snaptrace.attempts": arm.attempts,
    }
    _fill(call.attributes, attributes)


def _of_pair(pair: ExportedPair) -> dict[str, Value]:
    return {
        MARK: True,
        "snaptrace.canary": pair.canary,
        "snaptrace.revision": pair.revision or None,
        "snaptrace.epoch": pair.epoch,
        "snaptrace.number": pair.number,
        "snaptrace.lane": pair.lane,
        "snaptrace.modality": pair.modality,
        "snaptrace.snapshot_id": pair.snapshot_id,
        "snaptrace.excluded": pair.excluded or None,
    }


def _of_score(pair: ExportedPair, stream: str, score: StreamScore) -> dict[str, Value]:
    canary = next(arm for arm in pair.arms if arm.place == "canary")
    return {
        **_of_pair(pair),
        "gen_ai.evaluation.name": f"snaptrace.{stream}",
        "gen_ai.evaluation.score.value": score.canary,
        "gen_ai.evaluation.score.label": _label(score),
        "gen_ai.evaluation.explanation": score.reason or None,
        "gen_ai.response.id": canary.response_id or None,
        "error.type": "judge_away" if score.canary is None else None,
        "snaptrace.scorer": score.scorer,
        "snaptrace.control_score": score.control,
        "snaptrace.recorded.trace_id": pair.trace_id,
        "snaptrace.recorded.span_id": pair.span_id,
    }


def _label(score: StreamScore) -> str | None:
    """Return how the canary did beside the control; None where there was neither."""
    if score.canary is None or score.control is None:
        return None
    if score.canary == score.control:
        return "same"
    return "better" if score.canary > score.control else "worse"


def _id(pair: ExportedPair, what: str, size_bytes: int) -> bytes:
    """Return a deterministic id of a pair, so that repeated exports deduplicate."""
    text = f"{pair.epoch}/{pair.number}/{what}"
    return hashlib.blake2b(text.encode(), digest_size=size_bytes).digest()


def _recorded(pair: ExportedPair) -> tuple[bytes, bytes] | None:
    try:
        found = bytes.fromhex(pair.trace_id), bytes.fromhex(pair.span_id)
    except ValueError:
        return None
    return found if (len(found[0]), len(found[1])) == (16, 8) else None


def _fill(fields: Any, attributes: Mapping[str, Value]) -> None:  # noqa: ANN401 - generated class
    fields.extend(_pairs(attributes))


def _pairs(attributes: Mapping[str, Value]) -> Iterator[KeyValue]:
    for name, value in attributes.items():
        if value is None:
            continue
        field = KeyValue(key=name)
        if isinstance(value, bool):
            field.value.bool_value = value
        elif isinstance(value, int):
            field.value.int_value = value
        elif isinstance(value, float):
            field.value.double_value = value
        elif isinstance(value, str):
            field.value.string_value = value
        else:
            field.value.array_value.values.extend(
                type(field.value)(string_value=each) for each in value
            )
        yield field
