import base64
import contextlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict
from measure.recordings import from_archive
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.otlp.signals import OtlpRequest
from collector.recognise import prefilter
from collector.recognise.prefilter import (
    MARKERS,
    RawRecord,
    UnreadableRequestError,
    has_marker,
    signal_of,
    split,
)
from collector.recognise.recogniser import Recogniser
from collector.recognise.record import UnreadableRecordError, decode

_ARCHIVE = Path(__file__).parents[3] / "golden" / "corpus" / "recordings.tar.zst"
_MESSAGES = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}


def _request(body, signal="traces", encoding="protobuf"):
    return OtlpRequest(signal=signal, encoding=encoding, body=body, received_at_ns=0)


def _hex_ids(value):
    """OTLP/JSON writes ids in hex where protobuf's own JSON has base64."""
    if isinstance(value, dict):
        return {
            key: base64.b64decode(inner).hex()
            if key in ("traceId", "spanId", "parentSpanId")
            else _hex_ids(inner)
            for key, inner in value.items()
        }
    return [_hex_ids(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def exports():
    cases = list(from_archive(_ARCHIVE))[::23]
    return [export for case in cases for export in case.exports]


def test_both_encodings_give_the_same_records(exports):
    """A call would depend on how it was encoded."""
    for export in exports:
        message = _MESSAGES[export.signal].FromString(export.body)
        plain = MessageToDict(message)
        texts = [json.dumps(plain), json.dumps(_hex_ids(plain))]
        expected = [decode(raw) for raw in split(export)]
        for text in texts:
            found = split(_request(text.encode(), export.signal, "json"))
            assert [decode(raw) for raw in found] == expected


def test_spans_without_a_marker_are_left_alone():
    """Every span of a service would be decoded."""
    message = ExportTraceServiceRequest()
    spans = message.resource_spans.add().scope_spans.add().spans
    spans.add(name="GET /", span_id=b"1" * 8)
    chat = spans.add(name="chat", span_id=b"2" * 8)
    chat.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    body = message.SerializeToString()
    assert has_marker(body)
    assert [decode(raw).span_id for raw in split(_request(body))] == [b"2" * 8]


def test_a_request_without_a_marker_is_known_by_one_look():
    """Requests without a model call would be split for nothing."""
    message = ExportTraceServiceRequest()
    message.resource_spans.add().scope_spans.add().spans.add(name="GET /")
    assert not has_marker(message.SerializeToString())


def _holds_marker(body):
    return any(marker in body for marker in MARKERS)


def test_the_look_finds_what_is_there_in_all_that_was_recorded():
    """A convention's calls would be lost, or all telemetry be decoded."""
    found = 0
    for case in from_archive(_ARCHIVE):
        for export in case.exports:
            # Whole, which is nearly always a hit, and in pieces of any size.
            for step in (len(export.body), 3_000, 400):
                for at in range(0, len(export.body), step):
                    piece = export.body[at : at + step]
                    assert has_marker(piece) == _holds_marker(piece)
                    found += has_marker(piece)
            records = [raw.body for raw in split(export)]
            assert all(map(_holds_marker, records))
    assert found > 1_000


@pytest.mark.parametrize("size", [0, 1, 40, 767, 768, 769, 70_000])
@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_is_found_wherever_it_stands(marker, size):
    """A search by length and address would stop at a zero, or run past the end."""
    rng = random.Random(size)
    body = bytes(rng.choices(b"\0\n.ae_ilmn", k=size))
    assert has_marker(body) == _holds_marker(body)
    for at in {0, size // 3, size}:
        assert has_marker(body[:at] + marker + body[at:])
        assert not has_marker(bytes(at) + marker[:-1] + bytes(size - at))
    half = len(marker) // 2
    assert not has_marker(bytes(size) + marker[:half])
    assert not has_marker(marker[half:] + bytes(size))


def test_a_c_library_without_the_search_is_done_without(monkeypatch):
    """On another system nothing would be sampled."""
    monkeypatch.setattr(prefilter.ctypes, "PyDLL", lambda _name: object())
    searched = prefilter._memmem()
    body = bytes(3_000) + b"llm.x"
    for marker, typed, length in prefilter._TYPED_MARKERS:
        assert bool(searched(body, None, typed, length)) == (marker == b"llm.")


@pytest.mark.parametrize("signal", ["metrics", "profiles"])
def test_other_signals_hold_no_calls(signal):
    """Bytes of one signal would be read as another's."""
    assert list(split(_request(b"\x0a\x02\x08\x01", signal))) == []


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"\xff\xff\xff", "protobuf"),
        (b"{", "json"),
        (b'{"resourceSpans": 5}', "json"),
        (b"[" * 100_000, "json"),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"[" * 100_000, "json"),
        (b"\xff\xfe", "json"),
    ],
)
def test_damaged_requests_are_refused_by_name(body, encoding):
    """A damaged body would end the tap."""
    with pytest.raises(UnreadableRequestError):
        list(split(_request(body, encoding=encoding)))
    recogniser = Recogniser()
    assert list(recogniser.feed(_request(body, encoding=encoding))) == []
    assert any(key.reason == "unreadable" for key, _ in recogniser.funnel.items())


@pytest.mark.parametrize(
    "record",
    [
        b'{"attributes":5}',
        b'{"attributes":[{"value":{}}]}',
        b'{"startTimeUnixNano":"soon"}',
        b'{"traceId":"zz"}',
        b'{"attributes":[{"key":"a","value":{"intValue":"1e9"}}]}',
        b'{"attributes":[{"key":"a","value":{"bytesValue":5}}]}',
        b"[]",
        b"5",
        b'{"a":' * 5_000,
    ],
)
def test_odd_json_records_are_refused_or_read(record):
    """One odd record would end the tap."""
    raw = RawRecord("span", "json", b"{}", b"{}", record)
    with contextlib.suppress(UnreadableRecordError):
        decode(raw)


def test_a_list_beyond_reason_is_refused():
    """A few megabytes on the wire would become gigabytes of objects."""
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add()
    values = span.attributes.add(key="gen_ai.x").value.array_value.values
    for _ in range(60_000):
        values.add()
    (raw,) = split(_request(message.SerializeToString()))
    with pytest.raises(UnreadableRecordError):
        decode(raw)


def test_the_signal_of_a_bare_message_is_told(exports):
    """A file of spans would be read as logs."""
    for export in exports:
        assert signal_of(export.body) == export.signal


def test_the_relay_can_import_it_without_protobuf():
    """The relay process would carry the tap's weight."""
    code = (
        "import sys, collector.recognise.prefilter;"
        "sys.exit(any(m.startswith(('google.protobuf', 'opentelemetry'))"
        " for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
