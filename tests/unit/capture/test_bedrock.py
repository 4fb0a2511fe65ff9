"""Amazon's own client, which signs, and streams in a format of its own."""

import asyncio
import base64
import json
from pathlib import Path

import botocore.session
import pytest
from fakes.provider import respond

GOLDEN = Path(__file__).parents[2] / "golden" / "providers" / "bedrock_converse.json"
MESSAGES = [{"role": "user", "content": [{"text": "Grüße"}]}]


@pytest.fixture
def client(model):
    """Return a client of Bedrock whose endpoint is the model server."""
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret-of-the-account", "session-token")
    return session.create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=model.url.removesuffix("/v1"),
    )


def recorded_stream():
    """Return a stream as the service sent it, and what it says."""
    for row in json.loads(GOLDEN.read_text())["responses"]:
        if "base64" in row and row["expect"].get("outcome") == "answered":
            return base64.b64decode(row["base64"]), row["expect"]
    raise AssertionError("no recorded stream")


async def test_converse_is_exact(recorded, model, client):
    """Calls of Bedrock's client would be lost, or its keys be recorded."""
    message = {"role": "assistant", "content": [{"text": "Hallo"}]}
    usage = {"inputTokens": 3, "outputTokens": 1, "totalTokens": 4}
    model.answer = lambda _body: {
        "output": {"message": message},
        "stopReason": "end_turn",
        "usage": usage,
        "metrics": {"latencyMs": 1},
    }
    answer = await asyncio.to_thread(
        client.converse,
        modelId="amazon.nova-pro-v1:0",
        messages=MESSAGES,
        inferenceConfig={"maxTokens": 9},
    )
    assert answer["output"]["message"] == message
    call = recorded.call().snapshot
    ((_, sent),) = model.requests
    assert call.request.body == sent
    assert (call.request.api, call.request.model) == (
        "bedrock_converse",
        "amazon.nova-pro-v1:0",
    )
    assert call.fidelity.level == "exact"
    assert (call.answer.text, call.answer.usage.input_tokens) == ("Hallo", 3)
    (span,) = recorded.captured
    assert "AKIDEXAMPLE" not in span.to_json()
    assert "session-token" not in span.to_json()


async def test_a_stream_of_converse_is_read(recorded, model, client):
    """The answer of a streamed call would be lost, or cut for the application."""
    stream, expect = recorded_stream()
    kind = {"content-type": "application/vnd.amazon.eventstream"}
    model.answer = lambda _body: respond(200, stream, kind)

    def read():
        found = client.converse_stream(modelId="m", messages=MESSAGES)
        return list(found["stream"])

    events = await asyncio.to_thread(read)
    assert events
    call = recorded.call().snapshot
    assert call.fidelity.level == "exact"
    assert call.answer.text == expect.get("text", "")


async def test_invoke_model_is_exact(recorded, model, client):
    """A body that is the model's own would be read as another API's."""
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
    }
    model.answer = lambda _body: {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "ho"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 1},
    }

    def invoke():
        found = client.invoke_model(
            modelId="anthropic.claude-sonnet-4-5", body=json.dumps(body)
        )
        return json.loads(found["body"].read())

    answer = await asyncio.to_thread(invoke)
    assert answer["content"][0]["text"] == "ho"
    call = recorded.call().snapshot
    assert call.request.api == "bedrock_invoke"
    assert call.request.body == body
    assert call.fidelity.level == "exact"
    assert call.answer.text == "ho"
