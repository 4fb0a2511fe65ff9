"""OTLP between protobuf and JSON."""

import json

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.errors import BodyUndecodableError
from collector.otlp import transcode
from collector.otlp.messages import REQUESTS, RESPONSES

SPAN = {
    "resourceSpans": [
        {
            "resource": {
                "attributes": [{"key": "service.name", "value": {"stringValue": "a"}}]
            },
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "5b8efff798038103d269b633813fc60c",
                            "spanId": "eee19b7ec3c1b174",
                            "parentSpanId": "eee19b7ec3c1b173",
                            "name": "chat",
                            "kind": 3,
                            "startTimeUnixNano": "1544712660000000000",
                            "endTimeUnixNano": "1544712661000000000",
                            "attributes": [
                                {"key": "n", "value": {"intValue": "9007199254740993"}},
                                {"key": "b", "value": {"bytesValue": "AAE="}},
                                {"key": "spanId", "value": {"stringValue": "zz"}},
                            ],
                            "links": [
                                {
                                    "traceId": "5b8efff798038103d269b633813fc60d",
                                    "spanId": "eee19b7ec3c1b175",
                                }
                            ],
                            "status": {"code": 2},
                        }
                    ]
                }
            ],
        }
    ]
}


def test_ids_are_hex_and_enums_integers_both_ways():
    """Every trace would change its id on the way through."""
    body = transcode.to_protobuf(json.dumps(SPAN).encode(), "traces")
    span = REQUESTS["traces"].FromString(body).resource_spans[0].scope_spans[0].spans[0]
    assert span.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert span.links[0].span_id.hex() == "eee19b7ec3c1b175"
    assert (span.kind, span.status.code) == (3, 2)
    assert span.attributes[0].value.int_value == 9007199254740993
    assert json.loads(transcode.to_json(body, "traces")) == SPAN


def test_numbers_as_numbers_snake_case_and_unknown_keys_are_understood():
    """A client that follows the specification's other allowances would be refused."""
    tree = {
        "resource_spans": [
            {
                "newKey": {"deep": [1]},
                "scope_spans": [
                    {"spans": [{"trace_id": "AB" * 16, "start_time_unix_nano": 12}]}
                ],
            }
        ]
    }
    body = transcode.to_protobuf(json.dumps(tree).encode(), "traces")
    span = REQUESTS["traces"].FromString(body).resource_spans[0].scope_spans[0].spans[0]
    assert (span.trace_id, span.start_time_unix_nano) == (b"\xab" * 16, 12)


def test_numbers_that_json_has_no_sign_for_survive():
    """A gauge of infinity would fail its whole batch."""
    message = REQUESTS["metrics"]()
    metric = message.resource_metrics.add().scope_metrics.add().metrics.add()
    metric.gauge.data_points.add().as_double = float("inf")
    body = message.SerializeToString()
    assert transcode.to_protobuf(transcode.to_json(body, "metrics"), "metrics") == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'"x"',
        b'{"resourceSpans": 5}',
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
        b"[" * 5000,
        b'{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":'
        + b'{"arrayValue":{"values":[' * 200
        + b"]}}" * 200
        + b"}]}}]}",
        b"\xff\xfe",
    ],
)
def test_what_is_no_request_is_refused(body):
    """Nonsense would be forwarded as an empty request, or end the relay."""
    with pytest.raises(BodyUndecodableError):
        transcode.to_protobuf(body, "traces")


def test_a_partial_success_survives_both_ways():
    """A client would not learn that items were rejected."""
    response = RESPONSES["logs"]()
    response.partial_success.rejected_log_records = 3
    response.partial_success.error_message = "old"
    body = response.SerializeToString()
    as_json = transcode.response_to_json(body, "logs")
    assert json.loads(as_json)["partialSuccess"]["rejectedLogRecords"] == "3"
    assert transcode.response_to_protobuf(as_json, "logs") == body
    assert transcode.response_to_json(b"\xff", "logs") == b"{}"
    assert transcode.response_to_protobuf(b"<html>", "logs") == b""


@settings(deadline=None)  # the first parse loads the message classes
@given(st.binary(max_size=80), st.sampled_from(sorted(REQUESTS)))
def test_noise_never_raises_anything_else(body, signal):
    """A client could end the relay with a body."""
    for turn in (transcode.to_protobuf, transcode.to_json):
        try:
            turn(body, signal)
        except BodyUndecodableError:
            continue


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["traces", "metrics", "logs"]))
def test_what_parses_comes_back_equal(body, signal):
    """A value would change between the two encodings."""
    try:
        message = REQUESTS[signal].FromString(body)
        as_json = transcode.to_json(body, signal)
    except (BodyUndecodableError, Exception):  # noqa: BLE001 - noise, most of it
        return
    back = REQUESTS[signal].FromString(transcode.to_protobuf(as_json, signal))
    message.DiscardUnknownFields()
    assert json_format.MessageToDict(back) == json_format.MessageToDict(message)
