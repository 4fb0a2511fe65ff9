"""One server behind a throttle: every way it can misbehave is typed."""

import asyncio
import gzip
import json
import random

import pytest
from aiohttp import web
from fakes.leaping_loop import LoopClock
from fakes.provider import FakeProvider, completion, respond

from replayd.arms.concurrency_limit import LONGEST_OBEYED_SECONDS
from replayd.arms.endpoint import Endpoint, EndpointSettings
from replayd.providers import PROVIDERS
from replayd.providers.contract import REPLAY_HEADER, ProviderRequest

ASK = ProviderRequest(method="POST", path="/chat/completions", body=b"{}")


def endpoint_to(url, **more):
    settings = EndpointSettings(name="canary", url=url, **more)
    return Endpoint(settings, PROVIDERS["openai_chat"], LoopClock(), random.Random(1))


async def ask(answer, *, seconds=5.0, **more):
    """Send one request to a server that answers so; return the attempt."""
    server = FakeProvider(answer)
    async with server, endpoint_to(server.url, **more) as endpoint:
        return await once(endpoint, seconds), server


async def once(endpoint, seconds=5.0):
    await endpoint.take_slot()
    deadline = asyncio.get_running_loop().time() + seconds
    return await endpoint.attempt(ASK, deadline)


def streaming(pieces, headers=None):
    async def respond_slowly(request):
        response = web.StreamResponse(headers=headers or {})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        return response

    return lambda _body: respond_slowly


async def hang(_request):
    await asyncio.sleep(3600)


async def never_end(request):
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.01)


async def close_in_mid_frame(request):
    response = web.StreamResponse(headers={"content-length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices":')
    request.transport.abort()
    return response


async def gigabyte(request):
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        for _ in range(1024):
            await response.write(bytes(2**20))
    except ConnectionError:
        pass
    return response


BOMB = gzip.compress(bytes(2**24), 1)  # here: the deadline is no time to compress in
MISBEHAVIOUR = {
    "garbage": (lambda _b: respond(body=b"\x00\xff garbage"), "malformed", ""),
    "empty": (lambda _b: respond(body=b""), "malformed", ""),
    "hangs": (lambda _b: hang, "timeout", "deadline"),
    "never ends": (lambda _b: never_end, "timeout", "deadline"),
    "closes in mid-frame": (lambda _b: close_in_mid_frame, "connection", ""),
    "sends a gigabyte": (lambda _b: gigabyte, "malformed", "too_large"),
    "claims a gigabyte": (
        lambda _b: respond(body=bytes(300_000)),
        "malformed",
        "too_large",
    ),
    "redirects elsewhere": (
        lambda _b: respond(307, headers={"location": "http://127.0.0.1:1/"}),
        "malformed",
        "status_307",
    ),
    "speaks an unknown encoding": (
        lambda _b: respond(body=b"x", headers={"content-encoding": "br"}),
        "malformed",
        "not_http",
    ),
    "sends a bomb": (
        lambda _b: respond(body=BOMB, headers={"content-encoding": "gzip"}),
        "malformed",
        "too_large",
    ),
    "sends damaged gzip": (
        lambda _b: respond(body=b"\x1f\x8bxx", headers={"content-encoding": "gzip"}),
        "malformed",
        "not_http",
    ),
    "answers 500": (lambda _b: 500, "server_error", "status_500"),
    "answers 401": (lambda _b: 401, "bad_request", "status_401"),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
async def test_misbehaviour_is_typed(name):
    """If it failed, an endpoint could crash the daemon, or be taken for an answer."""
    answer, outcome, detail = MISBEHAVIOUR[name]
    seconds = 0.5 if outcome == "timeout" else 15.0
    attempt, _ = await ask(answer, seconds=seconds, max_response_bytes=200_000)
    assert attempt.reading.outcome == outcome
    if detail:
        assert attempt.reading.detail == detail


async def test_nobody_there_is_typed():
    """If it failed, a canary that is down would end the daemon."""
    async with endpoint_to("http://127.0.0.1:9") as endpoint:
        assert (await once(endpoint)).reading.outcome == "connection"


async def test_an_answer_for_another_model_is_recorded():
    """If it failed, a silent change of the served model could not be seen."""
    attempt, _ = await ask(lambda _b: completion("x", model="something-else"))
    assert attempt.reading.served_model == "something-else"


async def test_gzip_is_read_and_the_replay_is_marked():
    """If it failed, a compressing gateway's answers would all be malformed."""
    body = gzip.compress(json.dumps(completion("hello")).encode())
    attempt, server = await ask(
        lambda _b: respond(body=body, headers={"content-encoding": "gzip"}),
        auth_headers={"authorization": "Bearer s3cret"},
        headers={"x-team": "red"},
    )
    assert attempt.reading.answer.text == "hello"
    headers = {name.lower(): value for name, value in server.requests[0][0].items()}
    assert headers[REPLAY_HEADER] == "1"
    assert headers["authorization"] == "Bearer s3cret"
    assert headers["x-team"] == "red"


async def test_retry_after_and_quota_headers_are_kept():
    """If it failed, a server's own word on its load would go unheard."""
    quota = {"x-ratelimit-remaining-requests": "3", "set-cookie": "a=b"}
    attempt, _ = await ask(
        lambda _b: respond(429, headers={"retry-after": "7", **quota})
    )
    assert attempt.retry_after_seconds == 7.0
    assert attempt.headers["x-ratelimit-remaining-requests"] == "3"
    assert "set-cookie" not in attempt.headers


async def test_a_long_pause_is_told_once(caplog):
    """If it failed, an arm would be left alone for minutes without a word."""
    server = FakeProvider(lambda _b: respond(429, headers={"retry-after": "3600"}))
    async with (
        server,
        endpoint_to(server.url) as endpoint,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(3):
            group.create_task(once(endpoint))
    told = [r for r in caplog.records if r.getMessage().endswith("a long pause")]
    assert [(r.asked, r.obeyed) for r in told] == [(3600.0, LONGEST_OBEYED_SECONDS)]


async def test_no_more_calls_are_in_flight_than_allowed():
    """If it failed, a small endpoint would be flooded at the start."""
    server = FakeProvider()
    server.delay_seconds = 0.02
    async with server:
        small = endpoint_to(server.url, concurrency=5)
        async with small as endpoint, asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(once(endpoint))
    assert len(server.requests) == 40
    assert server.most_in_flight == 5


async def test_a_cancelled_wait_gives_its_place_away():
    """If it failed, every stop and lost lead would leak a slot."""
    server = FakeProvider()
    async with server, endpoint_to(server.url, concurrency=1) as endpoint:
        await endpoint.take_slot()
        async with asyncio.TaskGroup() as group:
            waiters = [group.create_task(endpoint.take_slot()) for _ in range(3)]
            await asyncio.sleep(0)
            waiters[0].cancel()
            endpoint.give_back()
            waiters[1].cancel()
            await asyncio.wait(waiters[:2])
            await waiters[2]
        assert endpoint.state().in_flight == 1


async def test_a_cancelled_attempt_gives_its_slot_back():
    """If it failed, an endpoint would end up with no slots at all."""
    arrived = asyncio.Event()

    def note(_body):
        arrived.set()
        return hang

    server = FakeProvider(note)
    async with server, endpoint_to(server.url) as endpoint:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(once(endpoint, 60.0))
            await arrived.wait()
            task.cancel()
        assert endpoint.state().in_flight == 0
