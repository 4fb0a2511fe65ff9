"""`collector.net.h2_client`: resets, damage, keep-alive and the end of a connection."""

import gc
import struct

import hpack
import pytest
from fakes.h2_server_side import OK, Side, broken
from fakes.waiting import holds, until

from collector.net import h2_frames


async def test_a_reset_breaks_one_call_only():
    """One refused request would take its neighbours down."""
    side = Side()
    reset, other = await side.sends(b"a"), await side.sends(b"b")
    side.says(h2_frames.RST_STREAM, 0, 1, bytes(4))
    side.answers(3)
    assert await broken(reset) == "broke off"
    assert (await other).body == b"hello"


async def test_goaway_breaks_what_will_not_be_answered_and_waits_for_the_rest():
    """A restart of the upstream would break calls that it was going to answer."""
    side = Side()
    side.sets()
    answered, lost = await side.sends(b"a"), await side.sends(b"b")
    side.says(h2_frames.GOAWAY, payload=struct.pack(">II", 1, 0))
    assert side.ends == [True]
    assert await broken(lost) == "broke off"
    assert await broken(await side.sends(b"c")) == "broke off"
    assert not side.wire.closing
    side.answers(1)
    assert (await answered).body == b"hello"
    assert side.wire.closing


async def test_an_end_breaks_everything_in_flight():
    """Clients would wait for an answer that cannot come."""
    side = Side()
    side.sets(MAX_CONCURRENT_STREAMS=1)
    calls = [await side.sends(b"a"), await side.sends(b"queued")]
    side.connection.connection_lost(None)
    assert [await broken(call) for call in calls] == ["broke off"] * 2
    side.connection.close()
    assert side.ends == [True]


async def test_an_early_answer_ends_the_body():
    """The rest of a refused body would be sent, and the windows lost with it."""
    side = Side()
    call = await side.sends(bytes(100_000))
    side.wire.frames()
    side.ends_stream(1, (("grpc-status", "8"),))
    assert (await call).trailers == {"grpc-status": "8"}
    assert side.wire.frames() == [(h2_frames.RST_STREAM, 0, 1, bytes(4))]


async def test_pings_are_answered():
    """The upstream would take the connection for dead."""
    side = Side()
    side.says(h2_frames.PING, payload=b"12345678")
    assert side.wire.frames() == [(h2_frames.PING, h2_frames.ACK, 0, b"12345678")]
    side.says(h2_frames.PING, h2_frames.ACK, payload=b"12345678")
    assert side.wire.frames() == []


async def test_our_window_is_opened_again():
    """After some megabytes of answers the upstream could say nothing more."""
    side = Side()
    for stream in range(1, 201, 2):
        call = await side.sends(b"a")
        side.wire.frames()
        side.answers(stream, bytes(16_000))
        await call
    side.answers(199, bytes(16_000))
    opened = [
        payload
        for kind, *_, payload in side.wire.frames()
        if kind == h2_frames.WINDOW_UPDATE
    ]
    assert opened == []
    size = 0
    for stream in range(201, 401, 2):
        call = await side.sends(b"a")
        side.answers(stream, bytes(16_000))
        await call
        for kind, _, _, payload in side.wire.frames():
            if kind == h2_frames.WINDOW_UPDATE:
                size += int.from_bytes(payload, "big")
    assert size > 2**20


async def test_an_answer_without_an_end_is_given_up():
    """One upstream's answer would take all the memory."""
    side = Side()
    call = await side.sends(b"a")
    side.says(h2_frames.HEADERS, h2_frames.END_HEADERS, 1, side.encoder.encode(OK))
    for _ in range(300):
        side.says(h2_frames.DATA, 0, 1, bytes(16_000))
    assert await broken(call) == "the answer has no end"


@pytest.mark.parametrize(
    "said",
    [
        h2_frames.frame(h2_frames.DATA, 0, 1, bytes(20_000)),
        h2_frames.frame(h2_frames.PUSH_PROMISE, h2_frames.END_HEADERS, 1, bytes(4)),
        h2_frames.frame(h2_frames.DATA, h2_frames.PADDED, 1, b"\x09abc"),
        h2_frames.frame(
            h2_frames.HEADERS, h2_frames.END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"
        ),
        h2_frames.frame(h2_frames.CONTINUATION, 0, 1, b""),
        h2_frames.frame(h2_frames.HEADERS, 0, 1, b"")
        + h2_frames.frame(h2_frames.PING, 0, 0, bytes(8)),
        h2_frames.frame(h2_frames.HEADERS, 0, 1, b"")
        + h2_frames.frame(h2_frames.CONTINUATION, 0, 1, bytes(16_000)) * 9,
        h2_frames.frame(h2_frames.SETTINGS, 0, 0, b"odd"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
    ids=range(9),
)
async def test_damage_ends_the_connection_and_is_no_answer(said):
    """A broken or hostile upstream would raise in the loop, or be believed."""
    side = Side()
    call = await side.sends(b"a")
    side.connection.data_received(said)
    assert await broken(call) == "broke off"
    assert side.wire.closing


async def test_a_table_that_the_other_side_keeps_all_the_same_is_followed():
    """Headers that are said once and then referred to would be misread."""
    side = Side()
    side.encoder = hpack.Encoder()
    statuses = []
    for stream, status in ((1, "0"), (3, "14"), (5, "14"), (7, "0"), (9, "14")):
        call = await side.sends(b"a")
        side.answers(stream, b"", (("grpc-status", status), ("x-long", "y" * 40)))
        statuses.append((await call).trailers["grpc-status"])
    assert statuses == ["0", "14", "14", "0", "14"]


async def test_headers_over_several_frames_and_interim_ones():
    """A long message, or a 100 before the answer, would not be understood."""
    side = Side()
    call = await side.sends(b"a")
    interim = side.encoder.encode(((":status", "103"),))
    side.says(h2_frames.HEADERS, h2_frames.END_HEADERS, 1, interim)
    block = side.encoder.encode((*OK, ("x-long", "y" * 3000)))
    side.says(h2_frames.HEADERS, h2_frames.WITH_PRIORITY, 1, bytes(5) + block[:100])
    side.says(h2_frames.CONTINUATION, 0, 1, block[100:200])
    side.says(h2_frames.CONTINUATION, h2_frames.END_HEADERS, 1, block[200:])
    side.ends_stream(1)
    assert (await call).headers["x-long"] == "y" * 3000


async def test_a_silent_upstream_is_asked_and_then_given_up(monkeypatch):
    """Calls would go on for ever to a machine that is gone."""
    monkeypatch.setattr("collector.net.h2_client._KEEPALIVE_SECONDS", 0.01)
    monkeypatch.setattr("collector.net.h2_client._KEEPALIVE_TIMEOUT_SECONDS", 0.01)
    side = Side()
    call = await side.sends(b"a")
    assert await broken(call) == "broke off"
    assert h2_frames.PING in [kind for kind, *_ in side.wire.frames()]
    assert side.ends == [False]


async def test_keep_alive_leaves_a_connection_alone_that_is_idle_or_answers(
    monkeypatch,
):
    """Idle sidecars would reconnect for ever, or be told that they ping too much."""
    monkeypatch.setattr("collector.net.h2_client._KEEPALIVE_SECONDS", 0.01)
    side = Side()
    await holds(lambda: side.wire.frames() == [])
    call = await side.sends(b"a")
    await until(lambda: h2_frames.PING in [kind for kind, *_ in side.wire.frames()])
    side.says(h2_frames.PING, h2_frames.ACK, payload=bytes(8))
    side.answers(1)
    assert (await call).body == b"hello"
    assert side.ends == []
    side.connection.close()
    gc.collect()


async def test_stream_numbers_do_not_run_out(monkeypatch):
    """After a billion requests the upstream would refuse all others."""
    monkeypatch.setattr("collector.net.h2_client._LAST_STREAM", 3)
    side = Side()
    side.sets()
    first, second = await side.sends(b"a"), await side.sends(b"b")
    assert side.ends == [True]
    side.answers(1)
    side.answers(3)
    await first
    await second
    assert side.wire.closing
