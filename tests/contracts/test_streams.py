"""Answers as servers really send them: shapes of streams, broken characters, cuts."""

import json
from base64 import b64decode
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replayd.model import ArmAnswer
from replayd.providers import PROVIDERS
from snaptrace.streams.joining import MOST_PARTS

GOLDEN = Path(__file__).parents[1] / "golden"
SHAPES = [
    json.loads(line)
    for line in (GOLDEN / "streams" / "shapes.jsonl").read_text().splitlines()
]
STREAMING = sorted({shape["api"] for shape in SHAPES})


def body_of(shape):
    if "hex" in shape:
        return bytes.fromhex(shape["hex"])
    return shape["body"].encode()


def read(api, kind, body):
    """Read a body, and see that what was read can be written down."""
    reading = PROVIDERS[api].read(200, {"content-type": kind}, body)
    msgspec.msgpack.encode(ArmAnswer(outcome=reading.outcome, answer=reading.answer))
    msgspec.json.encode(reading.answer)
    return reading


@pytest.mark.parametrize(
    "shape", SHAPES, ids=[f"{s['api']}-{s['why']}".replace(" ", "-") for s in SHAPES]
)
def test_a_shape_is_joined_as_its_server_means_it(shape):
    """If it failed, an answer would be scored as something the model did not say."""
    reading = read(shape["api"], shape["content_type"], body_of(shape))
    answer = reading.answer
    calls = [[call.name, call.arguments] for call in answer.tool_calls]
    assert [reading.outcome, answer.text, calls] == shape["want"]


def test_all_streaming_readers_have_shapes():
    """If it failed, one API's streams would be joined by nobody's rules."""
    assert len(STREAMING) >= 5


@pytest.mark.parametrize("api", STREAMING)
def test_no_prefix_and_no_flipped_byte_makes_a_reader_raise(api):
    """If it failed, one answer cut in an unlucky place would end an evaluation."""
    for shape in (shape for shape in SHAPES if shape["api"] == api):
        body = body_of(shape)
        step = max(len(body) // 20, 1)
        for at in range(0, len(body), step):
            read(api, shape["content_type"], body[:at])
            for flip in (0x01, 0x20, 0x80):
                broken = bytearray(body)
                broken[at] ^= flip
                read(api, shape["content_type"], bytes(broken))


@pytest.mark.parametrize("name", PROVIDERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_recorded_answers_cut_flipped_and_spliced_make_no_reader_raise(name, data):
    """If it failed, a contract that says never would be kept by luck."""
    golden = json.loads((GOLDEN / "providers" / f"{name}.json").read_text())
    responses = golden["responses"]
    response = data.draw(st.sampled_from(responses))
    body = bytearray(
        json.dumps(response["json"]).encode()
        if "json" in response
        else b64decode(response["base64"])
        if "base64" in response
        else response["text"].encode()
    )
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, max(len(body) - 1, 0)))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    cut = data.draw(st.integers(0, len(body)))
    kinds = [response["content_type"], "text/event-stream", "application/json", ""]
    read(name, data.draw(st.sampled_from(kinds)), bytes(body[:cut]))


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'data: {"a":', b"data: ["])
def test_deep_nesting_makes_no_reader_raise(name, opening):
    """If it failed, a kilobyte of brackets would end the stack and an evaluation."""
    for depth in (150, 400, 990, 20_000):
        read(name, "application/json", opening * depth + b"1")
        read(name, "text/event-stream", b"data: " + opening * depth + b"\n\n")
        closing = b"]" * depth if opening == b"[" else b"}" * depth
        read(name, "application/json", opening * depth + b"1" + closing)


def test_an_endless_list_of_calls_is_no_answer():
    """If it failed, one stream of small parts would fill the memory."""
    piece = (
        '{"choices":[{"delta":{"tool_calls":[{"index":%d,"function":{"name":"f"}}]}}]}'
    )
    events = [f"data: {piece % number}\n\n" for number in range(MOST_PARTS + 1)]
    end = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
    reading = read("openai_chat", "text/event-stream", "".join([*events, end]).encode())
    assert reading.outcome == "malformed"
