"""`collector.net.h2_client`: one connection, against another side that a test plays."""

import asyncio

import pytest
from fakes.h2_server_side import BLOCK, OK, TRAILERS, Side, broken

from collector.net import h2_frames
from collector.net.h2_hpack import header_field


async def test_a_request_and_its_answer():
    """Nothing would go through at all."""
    side = Side()
    call = await side.sends(b"abc")
    (headers, data) = side.wire.frames()
    assert headers == (h2_frames.HEADERS, h2_frames.END_HEADERS, 1, BLOCK)
    assert data == (h2_frames.DATA, h2_frames.END_STREAM, 1, b"abc")
    side.answers(1)
    reply = await call
    assert reply.headers[":status"] == "200"
    assert (reply.body, reply.trailers) == (b"hello", {"grpc-status": "0"})


@pytest.mark.parametrize("step", [1, 7, 1000])
async def test_frames_may_come_in_any_pieces(step):
    """Where the network cuts would decide what is read."""
    side = Side()
    call = await side.sends(b"abc")
    said = (
        h2_frames.settings_frame([(h2_frames.MAX_CONCURRENT_STREAMS, 5)])
        + h2_frames.frame(
            h2_frames.HEADERS, h2_frames.END_HEADERS, 1, side.encoder.encode(OK)
        )
        + h2_frames.frame(h2_frames.DATA, h2_frames.PADDED, 1, b"\x03hello\0\0\0")
        + h2_frames.frame(0x77, 0, 1, b"of another day")
        + h2_frames.frame(h2_frames.HEADERS, 5, 1, side.encoder.encode(TRAILERS))
    )
    for at in range(0, len(said), step):
        side.connection.data_received(said[at : at + step])
    assert (await call).body == b"hello"


async def test_answers_come_in_any_order():
    """A client would get the answer to another one's request."""
    side = Side()
    calls = [await side.sends(b"%d" % n) for n in range(3)]
    for stream in (5, 1, 3):
        side.answers(stream, b"to %d" % stream)
    assert [(await call).body for call in calls] == [b"to 1", b"to 3", b"to 5"]


async def test_a_body_waits_for_both_windows_and_arrives_whole():
    """The upstream would end the connection, or a body lack its rest."""
    side = Side()
    side.sets(INITIAL_WINDOW_SIZE=30_000)
    body = bytes(range(256)) * 400
    call = await side.sends(b"five.", body)
    got = side.sent()[1]
    assert len(got) == 30_000
    side.opens_window(1, 50_000)
    got += side.sent()[1]
    assert len(got) == 65_535  # the connection's own
    side.opens_window(0, 1_000_000)
    got += side.sent()[1]
    assert len(got) == 80_000
    wider = h2_frames.settings_frame([(h2_frames.INITIAL_WINDOW_SIZE, 40_000)])
    side.connection.data_received(wider)  # counts for running calls, too
    got += side.sent()[1]
    assert len(got) == 90_000
    side.opens_window(1, 10**6)
    got += side.sent().get(1, b"")
    assert got == b"five." + body
    side.answers(1)
    await call


async def test_a_stalled_body_holds_up_nobody_else():
    """One large request would block all small ones behind it."""
    side = Side()
    side.opens_window(0, 10**6)
    await side.sends(bytes(100_000))
    side.wire.frames()
    await side.sends(b"small")
    assert side.sent() == {3: b"small"}


async def test_a_full_socket_is_waited_for():
    """Bodies would pile up in memory beside a slow upstream."""
    side = Side()
    side.connection.pause_writing()
    await side.sends(b"abc")
    assert side.sent() == {}
    side.connection.resume_writing()
    assert side.sent() == {1: b"abc"}


async def test_no_frame_is_larger_than_the_other_side_takes():
    """A strict upstream would end the connection."""
    side = Side()
    side.sets(MAX_FRAME_SIZE=20_000, INITIAL_WINDOW_SIZE=10**6)
    side.opens_window(0, 10**6)
    block = header_field(b"x", bytes(50_000))
    sending = asyncio.ensure_future(side.connection.send(block, (bytes(70_000),), 9))
    await asyncio.sleep(0)
    frames = side.wire.frames()
    assert max(len(payload) for *_, payload in frames) == 20_000
    kinds = [kind for kind, *_ in frames]
    assert kinds[:4] == [h2_frames.HEADERS, *[h2_frames.CONTINUATION] * 3]
    assert [flags for _, flags, _, _ in frames[:4]] == [0, 0, 0, h2_frames.END_HEADERS]
    sending.cancel()


async def test_calls_above_the_limit_wait_for_a_place():
    """The upstream would refuse streams, or a waiting call never start."""
    side = Side()
    side.sets(MAX_CONCURRENT_STREAMS=1)
    first, second, third = [await side.sends(b"%d" % n) for n in range(3)]
    assert side.sent() == {1: b"0"}
    second.cancel()
    await asyncio.sleep(0)
    side.answers(1)
    assert side.sent() == {3: b"2"}
    side.answers(3)
    await first
    await third
    fourth = await side.sends(b"3")
    fifth = await side.sends(b"4")
    side.sets(MAX_CONCURRENT_STREAMS=2)
    side.answers(5)
    side.answers(7)
    await fourth
    await fifth


async def test_leaving_and_being_late_reset_the_stream():
    """The upstream would work for clients that have gone."""
    side = Side()
    cancelled = await side.sends(b"abc")
    late = await side.sends(b"abc", seconds=0.01)
    side.wire.frames()
    cancelled.cancel()
    assert await broken(late) == "no answer in time"
    cancel = h2_frames.CANCEL.to_bytes(4, "big")
    assert sorted(side.wire.frames()) == [
        (h2_frames.RST_STREAM, 0, 1, cancel),
        (h2_frames.RST_STREAM, 0, 3, cancel),
    ]
    side.answers(1)  # what still comes is nobody's
    side.answers(3)


async def test_a_call_that_waits_for_a_place_may_be_late():
    """It would be sent after its client was told that it was not."""
    side = Side()
    side.sets(MAX_CONCURRENT_STREAMS=1)
    await side.sends(b"abc")
    late = await side.sends(b"late", seconds=0.01)
    assert await broken(late) == "no answer in time"
    side.wire.frames()
    side.answers(1)
    assert side.sent() == {}
