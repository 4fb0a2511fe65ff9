"""Export requests of spans and log records, built from plain values."""

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.otlp.signals import OtlpRequest


def _put(value, plain):
    if isinstance(plain, bool):
        value.bool_value = plain
    elif isinstance(plain, int):
        value.int_value = plain
    elif isinstance(plain, str):
        value.string_value = plain
    elif isinstance(plain, dict):
        for key, inner in plain.items():
            pair = value.kvlist_value.values.add()
            pair.key = key
            _put(pair.value, inner)
    else:
        for inner in plain:
            _put(value.array_value.values.add(), inner)


def _fill(pairs, attributes):
    for key, plain in attributes.items():
        pair = pairs.add()
        pair.key = key
        _put(pair.value, plain)


def _request(signal, message, now_ns):
    return OtlpRequest(
        signal=signal,
        encoding="protobuf",
        body=message.SerializeToString(),
        received_at_ns=now_ns,
    )


def spans(entries, *, resource, now_ns, scope=("lib", "1")):
    """Return an export of `(attributes, events, extra)` spans, one trace each."""
    message = ExportTraceServiceRequest()
    group = message.resource_spans.add()
    _fill(group.resource.attributes, resource)
    scoped = group.scope_spans.add()
    scoped.scope.name, scoped.scope.version = scope
    for number, (attributes, events, extra) in entries:
        span = scoped.spans.add()
        span.trace_id = number.to_bytes(16)
        span.span_id = (number & (1 << 64) - 1).to_bytes(8)
        span.name = extra.get("name", "chat")
        span.trace_state = extra.get("trace_state", "")
        span.start_time_unix_nano, span.end_time_unix_nano = now_ns - 10**9, now_ns
        span.status.message = extra.get("status", "")
        span.status.code = 2 if "status" in extra else 0
        _fill(span.attributes, attributes)
        for name, more in events:
            event = span.events.add()
            event.name, event.time_unix_nano = name, now_ns
            _fill(event.attributes, more)
    return _request("traces", message, now_ns)


def logs(entries, *, resource, now_ns):
    """Return an export of `(number, attributes, body)` log records."""
    message = ExportLogsServiceRequest()
    group = message.resource_logs.add()
    _fill(group.resource.attributes, resource)
    scoped = group.scope_logs.add()
    scoped.scope.name = "lib"
    for number, attributes, body in entries:
        record = scoped.log_records.add()
        record.trace_id, record.span_id = number.to_bytes(16), number.to_bytes(8)
        record.time_unix_nano = now_ns
        record.event_name = attributes.get("event.name", "")
        _put(record.body, body)
        _fill(record.attributes, attributes)
    return _request("logs", message, now_ns)
