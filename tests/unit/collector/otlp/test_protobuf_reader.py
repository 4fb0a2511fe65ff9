"""OTLP protobuf with strings that are no UTF-8."""

import asyncio

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from collector.exporter.discard import DiscardUpstream
from collector.otlp import protobuf_reader, transcode
from collector.otlp.export_result import ACCEPTED
from collector.otlp.messages import REQUESTS
from collector.otlp.signals import OtlpRequest
from collector.recognise.prefilter import split
from collector.recognise.record import decode

_MARK = "@@@@"  # as long in UTF-8 as what is put in its place


def _message():
    """Return a request with a mark in every kind of string that a span has."""
    message = ExportTraceServiceRequest()
    group = message.resource_spans.add(schema_url=f"u{_MARK}")
    group.resource.attributes.add(key="service.name").value.string_value = f"a{_MARK}"
    scoped = group.scope_spans.add()
    scoped.scope.name, scoped.scope.version = f"s{_MARK}", f"v{_MARK}"
    for index in range(3):
        span = scoped.spans.add(trace_id=bytes([index]) * 16, span_id=b"\1" * 8)
        span.name, span.trace_state = f"n{_MARK}", f"t{_MARK}"
        span.status.message = f"m{_MARK}"
        for key in ("gen_ai.system", f"k{_MARK}"):
            span.attributes.add(key=key).value.string_value = f"x{_MARK}"
        inner = span.attributes.add(key="deep").value.kvlist_value.values.add(key="b")
        inner.value.array_value.values.add().string_value = _MARK * 50
        span.events.add(name=f"e{_MARK}").attributes.add(key=_MARK)
    return message


_BODY = _message().SerializeToString()
_PLACES = [at for at in range(len(_BODY)) if _BODY.startswith(_MARK.encode(), at)]
ODD = {
    "cut in a sign": b"ab\xf0\x9f",
    "latin-1": b"caf\xe9",
    "half a pair": b"\xed\xa0\xbda",
    "stray": b"\x80abc",
    "overlong": b"\xc0\xafab",
}


@pytest.mark.parametrize("odd", ODD)
def test_no_place_of_a_string_loses_a_call(odd):
    """One cut text would lose its call, one in the resource every call of a service."""
    for at in (_PLACES[0], *_PLACES[::7], _PLACES[-1]):
        body = _BODY[:at] + ODD[odd] + _BODY[at + 4 :]
        request = OtlpRequest(
            signal="traces", encoding="protobuf", body=body, received_at_ns=0
        )
        assert len([decode(raw) for raw in split(request)]) == 3
        whole = protobuf_reader.read(ExportTraceServiceRequest, body)
        text = ODD[odd].decode(errors="replace")
        assert str(whole).count(text) == 1
        assert transcode.to_json(body, "traces").decode().count(text) == 1


def test_all_places_at_once():
    """A service that writes another encoding everywhere would be lost whole."""
    body = _BODY.replace(_MARK.encode(), b"\xe9t\xe9\xe9")
    message = protobuf_reader.read(ExportTraceServiceRequest, body)
    expected = ExportTraceServiceRequest.FromString(_BODY.replace(b"@@@@", b"????"))
    assert str(message).count("\ufffd") == 3 * str(expected).count("????")


def test_what_is_in_order_is_not_touched():
    """Every request would be taken apart in Python."""
    kind = ExportTraceServiceRequest.DESCRIPTOR
    assert protobuf_reader._repaired(_BODY, kind, 0) is _BODY


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics", "profiles"])
def test_a_receiver_without_an_upstream_takes_any_bytes_for_a_string(signal):
    """A client would be answered INVALID_ARGUMENT and drop what the format allows."""
    field = REQUESTS[signal]().DESCRIPTOR.fields[0]
    inner = b"\x1a\x02\xff\xfe"  # its third field, the schema's address
    body = bytes([field.number << 3 | 2, len(inner)]) + inner
    with pytest.raises(DecodeError):
        REQUESTS[signal].FromString(body)
    request = OtlpRequest(
        signal=signal, encoding="protobuf", body=body, received_at_ns=0
    )
    assert asyncio.run(DiscardUpstream().send(request, 1.0)) == ACCEPTED


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\x05a", b"\x0b", b"\x0a\x80" * 20])
def test_damage_is_still_damage(body):
    """What is no message would be acknowledged."""
    for read in (protobuf_reader.read, protobuf_reader.check):
        with pytest.raises(DecodeError):
            read(ExportTraceServiceRequest, body)


@given(st.binary(max_size=200))
def test_noise_is_read_or_refused(body):
    """A client could end the relay with a body."""
    for read in (protobuf_reader.read, protobuf_reader.check):
        try:
            read(ExportLogsServiceRequest, body)
        except DecodeError:
            continue
