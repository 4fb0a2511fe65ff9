"""`collector.receiver.grpc_other_calls`: health, reflection, and what is no gRPC."""

import tracemalloc

import pytest
from fakes.grpc_caller import Caller, framed
from fakes.http2_client import Client
from fakes.waiting import turns
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from collector.net import h2_frames
from collector.net.h2_hpack import header_field

CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECT = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
SERVING = health_pb2.HealthCheckResponse(status=1).SerializeToString()
LIST = reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString()
GRPC = ("content-type", "application/grpc")
HTML = (
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/"),
    ("accept", "text/html"),
)


async def test_health_is_answered_in_any_pieces():
    """A balancer whose library cuts its frames would take us for dead."""
    caller = Caller()
    said = framed(b"")
    caller.calls(1, path=CHECK, is_last=False)
    for byte in said:
        caller.says(h2_frames.DATA, 0, 1, bytes((byte,)))
    caller.says(h2_frames.DATA, h2_frames.END_STREAM, 1)
    await turns()
    assert await caller.status(1) == (0, "", framed(SERVING))
    assert caller.admission.reserved_bytes == 0


async def test_an_unknown_method_is_said_to_be_one():
    """A client would wait for an answer to what nobody serves."""
    caller = Caller()
    caller.calls(1, path="/some.Service/Method", is_last=False)
    await turns()
    assert (await caller.status(1))[0] == 12
    assert caller.shared.open_streams == 0


async def test_nonsense_for_a_service_resets_its_stream():
    """A broken question would end the relay, or never be answered."""
    caller = Caller()
    caller.calls(1, framed(b"\xff\xff\xff"), path=CHECK)
    await turns()
    assert await caller.reset_code(1) == h2_frames.CANCEL
    assert caller.admission.reserved_bytes == 0
    assert caller.shared.open_streams == 0


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("path", [CHECK, WATCH, REFLECT])
async def test_a_client_that_leaves_gives_its_memory_back(path, begun):
    """A few hundred resets would leave no memory for anybody."""
    caller = Caller()
    large = header_field(b"x-large", b"y" * 10_000)
    caller.calls(1, path=path, is_last=False, block=large)
    caller.says(h2_frames.DATA, 0, 1, framed(b"abc")[:4])
    assert caller.admission.reserved_bytes > 10_000
    if begun:
        await turns()
    caller.resets(1)
    await turns()
    assert caller.admission.reserved_bytes == 0


async def test_a_lost_connection_ends_its_watchers():
    """Watchers that have gone would take the places of others."""
    caller = Caller()
    for stream in range(1, 129, 2):
        caller.calls(stream, framed(b""), path=WATCH)
    await turns()
    caller.connection.connection_lost(None)
    await turns()
    assert caller.admission.reserved_bytes == 0
    again = Client(caller.service, caller.shared)
    watch = ((":method", "POST"), (":scheme", "http"), (":path", WATCH), GRPC)
    again.asks(1, framed(b""), watch)
    await turns()
    assert h2_frames.DATA in [frame[0] for frame in await again.hears_of(1)]
    again.connection.end()
    await turns()


async def test_a_watcher_may_stay():
    """A balancer would be sent away every few seconds."""
    caller = Caller()
    caller.calls(1, framed(b""), path=WATCH)
    await turns()
    for _ in range(100):
        caller.looks(10)
        caller.says(h2_frames.PING, h2_frames.ACK, 0, bytes(8))
    kinds = [frame[0] for frame in await caller.hears_of(1)]
    assert kinds == [h2_frames.HEADERS, h2_frames.DATA]
    caller.connection.end()
    await turns()


@pytest.mark.parametrize("path", [CHECK, WATCH, REFLECT])
async def test_questions_that_do_not_end_are_given_up(path):
    """A few clients could take all places of exports, for ever."""
    caller = Caller()
    caller.calls(1, framed(b"abc")[:6], path=path, is_last=False)
    caller.looks(1)
    caller.looks(20)
    caller.says(h2_frames.DATA, 0, 1, b"b")
    caller.looks(10)
    caller.looks(20)
    assert h2_frames.RST_STREAM not in [frame[0] for frame in await caller.hears_of(1)]
    caller.looks(1)
    assert await caller.reset_code(1) == h2_frames.CANCEL
    await turns()
    assert caller.shared.open_streams == caller.admission.reserved_bytes == 0


async def asks_without_reading(caller, questions):
    """Ask for answers that the client's window does not let through."""
    caller.sets(INITIAL_WINDOW_SIZE=0)
    caller.calls(1, framed(LIST), path=REFLECT, is_last=False)
    await turns()
    await caller.hears()
    caller.sends(
        b"".join(h2_frames.frame(h2_frames.DATA, 0, 1, piece) for piece in questions)
    )


async def test_what_a_service_has_unread_is_bounded():
    """A client that asks and never reads would fill the memory with questions."""
    caller = Caller()
    await asks_without_reading(caller, [bytes(16_384)] * 8)
    assert not await caller.hears()
    caller.says(h2_frames.DATA, 0, 1, b"x")
    assert await caller.reset_code(1) == h2_frames.ENHANCE_YOUR_CALM
    await turns()
    assert caller.admission.reserved_bytes == 0


async def test_unread_crumbs_cost_what_is_counted():
    """Questions of single bytes would cost two hundred times what is reserved."""
    caller = Caller()
    await asks_without_reading(caller, [])
    crumbs = h2_frames.frame(h2_frames.DATA, 0, 1, b"x") * 1000
    tracemalloc.start()
    try:
        for _ in range(30):
            caller.sends(crumbs)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < caller.admission.reserved_bytes
    caller.connection.end()
    await turns()


async def test_what_a_service_keeps_is_reserved_and_bounded():
    """An endless question to health would be kept, message by message."""
    caller = Caller()
    caller.calls(1, path=CHECK, is_last=False)
    question = framed(bytes(16_379))
    for n in range(64):
        caller.says(h2_frames.DATA, 0, 1, question)
        await turns()
        assert caller.admission.reserved_bytes >= 3 * 16_384 * (n + 1)
    assert not await caller.hears_of(1)
    caller.says(h2_frames.DATA, 0, 1, question)
    assert await caller.reset_code(1) == h2_frames.ENHANCE_YOUR_CALM
    await turns()
    assert caller.admission.reserved_bytes == 0


async def test_a_spent_budget_refuses_services_as_well():
    """Health checks with large headers would go beyond the budget."""
    caller = Caller()
    caller.admission.reserved_bytes = caller.admission.budget_bytes
    caller.calls(1, framed(b""), path=CHECK)
    assert (await caller.status(1))[0] == 14


async def test_what_is_no_grpc_is_told_where_to_go():
    """Somebody who mixed up the ports would search for hours."""
    caller = Caller()
    caller.asks(1, b"<html>", HTML)
    head, body = await caller.hears()
    assert dict(caller.decoder.decode(head[3]))[":status"] == "415"
    assert body[1] & h2_frames.END_STREAM
    assert b"collector.http.listen" in body[3]
    assert caller.shared.open_streams == 0


@pytest.mark.parametrize(("length", "is_right"), [("6", True), ("5", False)])
async def test_the_length_of_what_is_no_grpc_has_to_be_right(length, is_right):
    """A proxy before us might read another request into the rest. RFC 9113, 8.1.1."""
    caller = Caller()
    caller.asks(1, b"<html>", (*HTML, ("content-length", length)))
    kinds = [frame[0] for frame in await caller.hears_of(1)]
    assert kinds == (
        [h2_frames.HEADERS, h2_frames.DATA] if is_right else [h2_frames.RST_STREAM]
    )


async def test_what_is_no_grpc_and_never_whole_is_given_up():
    """A browser's half-open requests would take the places of exports."""
    caller = Caller()
    caller.asks(1, b"<html>", HTML, is_last=False)
    caller.looks(1)
    caller.looks(20)
    assert await caller.hears_of(1) == []
    caller.looks(1)
    assert await caller.reset_code(1) == h2_frames.CANCEL
    assert caller.shared.open_streams == 0
