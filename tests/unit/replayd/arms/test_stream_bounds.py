"""Streams that do not end, and headers that are no text."""

import asyncio
import random
import tracemalloc

import pytest
from aiohttp import web
from fakes.leaping_loop import LoopClock
from fakes.provider import FakeProvider

from replayd.arms.endpoint import LINE_BYTES, Endpoint, EndpointSettings
from replayd.providers import PROVIDERS
from replayd.providers.contract import ProviderRequest

MOST_BYTES = 2**20
PIECE = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
ASKING = ProviderRequest(method="POST", path="/chat/completions", body=b"{}")


async def asked(answer, provider="openai_chat", seconds=30):
    async with FakeProvider() as server:
        server.answer = lambda _body: answer
        settings = EndpointSettings(
            name="canary", url=server.url, max_response_bytes=MOST_BYTES
        )
        one = Endpoint(settings, provider, LoopClock(10**18), random.Random(1))
        async with one as endpoint:
            await endpoint.take_slot()
            deadline = asyncio.get_running_loop().time() + seconds
            return await endpoint.attempt(ASKING, deadline)


async def test_an_endless_stream_costs_no_more_than_the_bound_says():
    """If it failed, one canary that never stops would take the pod's memory."""
    sent = 0

    async def endless(request):
        nonlocal sent
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            while True:
                await response.write(PIECE * 100)
                sent += len(PIECE) * 100
        except ConnectionError:
            return response

    tracemalloc.start()
    attempt = await asked(endless, PROVIDERS["openai_chat"])
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (attempt.reading.outcome, attempt.reading.detail) == (
        "malformed",
        "too_large",
    )
    assert peak_bytes < 8 * MOST_BYTES  # of both ends: the server writes in here


async def test_lines_count_beside_what_they_hold():
    """If it failed, a stream of empty lines would be parsed for hours."""

    async def many(request):
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"\n" * (MOST_BYTES // LINE_BYTES + 100))
        return response

    attempt = await asked(many, PROVIDERS["openai_chat"])
    assert attempt.reading.detail == "too_large"


async def test_a_reader_that_raises_is_a_malformed_answer():
    """If it failed, a defect in one reader would be a defect of the whole epoch."""

    class Broken:
        name = "broken"

        def auth_headers(self, _key):
            return {}

        def read(self, _status, _headers, _body):
            raise KeyError("choices")

    attempt = await asked({"x": 1}, Broken())
    assert (attempt.reading.outcome, attempt.reading.detail) == (
        "malformed",
        "reader_fault",
    )


@pytest.mark.parametrize(
    ("kind", "piece"),
    [("text/event-stream", b":\n"), ("application/json", b" "), ("", b"x")],
)
async def test_an_answer_that_drips_ends_at_the_deadline(kind, piece):
    """If it failed, a server that is never silent would hold a slot for ever."""
    dripped, ended = 0, asyncio.Event()

    async def drip(request):
        nonlocal dripped
        headers = {"content-type": kind} if kind else {}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        try:
            while True:
                await response.write(piece)
                dripped += 1
                await asyncio.sleep(0.01)
        except ConnectionError:
            return response
        finally:
            ended.set()

    attempt = await asked(drip, PROVIDERS["openai_chat"], seconds=0.3)
    assert attempt.reading.outcome == "timeout"
    assert dripped > 0
    await ended.wait()  # the connection is given up, too
