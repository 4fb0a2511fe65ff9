"""Answers between gRPC's words and HTTP's."""

import json

import pytest
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from collector.otlp import export_result
from collector.otlp.export_result import ExportResult, from_http, refusal


def test_our_refusals_are_readable_status_messages():
    """A client's library would not find the delay, and hammer us."""
    status = status_pb2.Status.FromString(refusal(14, "later", 300).details)
    assert (status.code, status.message) == (14, "later")
    assert status.details[0].TypeName() == "google.rpc.RetryInfo"
    assert status.details[0].value == b"\x0a\x03\x08\xac\x02"


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, 3, False),
        (401, 16, False),
        (403, 7, False),
        (404, 12, False),
        (413, 8, False),
        (418, 3, False),
        (429, 14, True),
        (500, 13, False),
        (502, 14, True),
        (503, 14, True),
        (504, 14, True),
        (301, 3, False),
    ],
)
def test_an_http_refusal_keeps_its_kind_for_a_grpc_client(status, code, retryable):
    """A batch would be lost, or sent for ever, where the protocols differ."""
    got = from_http(status, b"", "", "", now_seconds=0)
    assert got.code == code
    assert export_result.is_retryable(got) == retryable
    assert (
        export_result.is_retryable(ExportResult(code=got.code, details=got.details))
        == retryable
    )
    assert export_result.http_status(got) == status


def test_an_http_answer_goes_to_an_http_client_as_it_came():
    """Body, media type or delay of the upstream's answer would be rewritten."""
    got = from_http(429, b"<b>slow</b>", "text/html", "17", now_seconds=0)
    assert export_result.http_body(got, "protobuf") == (b"<b>slow</b>", "text/html")
    assert export_result.http_retry_after(got) == "17"
    assert export_result.http_status(got) == 429


def test_retry_after_as_a_date_becomes_a_delay():
    """Clients of gRPC would not learn when to come back."""
    date = "Thu, 01 Jan 1970 00:01:40 GMT"
    got = from_http(503, b"", "", date, now_seconds=70)
    assert (
        export_result.http_retry_after(ExportResult(code=14, details=got.details))
        == "30"
    )


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "9" * 400])
def test_a_retry_after_that_is_none_does_no_harm(text):
    """A broken upstream header would break our answer."""
    got = from_http(503, b"", "", text, now_seconds=0)
    assert export_result.is_retryable(got)


def test_status_text_is_found_in_both_encodings():
    """A gRPC client would not be told why an HTTP upstream refused."""
    body = status_pb2.Status(code=3, message="bad").SerializeToString()
    got = from_http(400, body, "application/x-protobuf", "", now_seconds=0)
    assert got.message == "bad"
    body = b'{"code":3,"message":"bad"}'
    got = from_http(400, body, "application/json", "", now_seconds=0)
    assert got.message == "bad"
    got = from_http(400, b"<html>", "text/html", "", now_seconds=0)
    assert got.message == "upstream answered HTTP 400"


def test_a_json_client_gets_a_json_status():
    """A browser's exporter could not read a protobuf refusal."""
    body, media_type = export_result.http_body(refusal(14, "later", 2), "json")
    assert media_type == "application/json"
    assert json.loads(body) == {
        "code": 14,
        "message": "later",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}
        ],
    }


def test_the_kind_of_a_grpc_refusal_survives_http():
    """Codes that OTLP calls retryable would not be retried over HTTP, or others be."""
    for code in range(1, 17):
        with_delay = refusal(code, "x", 1)
        status = export_result.http_status(with_delay)
        assert (status in (429, 502, 503, 504)) == export_result.is_retryable(
            with_delay
        )


@given(st.binary(max_size=200), st.sampled_from(["application/json", "a/protobuf", ""]))
def test_hostile_bodies_of_an_upstream_never_raise(body, media_type):
    """An upstream could end the relay with a body."""
    got = from_http(503, body, media_type, "", now_seconds=0)
    export_result.http_retry_after(ExportResult(code=14, details=body))
    export_result.http_body(got, "json")
