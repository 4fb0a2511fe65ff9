"""How an endpoint is reached: TLS, a proxy, a stream, and never anywhere else."""

import asyncio
import random
import ssl

import pytest
from aiohttp import web
from fakes.certificates import Authority
from fakes.leaping_loop import LoopClock
from fakes.provider import FakeProvider, completion, respond

from replayd.arms.arm import endpoint_settings
from replayd.arms.endpoint import Endpoint
from replayd.config import ArmConfig
from replayd.providers import PROVIDERS
from replayd.providers.contract import ProviderRequest

ASK = ProviderRequest(method="POST", path="/chat/completions", body=b"{}")


async def ask(url, environ=None, seconds=5.0, **more):
    """Ask once, as an arm with this configuration would."""
    config = ArmConfig(role="canary", url=url, model="m", **more)
    settings = endpoint_settings("canary", config, environ or {})
    provider = PROVIDERS[config.api]
    async with Endpoint(settings, provider, LoopClock(), random.Random(1)) as endpoint:
        await endpoint.take_slot()
        deadline = asyncio.get_running_loop().time() + seconds
        return await endpoint.attempt(ASK, deadline)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_no_credential_to_another_host(status):
    """If it failed, whoever answers for a model could collect its keys."""
    async with FakeProvider() as thief:
        away = {"location": f"{thief.url}/chat/completions"}
        async with FakeProvider(lambda _b: respond(status, headers=away)) as server:
            attempt = await ask(server.url, {"KEY": "s3cret"}, api_key_env="KEY")
    assert thief.requests == []
    assert len(server.requests) == 1
    assert attempt.reading.outcome == "malformed"
    assert attempt.reading.detail == f"status_{status}"


async def test_a_certificate_of_the_operators_own_authority(tmp_path):
    """If it failed, a model inside a cluster could not be reached, or any could."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server"))
    async with FakeProvider(tls=context) as server:
        trusted = await ask(server.url, ca_file=str(authority.file))
        stranger = await ask(server.url)
    assert trusted.reading.outcome == "answered"
    assert stranger.reading.outcome == "connection"
    assert "Certificate" in stranger.reading.detail


async def test_a_proxy_is_asked_in_place_of_the_host():
    """If it failed, replays would leave a network by a way that nobody opened."""
    async with FakeProvider(lambda _b: completion("through")) as proxy:
        where = f"http://127.0.0.1:{proxy.port}"
        attempt = await ask("http://model.invalid/v1", proxy=where)
    assert attempt.reading.answer.text == "through"
    headers = {k.lower(): v for k, v in proxy.requests[0][0].items()}
    assert headers["host"] == "model.invalid"


async def test_a_key_from_a_file(tmp_path):
    """If it failed, a mounted secret could not be used."""
    file = tmp_path / "key"
    file.write_text("s3cret\n")
    async with FakeProvider() as server:
        await ask(server.url, api_key_file=str(file))
    headers = {k.lower(): v for k, v in server.requests[0][0].items()}
    assert headers["authorization"] == "Bearer s3cret"


def streamed(pieces, *, endless=False, cut=False):
    async def answer(request):
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        while endless:
            await response.write(pieces[-1])
            await asyncio.sleep(0.01)
        if cut:
            request.transport.abort()
        return response

    return lambda _body: answer


PIECE = b'data: {"model":"m","choices":[{"delta":{"content":"a"}}]}\n\n'
END = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
BROKEN_STREAMS = {
    "garbage": (streamed([b"data: \xff\x00{\n\n", b"\x00" * 99]), "malformed"),
    "without an end": (streamed([PIECE]), "malformed"),
    "never ends": (streamed([PIECE], endless=True), "timeout"),
    "cut in mid-frame": (streamed([PIECE, PIECE[:20]], cut=True), "connection"),
    "more than may be": (streamed([PIECE * 3000]), "malformed"),
    "an error inside": (
        streamed([PIECE, b'data: {"error":{"message":"x"}}\n\n']),
        "server_error",
    ),
    "whole": (streamed([PIECE, END, b"data: [DONE]\n\n"]), "answered"),
}


@pytest.mark.parametrize("name", BROKEN_STREAMS)
async def test_a_stream_that_breaks_is_typed(name):
    """If it failed, half an answer would be scored as a whole one."""
    answer, outcome = BROKEN_STREAMS[name]
    async with FakeProvider(answer) as server:
        seconds = 0.5 if outcome == "timeout" else 15.0
        attempt = await ask(server.url, seconds=seconds, max_response_bytes=100_000)
    assert attempt.reading.outcome == outcome


async def test_the_servers_own_limits_are_kept_with_the_answer():
    """If it failed, nobody could see later why a model had pushed back."""
    headers = {"x-ratelimit-remaining-tokens": "9", "content-type": "application/json"}
    async with FakeProvider(lambda _b: respond(429, headers=headers)) as server:
        attempt = await ask(server.url)
    assert attempt.quota == {"x-ratelimit-remaining-tokens": "9"}
