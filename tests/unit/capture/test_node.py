"""The Node package on the real runtime's `fetch`: captured whole, noticed by nobody."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from aiohttp import web
from fakes.provider import completion
from fakes.records import one, record_of

HERE = Path(__file__).parent / "node"
NODE = shutil.which("node")
CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "Grüße"}], "seed": 7}
BODY = json.dumps(CHAT, ensure_ascii=False)

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


async def run(scenario, url, body=BODY, **environment):
    """Return what the application saw, and the spans that it made."""
    done = await asyncio.to_thread(
        subprocess.run,
        [NODE, str(HERE / "call.js"), scenario, url, body],
        env={**os.environ, "NODE_PATH": str(HERE / "stub"), **environment},
        capture_output=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return json.loads(done.stdout)


def call_of(found):
    """Return the call that a collector makes of the one span."""
    (span,) = found["spans"]
    return one(record_of(span["attributes"]))


@pytest.mark.parametrize(
    "scenario",
    ["text", "json", "buffer", "stream", "bytes", "request", "looked_at", "cloned"],
)
async def test_a_call_is_exact(model, scenario):
    """A request would be other than the one sent, or the answer changed or lost."""
    found = await run(scenario, f"{model.url}/chat/completions")
    assert json.loads(found["came"]) == completion("ok")
    ((_, received),) = model.requests
    assert received == CHAT
    call = call_of(found)
    assert call.request.body == CHAT
    assert call.fidelity.level == "exact"
    assert call.answer.text == "ok"
    assert found["spans"][0]["attributes"]["snaptrace.llm.request.body"] == BODY


async def test_a_stream_is_not_held_back(model):
    """An application would wait for the end before it sees the first words."""
    released = asyncio.Event()

    async def slowly(request):
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: first\n\n")
        await released.wait()
        return response

    model.answer = lambda _body: slowly
    # It cancels after the first piece: the server never sends the end.
    found = await run("cancelled", f"{model.url}/chat/completions")
    released.set()
    assert found["came"] == "data: first\n\n"
    assert len(found["spans"]) == 1


async def test_no_secret_is_recorded(model):
    """A key in a header or a URL would be in everybody's traces."""
    found = await run("secret", f"{model.url}/chat/completions")
    assert "sk-1" not in json.dumps(found["spans"])
    assert found["spans"][0]["attributes"]["snaptrace.llm.url"].endswith("?alt=sse")


async def test_a_form_with_a_file_is_captured(model):
    """A transcription would be lost."""
    sound = "RIFF\x24\x00\x00\x01WAVEfmt "
    sound = sound.replace("\x00", "\x02")  # no argument of a process has a zero
    model.answer = lambda _body: {"text": "open the door"}
    found = await run("form", f"{model.url}/audio/transcriptions", sound)
    call = call_of(found)
    assert (call.request.model, call.answer.text) == ("whisper-1", "open the door")
    assert [(m.kind, m.state) for m in call.media] == [("audio", "inline")]


async def test_the_span_above_the_active_one_is_named(model):
    """An HTTP library's own span would part the capture from the call's."""
    found = await run("beneath", f"{model.url}/chat/completions")
    (span,) = found["spans"]
    assert span["parent"] == "00000000000000aa"
    assert span["attributes"]["snaptrace.llm.outer_span_id"] == "00000000000000bb"


@pytest.mark.parametrize("scenario", ["replay", "unsampled", "uninstalled"])
async def test_what_is_not_to_be_captured_is_sent_all_the_same(model, scenario):
    """A replay would be sampled, or a span be made that nobody wants."""
    found = await run(scenario, f"{model.url}/chat/completions")
    assert json.loads(found["came"]) == completion("ok")
    assert found["spans"] == []
    assert found["isRestored"]


async def test_other_requests_are_left_alone(model):
    """Requests that are none of a model's business would be recorded."""
    found = await run("text", f"{model.url}/orders")
    assert found["spans"] == []
    found = await run("text", f"{model.url}/chat/completions", '{"room": 1}')
    assert found["spans"] == []


async def test_a_failure_is_the_applications_own():
    """An error would be hidden, or the span never end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # and nobody listens there after this
    found = await run("text", f"http://127.0.0.1:{port}/v1/chat/completions")
    assert found["error"] == "TypeError: ECONNREFUSED"
    assert found["spans"][0]["attributes"]["snaptrace.llm.error"] == "TypeError"
    assert call_of(found).answer.outcome == "error"


async def test_a_request_beyond_the_bound_is_not_captured(model):
    """Memory would grow with what an application sends."""
    found = await run("text", f"{model.url}/chat/completions", HELD="64")
    assert json.loads(found["came"]) == completion("ok")
    assert (found["spans"], found["counts"]["too_large"]) == ([], 1)


async def test_a_long_response_is_passed_on_whole(model):
    """A bound on what is recorded would cut what the application reads."""
    model.answer = lambda _body: completion("word " * 40_000)
    url = f"{model.url}/chat/completions"
    found = await run("stream", url, HELD=str(64 * 1024))
    assert json.loads(found["came"]) == completion("word " * 40_000)
    assert found["counts"]["response_cut"] == 1
    call = call_of(found)
    assert (call.fidelity.level, call.answer.observed) == ("exact", False)


def test_both_packages_know_the_same_endpoints():
    """A call would be captured in one language and not in the other."""
    packages = Path(__file__).parents[3] / "capture"
    ours = packages / "python" / "snaptrace_capture" / "endpoints.json"
    assert (packages / "node" / "endpoints.json").read_bytes() == ours.read_bytes()
