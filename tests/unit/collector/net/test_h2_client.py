"""`collector.net.h2_client`: one connection, against another side that a test plays."""

import asyncio
import gc
import struct

import hpack
import pytest

from collector.net import h2_frames
from collector.net.h2_call import BrokenCallError
from collector.net.h2_client import Http2Connection
from collector.net.h2_hpack import header_field

BLOCK = header_field(b":path", b"/x")
OK = ((":status", "200"), ("content-type", "application/grpc"))
TRAILERS = (("grpc-status", "0"),)


class Wire(asyncio.Transport):
    """Keeps what was written, and cuts it into frames."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closing = False
        self.flush = lambda: None

    def write(self, data):
        self.written += bytes(data)

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True

    def frames(self):
        """Return (kind, flags, stream, payload) of all since the last look."""
        self.flush()
        data, found = self.written.removeprefix(h2_frames.PREFACE), []
        self.written = b""
        while data:
            high, low, kind, flags, stream = h2_frames.HEAD.unpack_from(data)
            end = 9 + (high << 16 | low)
            found.append((kind, flags, stream, data[9:end]))
            data = data[end:]
        return found


class Side:
    """The client's connection and the other side of it."""

    def __init__(self):
        self.ends = []
        self.connection = Http2Connection(self.ends.append)
        self.wire = Wire()
        self.connection.connection_made(self.wire)
        self.wire.flush = self.connection._writer.flush
        self.wire.frames()
        self.encoder = hpack.Encoder()
        self.encoder.header_table_size = 0

    def says(self, kind, flags=0, stream=0, payload=b""):
        self.connection.data_received(h2_frames.frame(kind, flags, stream, payload))

    def sets(self, **settings):
        pairs = [(getattr(h2_frames, name), value) for name, value in settings.items()]
        self.connection.data_received(h2_frames.settings_frame(pairs))
        self.wire.frames()

    def opens_window(self, stream, size):
        self.says(h2_frames.WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))

    def answers(self, stream, body=b"hello", trailers=TRAILERS):
        self.says(
            h2_frames.HEADERS, h2_frames.END_HEADERS, stream, self.encoder.encode(OK)
        )
        self.says(h2_frames.DATA, 0, stream, body)
        self.ends_stream(stream, trailers)

    def ends_stream(self, stream, trailers=TRAILERS):
        flags = h2_frames.END_HEADERS | h2_frames.END_STREAM
        self.says(h2_frames.HEADERS, flags, stream, self.encoder.encode(trailers))

    async def sends(self, *body, seconds=30):
        call = asyncio.ensure_future(self.connection.send(BLOCK, body, seconds))
        await asyncio.sleep(0)
        return call

    def sent(self):
        """Return the bodies sent since the last look, by stream."""
        bodies = {}
        for kind, _, stream, payload in self.wire.frames():
            if kind == h2_frames.DATA:
                bodies[stream] = bodies.get(stream, b"") + payload
        return bodies


async def broken(call):
    with pytest.raises(BrokenCallError) as why:
        await call
    return str(why.value)


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
        + h2_frames.frame(h2_frames.CONTINUATION, 0, 1, bytes(16_000)) * 5,
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
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert side.wire.frames() == []
    call = await side.sends(b"a")
    while h2_frames.PING not in [kind for kind, *_ in side.wire.frames()]:
        await asyncio.sleep(0.005)
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
