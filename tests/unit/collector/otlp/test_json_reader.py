"""OTLP/JSON as senders write it, which is more than a strict reader takes."""

import json
import math

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.errors import BodyUndecodableError
from collector.otlp import json_reader, transcode
from collector.otlp.signals import OtlpRequest
from collector.recognise.prefilter import split
from collector.recognise.record import decode


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\udca9b"', "\ufffdb"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\\\ud83d"', "\\\ufffd"),
        (rb'{"\uDBFF":1}', {"\ufffd": 1}),
        (b'"caf\xe9"', "caf\ufffd"),
        (b'"\xf0\x9f\x98"', "\ufffd"),
        (b'"\xed\xa0\xbd"', "\ufffd\ufffd\ufffd"),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'"a\tb\x01"', "a\tb\x01"),
        (b"[Infinity,-Infinity]", [math.inf, -math.inf]),
    ],
)
def test_what_json_does_not_allow_is_read(body, value):
    """One odd string would lose every call of a request, or make a client drop it."""
    assert json_reader.decode(body) == value
    if "Inf" not in repr(body):
        assert json.loads(json_reader.strict(body)) == value


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a":}', b"nope", b"\xff\xfe", b"[" * 10**5]
)
def test_what_is_no_json_is_said(body):
    """Nonsense would pass for an empty request."""
    with pytest.raises(json_reader.UnreadableJsonError):
        json_reader.decode(body)


@given(st.text())
def test_what_is_json_is_read_as_json(text):
    """A repair would change strings that are in order."""
    body = json.dumps(text, ensure_ascii=True).encode()
    assert json_reader.decode(body) == text
    assert json_reader.repaired(body) == body


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        (" -7 ", -7),
        ("1e3", 1000),
        ("1.5E1", 15),
        (1e3, 1000),
        ("9007199254740993", 9007199254740993),
        ("18446744073709551615", 18446744073709551615),
        ("1.5", None),
        (1.5, None),
        ("soon", None),
        ("1e99", None),
        ("9" * 5000, None),
        (math.nan, None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_whole_numbers_come_in_many_spellings(value, number):
    """A count of tokens would be lost, or end the reading of its span."""
    assert json_reader.integer(value) == number


@pytest.mark.parametrize("text", ["+/8A", "-_8A", "+/8A====", "-_8 A", "+/8A\n"])
def test_bytes_come_in_either_alphabet_with_and_without_padding(text):
    """Bytes in the other alphabet would end the reading of their span."""
    assert json_reader.data(text) == b"\xfb\xff\x00"


def test_ids_are_hex_or_base64():
    """Plain protobuf JSON would lose its spans, or a client its batch."""
    assert json_reader.identifier("AB" * 8, 8) == b"\xab" * 8
    assert json_reader.identifier("q6urq6urq6s=", 8) == b"\xab" * 8
    assert json_reader.identifier("q6urq6urq6s", 8) == b"\xab" * 8
    assert json_reader.identifier("zz" * 8, 8) is None
    assert json_reader.identifier("ab", 8) is None
    assert json_reader.identifier(5, 8) is None


_SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "name": "chat",
    "startTimeUnixNano": "1544712660000000000",
    "attributes": [{"key": "gen_ai.system", "value": {"stringValue": "x"}}],
}


def _export(span=None, *, attribute=None, scoped=None, group=None, outer=None):
    span = {**_SPAN, **(span or {})}
    if attribute is not None:
        span["attributes"] = [*_SPAN["attributes"], attribute]
    inner = {"scope": {"name": "s"}, "spans": [span], **(scoped or {})}
    whole = {"resource": {}, "scopeSpans": [inner], **(group or {})}
    return {"resourceSpans": [whole], **(outer or {})}


def _value(value):
    return {"key": "x", "value": value}


# name -> an export request with one span, and what its attribute `x` is
LENIENCIES = {
    "null value": (_export(attribute=_value(None)), None),
    "no value": (_export(attribute={"key": "x"}), None),
    "null string": (_export(attribute=_value({"stringValue": None})), None),
    "null int": (_export(attribute=_value({"intValue": None})), None),
    "int as number": (_export(attribute=_value({"intValue": 7})), 7),
    "int as text": (_export(attribute=_value({"intValue": "7"})), 7),
    "int with exponent": (_export(attribute=_value({"intValue": "7e2"})), 700),
    "int as float": (_export(attribute=_value({"intValue": 7.0})), 7),
    "double as text": (_export(attribute=_value({"doubleValue": "1.5"})), 1.5),
    "double infinity": (
        _export(attribute=_value({"doubleValue": "-Infinity"})),
        -math.inf,
    ),
    "double as int": (_export(attribute=_value({"doubleValue": 2})), 2.0),
    "bytes unpadded": (_export(attribute=_value({"bytesValue": "AQ"})), b"\1"),
    "bytes url-safe": (_export(attribute=_value({"bytesValue": "-_8="})), b"\xfb\xff"),
    "null bytes": (_export(attribute=_value({"bytesValue": None})), None),
    "null array": (_export(attribute=_value({"arrayValue": None})), None),
    "array of null": (_export(attribute=_value({"arrayValue": {"values": None}})), []),
    "null in array": (
        _export(attribute=_value({"arrayValue": {"values": [{"intValue": 1}, None]}})),
        [1, None],
    ),
    "null map": (_export(attribute=_value({"kvlistValue": None})), None),
    "map without value": (
        _export(attribute=_value({"kvlistValue": {"values": [{"key": "z"}]}})),
        {"z": None},
    ),
    "names of protobuf": (_export(attribute=_value({"string_value": "t"})), "t"),
    "names of protobuf everywhere": (
        {
            "resource_spans": [
                {
                    "scope_spans": [
                        {
                            "spans": [
                                {
                                    "trace_id": _SPAN["traceId"],
                                    "span_id": _SPAN["spanId"],
                                    "name": "chat",
                                    "start_time_unix_nano": 1544712660000000000,
                                    "attributes": [
                                        *_SPAN["attributes"],
                                        _value({"int_value": 3}),
                                    ],
                                }
                            ]
                        }
                    ]
                }
            ]
        },
        3,
    ),
    "null resource": (_export(group={"resource": None}), None),
    "null scope": (_export(scoped={"scope": None}), None),
    "null beside": (_export(outer={"resourceSpans2": None}), None),
    "null events": (_export({"events": None, "links": None, "status": None}), None),
    "null attributes": (_export({"kind": None, "flags": None}), None),
    "enum by name": (
        _export({"kind": "SPAN_KIND_CLIENT", "status": {"code": "STATUS_CODE_OK"}}),
        None,
    ),
    "enum as number": (_export({"kind": 3, "status": {"code": 1}}), None),
    "unknown enum": (_export({"kind": "SPAN_KIND_NEW"}), None),
    "unknown fields": (
        _export({"new": {"a": [1, {"b": None}]}}, scoped={"n": []}),
        None,
    ),
    "time as number": (_export({"startTimeUnixNano": 1544712660000000000}), None),
    "time with exponent": (_export({"startTimeUnixNano": "154471266e10"}), None),
    "id in base64": (_export({"traceId": "W47/95gDgQPSabYzgT/GDA=="}), None),
    "id in capitals": (_export({"traceId": _SPAN["traceId"].upper()}), None),
    "no parent": (_export({"parentSpanId": ""}), None),
    "half a pair": (_export(attribute=_value({"stringValue": "a\ud83d"})), "a\ufffd"),
    "former names": (
        {
            "resourceSpans": [
                {
                    "instrumentationLibrarySpans": [
                        {"instrumentationLibrary": {"name": "s"}, "spans": [_SPAN]}
                    ]
                }
            ]
        },
        None,
    ),
}


@pytest.mark.parametrize("name", LENIENCIES)
def test_both_paths_read_the_same(name):
    """The tap would lose a call that was forwarded, or a client be answered 400."""
    tree, attribute = LENIENCIES[name]
    body = json.dumps(tree).encode()
    message = ExportTraceServiceRequest.FromString(
        transcode.to_protobuf(body, "traces")
    )
    span = message.resource_spans[0].scope_spans[0].spans[0]
    request = OtlpRequest(signal="traces", encoding="json", body=body, received_at_ns=0)
    (raw,) = split(request)
    record = decode(raw)
    assert record.trace_id == span.trace_id == bytes.fromhex(_SPAN["traceId"])
    assert record.start_ns == span.start_time_unix_nano == 1544712660000000000
    assert record.attributes["gen_ai.system"] == "x"
    assert record.attributes.get("x") == attribute
    (again,) = split(
        OtlpRequest(
            signal="traces",
            encoding="protobuf",
            body=message.SerializeToString(),
            received_at_ns=0,
        )
    )
    assert decode(again) == record


def test_the_conversion_agrees_with_protobufs_own():
    """The mapping is protobuf's; ours would drift from it."""
    message = ExportTraceServiceRequest()
    spans = message.resource_spans.add().scope_spans.add().spans
    span = spans.add(trace_id=b"\1" * 16, span_id=b"\2" * 8, name="\u20ac", kind=3)
    span.attributes.add(key="b").value.bytes_value = b"\xfb\xff"
    span.attributes.add(key="d").value.double_value = 0.1
    span.attributes.add(key="f").value.bool_value = False
    span.events.add(name="e", time_unix_nano=2**63).attributes.add(key="n")
    span.links.add(trace_id=b"\3" * 16).attributes.add(key="m").value.int_value = -5
    body = message.SerializeToString()
    for names in (True, False):
        tree = json_format.MessageToJson(message, preserving_proto_field_name=names)
        assert transcode.to_protobuf(tree.encode(), "traces") == body
    assert transcode.to_protobuf(transcode.to_json(body, "traces"), "traces") == body


@pytest.mark.parametrize(
    "tree",
    [
        _export({"traceId": "xyz"}),
        _export({"traceId": 5}),
        _export({"attributes": {}}),
        _export({"name": 5}),
        _export(attribute=_value(5)),
        _export(attribute=_value({"intValue": "many"})),
        _export(attribute=_value({"boolValue": "perhaps"})),
        {"resourceSpans": {}},
    ],
)
def test_what_no_mapping_allows_is_refused(tree):
    """Damage would be forwarded as something else than was sent."""
    with pytest.raises(BodyUndecodableError):
        transcode.to_protobuf(json.dumps(tree).encode(), "traces")


def test_one_odd_group_does_not_lose_the_others():
    """A batch of many services would lose all of them for the sake of one."""
    tree = _export()
    tree["resourceSpans"] += [None, {"scopeSpans": [None, {"spans": [None, _SPAN]}]}]
    body = json.dumps(tree).encode()
    request = OtlpRequest(signal="traces", encoding="json", body=body, received_at_ns=0)
    assert len(list(split(request))) == 2
    converted = transcode.to_protobuf(body, "traces")
    assert len(ExportTraceServiceRequest.FromString(converted).resource_spans) == 3
