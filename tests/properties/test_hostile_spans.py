"""Spans are written by others: nothing in them may cost much, or raise."""

import random
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measure.recordings import from_archive
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.otlp.signals import OtlpRequest
from collector.recognise.recogniser import Recogniser

_ARCHIVE = Path(__file__).parents[1] / "golden" / "corpus" / "recordings.tar.zst"
_CPU_SECONDS_MAX = 5.0  # far above any single request here; a hang, not a speed, fails
HOSTILE = (
    "[" * 100_000,
    '{"a":' * 5_000 + "1" + "}" * 5_000,
    '{"messages":[1,null,{"role":5,"content":{"x":[]}}]}',
    '{"messages":[{"role":"user","content":[null,{"type":"image_url","image_url":7}]}]}',
    '{"messages":[{"role":"user","content":[{"type":"file","file":[]}]}],"tools":[5]}',
    '{"messages":[[{"lc":1,"kwargs":{"content":[{"type":"image","base64":5}]}}]]}',
    '{"contents":[{"parts":5,"role":[]}],"config":[]}',
    '{"input":[5,null,{"type":"message","role":5}],"model":[]}',
    '{"tools":{"a":1},"messages":[],"response_format":5,"tool_choice":[]}',
    '[{"role":"user","parts":[{"type":"blob","content":5},{"type":"uri","uri":null}]}]',
    '[{"role":"tool","parts":[{"type":"tool_call_response","result":{"a":1}}]}]',
    '[{"role":null,"parts":null},null,5]',
    '{"a":1' + "0" * 400 + "}",
    '"\\ud800"',
    "[{'a': 1, 'b': [None, True",
    '{"type":"Buffer","data":[1,2,999]}',
    "[" + "[]," * 600_000 + "[]]",
    "1e999",
    "",
    "null",
    "[{}]",
    "data:image/png;base64,",
)
VALUES = st.sampled_from(HOSTILE) | st.text(max_size=40)


@pytest.fixture(scope="module")
def exports():
    cases = list(from_archive(_ARCHIVE))
    return [
        export for case in cases for export in case.exports if len(export.body) < 40_000
    ]


def _feed(body, signal):
    recogniser = Recogniser()
    request = OtlpRequest(
        signal=signal, encoding="protobuf", body=body, received_at_ns=0
    )
    calls = [*recogniser.feed(request), *recogniser.flush(0)]
    for call in calls:
        assert msgspec.json.encode(call.snapshot.fidelity)
        assert all(0 <= index < len(call.snapshot.media) for index in call.blobs)
    return calls


def _set(value, data):
    choice = data.draw(st.integers(0, 5))
    if choice <= 2:
        value.string_value = data.draw(VALUES)
    elif choice == 3:
        value.double_value = data.draw(st.sampled_from([float("nan"), 1e300, -0.0]))
    elif choice == 4:
        value.bytes_value = b"\xff\x00"
    else:
        value.array_value.values.add().kvlist_value.values.add().key = "type"


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_recorded_spans_with_hostile_values_are_survived(exports, data):
    """One crafted attribute would end the tap for everybody."""
    export = exports[data.draw(st.integers(0, len(exports) - 1))]
    kind = ExportTraceServiceRequest if export.signal == "traces" else None
    if kind is None:
        message = ExportLogsServiceRequest.FromString(export.body)
        records = [
            record
            for group in message.resource_logs
            for scoped in group.scope_logs
            for record in scoped.log_records
        ]
        for record in records:
            _set(record.body, data)
    else:
        message = kind.FromString(export.body)
        for group in message.resource_spans:
            for scoped in group.scope_spans:
                for span in scoped.spans:
                    for index in range(0, len(span.attributes), 3):
                        _set(span.attributes[index].value, data)
                    if data.draw(st.booleans()):
                        span.parent_span_id = span.span_id
    _feed(message.SerializeToString(), export.signal)


def test_damaged_bytes_are_survived(exports):
    """A flipped bit on the way would end the tap."""
    rng = random.Random(7)
    began = time.process_time()
    for export in rng.sample(exports, 150):
        body = bytearray(export.body)
        for _ in range(4):
            body[rng.randrange(len(body))] = rng.randrange(256)
        _feed(bytes(body), export.signal)
        _feed(export.body[: rng.randrange(len(export.body))], export.signal)
    assert time.process_time() - began < 10 * _CPU_SECONDS_MAX


def _span_with(**attributes):
    message = ExportTraceServiceRequest()
    span = (
        message.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="chat")
    )
    for key, value in attributes.items():
        span.attributes.add(key=key).value.string_value = value
    return message.SerializeToString()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    ("key", "marks"),
    [
        ("gen_ai.input.messages", {"gen_ai.operation.name": "chat"}),
        ("gen_ai.prompt", {"gen_ai.operation.name": "chat"}),
        ("input.value", {"openinference.span.kind": "LLM"}),
        ("mlflow.spanInputs", {"mlflow.spanType": '"CHAT_MODEL"'}),
        ("request_data", {"logfire.span_type": "span"}),
        ("ai.prompt.messages", {"ai.operationId": "ai.generateText.doGenerate"}),
        ("langfuse.observation.input", {"langfuse.observation.type": "generation"}),
        ("gcp.vertex.agent.llm_request", {"gen_ai.system": "gcp.vertex.agent"}),
        ("events", {"model_request_parameters": "{}", "gen_ai.operation.name": "chat"}),
        ("haystack.component.input", {"haystack.component.type": "OpenAIGenerator"}),
        (
            "llm.openai.messages",
            {"litellm.call_id": "1", "llm.request.type": "completion"},
        ),
        ("gen_ai.prompt.0.content", {"llm.request.type": "chat"}),
    ],
)
def test_every_dialect_survives_every_hostile_value(key, marks, text):
    """A dialect that trusts its convention would be a way in."""
    _feed(_span_with(**marks, **{key: text}), "traces")
