"""Requests that travel together, and neighbours who mean harm."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from fakes.waiting import turns, until
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.config.relay import JoinConfig
from collector.exporter.batching import BatchingUpstream, is_whole
from collector.metrics.instruments import Registry
from collector.metrics.relay import RelayMetrics
from collector.otlp.export_result import (
    INVALID_ARGUMENT,
    UNAVAILABLE,
    ExportResult,
    refusal,
)
from collector.otlp.messages import REQUESTS, RESPONSES
from collector.otlp.signals import OtlpRequest
from snaptrace.runtime.config import ByteSize, Duration


class Clock:
    def __init__(self):
        self.seconds = 100.0

    def now_ns(self):
        return 0

    def monotonic_seconds(self):
        return self.seconds


class Backend:
    """Parses what it gets, as a backend does; answers when let go."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.bodies = []
        self.answer = None
        self.cancelled = 0

    async def send(self, request, timeout_seconds):
        self.bodies.append(request.body)
        try:
            await asyncio.wait_for(self.gate.wait(), timeout_seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.answer is not None:
            return self.answer(request.body)
        try:
            REQUESTS[request.signal].FromString(request.body)
        except DecodeError:
            return refusal(INVALID_ARGUMENT, "cannot parse")
        return ExportResult()

    async def close(self):
        self.gate.set()


def span(name):
    message = REQUESTS["traces"]()
    message.resource_spans.add().scope_spans.add().spans.add().name = name
    return message.SerializeToString()


def names(body):
    message = REQUESTS["traces"].FromString(body)
    return [
        s.name
        for r in message.resource_spans
        for scope in r.scope_spans
        for s in scope.spans
    ]


def request(body, signal="traces", headers=None):
    return OtlpRequest(
        signal=signal,
        encoding="protobuf",
        body=body,
        received_at_ns=0,
        headers=headers or {},
    )


@asynccontextmanager
async def joining(**config):
    backend, clock = Backend(), Clock()
    settings = {"busy_calls": 1, "wait": Duration(30), **config}
    registry = Registry()
    upstream = BatchingUpstream(
        backend, JoinConfig(**settings), RelayMetrics(registry), clock
    )
    async with asyncio.TaskGroup() as tasks:
        upstream.start(tasks)
        upstream.clock, upstream.registry, upstream.tasks = clock, registry, tasks
        yield upstream, backend
        backend.gate.set()


async def send_all(upstream, backend, requests):
    """Send one that makes the upstream busy, then the rest while it is."""
    first = upstream.tasks.create_task(upstream.send(request(span("first")), 5))
    await asyncio.sleep(0)
    rest = [upstream.tasks.create_task(upstream.send(r, 5)) for r in requests]
    await asyncio.sleep(0)
    backend.gate.set()
    await first
    return [await task for task in rest]


async def test_waiting_requests_travel_as_one():
    """Small requests would cost a call each, or lose their order."""
    async with joining() as (upstream, backend):
        requests = [request(span(f"s{i}")) for i in range(50)]
        answers = await send_all(upstream, backend, requests)
        assert {a.code for a in answers} == {0}
        assert len(backend.bodies) == 2
        assert names(backend.bodies[1]) == [f"s{i}" for i in range(50)]


async def test_an_idle_upstream_is_sent_to_at_once():
    """A lone request would wait for company that does not come."""
    async with joining() as (upstream, backend):
        backend.gate.set()
        for _ in range(3):
            await upstream.send(request(span("a")), 5)
        assert len(backend.bodies) == 3


ATTACKS = {
    "torn tail": span("evil")[:-3],
    "length beyond the end": b"\x0a\x7f" + b"x" * 5,
    "length that swallows a neighbour": b"\x0a\xff\x01" + b"x" * 20,
    "torn length": b"\x0a\x80",
    "endless length": b"\x0a" + b"\x80" * 12 + b"\x01",
    "torn tag": span("ok") + b"\x8a",
    "open group": b"\x0b",
    "closing group": b"\x0c",
    "another field": b"\x12\x02hi",
    "field of a fixed width": b"\x0d\x01\x02",
    "not protobuf": b"hello",
}


@pytest.mark.parametrize("body", ATTACKS.values(), ids=ATTACKS)
async def test_a_crafted_body_never_travels_with_others(body):
    """A torn body would swallow the head of the neighbour behind it."""
    async with joining() as (upstream, backend):
        good = [request(span("before")), request(body), request(span("after"))]
        answers = await send_all(upstream, backend, good)
        assert [answers[0].code, answers[2].code] == [0, 0]
        assert body in backend.bodies
        joined = next(b for b in backend.bodies if b.endswith(span("after")))
        assert names(joined) == ["before", "after"]


async def test_damage_inside_a_frame_costs_only_its_sender():
    """A neighbour's permanent error would be everybody's."""
    inside = b"\x0a\x04\x12\x7f\x01\x02"  # a whole frame whose inside is torn
    assert is_whole(inside)
    async with joining() as (upstream, backend):
        requests = [request(span("before")), request(inside), request(span("after"))]
        answers = await send_all(upstream, backend, requests)
        assert [a.code for a in answers] == [0, INVALID_ARGUMENT, 0]
        assert backend.bodies[-3:] == [r.body for r in requests]
        # The key is not joined for a while, so the attacker slows nobody further.
        again = [request(span("x")), request(span("y"))]
        before = len(backend.bodies)
        backend.gate.clear()
        await send_all(upstream, backend, again)
        assert len(backend.bodies) == before + 3
        upstream.clock.seconds += 31
        backend.gate.clear()
        await send_all(upstream, backend, again)
        assert len(backend.bodies) == before + 5


async def test_a_partial_success_names_no_wrong_count():
    """A client would count items as rejected that were a neighbour's."""
    partial = RESPONSES["traces"]()
    partial.partial_success.rejected_spans = 3
    partial.partial_success.error_message = "three were too old"
    async with joining() as (upstream, backend):
        backend.answer = lambda body: ExportResult(
            body=partial.SerializeToString() if len(names(body)) > 1 else b""
        )
        requests = [request(span("a")), request(span("b"))]
        answers = await send_all(upstream, backend, requests)
        for answer in answers:
            told = RESPONSES["traces"].FromString(answer.body).partial_success
            assert told.rejected_spans == 0
            assert told.error_message == "three were too old"
        before = len(backend.bodies)
        backend.gate.clear()
        await send_all(upstream, backend, requests)
        assert len(backend.bodies) == before + 3


async def test_a_retryable_refusal_is_everybodys():
    """Members would be sent again by us and by their clients."""
    async with joining() as (upstream, backend):
        requests = [request(span("a")), request(span("b"))]
        backend.answer = lambda _body: refusal(UNAVAILABLE, "later", 3)
        answers = await send_all(upstream, backend, requests)
        assert answers[0] == answers[1] == refusal(UNAVAILABLE, "later", 3)
        assert len(backend.bodies) == 2


async def test_only_alike_requests_travel_together():
    """A tenant's telemetry would be sent under another's name, or as another signal."""
    async with joining() as (upstream, backend):
        same = [
            request(span("a"), headers={"x-tenant-id": "1"}),
            request(span("b"), headers={"x-tenant-id": "2"}),
            request(span("c"), signal="logs"),
            request(b"\x0a\x00", signal="profiles"),
            request(b"\x0a\x00", signal="profiles"),
        ]
        await send_all(upstream, backend, same)
        assert len(backend.bodies) == 6


async def test_a_large_body_does_not_wait():
    """A batch that gains nothing from company would be delayed."""
    async with joining(member=ByteSize(100)) as (upstream, backend):
        sending = [
            upstream.tasks.create_task(upstream.send(request(span("n" * n)), 5))
            for n in (1, 200, 300)
        ]
        await until(lambda: len(backend.bodies) == 3)
        backend.gate.set()
        await asyncio.wait(sending)


async def test_a_full_group_does_not_wait_for_a_stalled_upstream():
    """Waiting requests would grow without a bound."""
    async with joining(total=ByteSize(200)) as (upstream, backend):
        sending = [
            upstream.tasks.create_task(upstream.send(request(span("n" * 40)), 5))
            for _ in range(20)
        ]
        await until(lambda: len(backend.bodies) >= 4)
        assert max(map(len, backend.bodies)) < 300
        backend.gate.set()
        await asyncio.wait(sending)


async def test_waiting_for_company_ends():
    """A stalled call would hold back all that came after it."""
    async with joining(wait=Duration(0.01)) as (upstream, backend):
        first = upstream.tasks.create_task(upstream.send(request(span("a")), 5))
        await asyncio.sleep(0)
        second = upstream.tasks.create_task(upstream.send(request(span("b")), 5))
        await until(lambda: len(backend.bodies) >= 2)
        backend.gate.set()
        await asyncio.wait([first, second])


async def test_one_leaving_does_not_hurt_the_others_and_all_leaving_ends_the_call():
    """A client's cancel would cost its neighbours, or a call nobody waits for go on."""
    async with joining(wait=Duration(0.01)) as (upstream, backend):
        first = upstream.tasks.create_task(upstream.send(request(span("a")), 5))
        await asyncio.sleep(0)
        group = [
            upstream.tasks.create_task(upstream.send(request(span(f"m{i}")), 5))
            for i in range(3)
        ]
        await until(lambda: len(backend.bodies) >= 2)
        group[0].cancel()
        await turns()
        assert backend.cancelled == 0
        group[1].cancel()
        group[2].cancel()
        await asyncio.wait(group)
        await until(lambda: backend.cancelled == 1)
        backend.gate.set()
        assert (await first).code == 0


async def test_lanes_are_forgotten():
    """Headers that a client makes up would grow a table for ever."""
    async with joining() as (upstream, backend):
        backend.gate.set()
        for i in range(3000):
            await upstream.send(request(span("a"), headers={"x": str(i)}), 5)
        assert upstream._lanes == {}


@settings(deadline=None)  # the first parse loads the message classes
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_whole_bodies_concatenate_to_the_sum_of_their_parts(left, right):
    """The check would let a body through that changes its neighbour."""
    request_class = REQUESTS["traces"]

    def parsed(body):
        try:
            return request_class.FromString(body)
        except DecodeError:
            return None

    if is_whole(left) and (mine := parsed(right)) is not None:
        before = parsed(left)
        together = parsed(left + right)
        if before is not None:
            before.MergeFrom(mine)
            assert together == before


@given(st.lists(st.binary(max_size=30), max_size=4), st.integers(0, 200))
def test_every_torn_body_is_noticed(frames, cut):
    """A torn frame would be taken for a whole one."""
    body = b"".join(b"\x0a" + bytes([len(f)]) + f for f in frames)
    assert is_whole(body)
    edges = {0}
    for frame in frames:
        edges.add(max(edges) + 2 + len(frame))
    assert is_whole(body[:cut]) == (min(cut, len(body)) in edges)
