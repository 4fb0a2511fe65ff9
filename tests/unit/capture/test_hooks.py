"""Every hooked library: what is captured, and what its application notices: nothing."""

import gzip
import json

import pytest
import snaptrace_capture
from aiohttp import web
from fakes.captured import capturing
from fakes.http_clients import CLIENTS
from fakes.provider import completion, respond
from snaptrace_capture.settings import Settings

# As no JSON library would write it: what is captured is what was sent.
BODY = (
    b'{ "model":"gpt-5","messages" : [{"role":"user","content":"Gr\xc3\xbc\xc3\x9fe'
    b' \\u00e9"}],"seed":7, "temperature":0.0}'
)
SECRET = "sk-secret-of-somebody"

pytestmark = [
    pytest.mark.parametrize("client", CLIENTS),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_is_exact(recorded, model, client, stream):
    """A request would be other than the one that was sent, or its answer lost."""
    status, came = await CLIENTS[client](
        f"{model.url}/chat/completions", BODY, stream=stream
    )
    assert (status, json.loads(came)) == (200, completion("ok"))
    (span,) = recorded.captured
    assert span.attributes["snaptrace.llm.request.body"].encode() == BODY
    call = recorded.call().snapshot
    assert call.fidelity.level == "exact"
    assert call.request.api == "openai_chat"
    assert call.request.body == json.loads(BODY)
    assert call.answer.text == "ok"
    assert call.answer.usage.input_tokens == 11


async def test_no_secret_is_recorded(recorded, model, client):
    """A key in a header or a URL would be in everybody's traces."""
    url = f"{model.url}/chat/completions?key={SECRET}&api-version=2025-01-01"
    headers = {
        "authorization": f"Bearer {SECRET}",
        "api-key": SECRET,
        "x-api-key": SECRET,
        "cookie": SECRET,
        "openai-beta": "assistants=v2",
    }
    await CLIENTS[client](url, BODY, headers)
    (span,) = recorded.captured
    assert SECRET not in span.to_json()
    assert span.attributes["snaptrace.llm.url"].endswith("?api-version=2025-01-01")
    assert span.attributes["snaptrace.llm.request.header.openai-beta"]


async def test_the_instrumentations_span_is_the_same_call(recorded, model, client):
    """One call would be counted twice, or lose its session."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.conversation.id": "talk-1",
    }
    with recorded.tracer.start_as_current_span("chat gpt-5", attributes=attributes):
        await CLIENTS[client](f"{model.url}/chat/completions", BODY)
    call = recorded.call()
    assert call.snapshot.fidelity.level == "exact"
    assert call.snapshot.request.body == json.loads(BODY)
    assert call.session_id == "talk-1"


async def test_the_http_librarys_own_span_does_not_part_them(recorded, model, client):
    """With an HTTP instrumentation beside, one call would be counted twice."""
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai"}
    tracer = recorded.tracer
    with (
        tracer.start_as_current_span("chat gpt-5", attributes=attributes),
        tracer.start_as_current_span(
            "POST", attributes={"http.request.method": "POST"}
        ),
    ):
        await CLIENTS[client](f"{model.url}/chat/completions", BODY)
    assert recorded.call().snapshot.request.body == json.loads(BODY)


async def test_a_failure_is_the_applications_own(recorded, model, client):
    """A capture would hide an error, or the call would look answered."""
    model.answer = lambda _body: 429
    status, _ = await CLIENTS[client](f"{model.url}/chat/completions", BODY)
    assert status == 429
    assert recorded.call().snapshot.answer.outcome == "error"


async def test_a_broken_connection_is_the_applications_own(recorded, model, client):
    """The exception would be another one, or the span would never end."""

    async def cut(request):
        request.transport.abort()
        return web.Response()

    model.answer = lambda _body: cut
    with pytest.raises(Exception, match=r".") as raised:
        await CLIENTS[client](f"{model.url}/chat/completions", BODY)
    assert "snaptrace" not in type(raised.value).__module__
    assert all(s.attributes["snaptrace.llm.error"] for s in recorded.captured)
    assert recorded.call().snapshot.answer.outcome == "error"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_coded_response_is_read(recorded, model, client, stream):
    """Answers of servers that compress would be lost."""
    packed = gzip.compress(json.dumps(completion("packed")).encode())
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    model.answer = lambda _body: respond(200, packed, headers)
    url = f"{model.url}/chat/completions"
    _, came = await CLIENTS[client](url, BODY, stream=stream)
    assert json.loads(came) == completion("packed")
    assert recorded.call().snapshot.answer.text == "packed"


async def test_other_requests_are_left_alone(recorded, model, client):
    """Requests that are none of a model's business would be recorded."""
    await CLIENTS[client](f"{model.url}/orders", BODY)
    await CLIENTS[client](f"{model.url}/chat/completions", b'{"room": "general"}')
    assert recorded.spans == ()


async def test_a_replay_is_no_traffic(recorded, model, client):
    """Replays through the application's gateway would be sampled again."""
    headers = {"x-snaptrace-replay": "1"}
    await CLIENTS[client](f"{model.url}/chat/completions", BODY, headers)
    assert recorded.spans == ()


async def test_a_long_response_is_passed_on_whole(model, client):
    """A bound on what is recorded would cut what the application reads."""
    text = "word " * 40_000
    model.answer = lambda _body: completion(text)
    with capturing(Settings(held_bytes=64 * 1024)) as recorded:
        _, came = await CLIENTS[client](
            f"{model.url}/chat/completions", BODY, stream=True
        )
    assert json.loads(came) == completion(text)
    call = recorded.call().snapshot
    assert call.fidelity.level == "exact"
    assert not call.answer.observed


async def test_a_request_beyond_the_bound_is_not_captured(model, client):
    """Memory would grow with what an application sends."""
    with capturing(Settings(held_bytes=64)) as recorded:
        status, _ = await CLIENTS[client](f"{model.url}/chat/completions", BODY)
    assert (status, recorded.spans) == (200, ())


async def test_nothing_is_left_behind(recorded, model, client):
    """Libraries would stay changed after the capture is taken out."""
    snaptrace_capture.uninstall()
    await CLIENTS[client](f"{model.url}/chat/completions", BODY)
    assert recorded.spans == ()
