"""`collector.net.h2_server`: answers and the windows that they wait for; ours."""

import asyncio

import pytest
from fakes.http2_client import Client

from collector.net import h2_frames

HEADERS, BODY, TRAILERS = b"\x88", b"hello", b"\x0f\x10\x01a"


def answers(asked, body=BODY):
    asked.stream.finish(HEADERS, body, TRAILERS)


async def bodies(client):
    """Return what was sent of bodies since the last time, by stream."""
    found = {}
    for kind, _, stream, payload in await client.hears():
        if kind == h2_frames.DATA:
            found[stream] = found.get(stream, b"") + payload
    return found


async def test_an_answer_is_headers_body_and_trailers():
    """No client would take it for an answer."""
    client = Client()
    client.asks(1, b"")
    answers(client.asked[0])
    assert await client.hears() == [
        (h2_frames.HEADERS, h2_frames.END_HEADERS, 1, HEADERS),
        (h2_frames.DATA, 0, 1, BODY),
        (h2_frames.HEADERS, h2_frames.END_HEADERS | h2_frames.END_STREAM, 1, TRAILERS),
    ]
    assert client.shared.open_streams == 0


async def test_answers_leave_in_any_order():
    """A slow request would hold up the quick ones behind it."""
    client = Client()
    for stream in (1, 3, 5):
        client.asks(stream, b"")
    for n in (2, 0, 1):
        answers(client.asked[n], b"to %d" % n)
    assert await bodies(client) == {5: b"to 2", 1: b"to 0", 3: b"to 1"}


async def test_an_answer_waits_for_the_streams_window():
    """A client with little room would end the connection, or get half an answer."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=3)
    client.asks(1, b"")
    client.asks(3, b"")
    answers(client.asked[0])
    kinds = [frame[0] for frame in await client.hears_of(1)]
    assert kinds == [h2_frames.HEADERS, h2_frames.DATA]
    answers(client.asked[1], b"abc")  # has room, and is not held up
    assert await bodies(client) == {3: b"abc"}
    client.opens_window(1, 1)
    assert await bodies(client) == {1: b"l"}
    client.opens_window(1, 100)
    frames = await client.hears_of(1)
    assert [frame[3] for frame in frames] == [b"o", TRAILERS]
    assert client.shared.open_streams == 0


async def test_an_answer_waits_for_the_connections_window():
    """A connection would be ended for what its streams send together."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=10**6)
    for stream in (1, 3):
        client.asks(stream, b"")
        answers(client.asked[-1], bytes(40_000))
    sent = await bodies(client)
    assert {stream: len(body) for stream, body in sent.items()} == {
        1: 40_000,
        3: 25_535,
    }
    client.opens_window(3, 10**6)  # not what is missing
    assert await bodies(client) == {}
    client.opens_window(0, 14_000)
    assert len((await bodies(client))[3]) == 14_000
    client.opens_window(0, 1000)
    frames = await client.hears_of(3)
    assert [len(frame[3]) for frame in frames] == [465, len(TRAILERS)]


async def test_the_first_window_may_go_below_nothing_and_up_again():
    """An answer would never leave, or more of it than the client has room for."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=100)
    client.asks(1, b"")
    answers(client.asked[0], bytes(300))
    assert len((await bodies(client))[1]) == 100
    client.sets(INITIAL_WINDOW_SIZE=20)  # the stream's is at -80 now
    client.opens_window(1, 80)
    assert await bodies(client) == {}
    client.sets(INITIAL_WINDOW_SIZE=25)
    assert len((await bodies(client))[1]) == 5
    client.sends(
        h2_frames.settings_frame(
            [(h2_frames.INITIAL_WINDOW_SIZE, n) for n in (0, 9_000, 30)]
        )
    )
    assert len((await bodies(client))[1]) == 5  # the last one counts, once
    client.asks(3, b"")
    answers(client.asked[1], bytes(31))
    assert len((await bodies(client))[3]) == 30


async def test_no_frame_is_larger_than_every_client_takes():
    """A strict client would end the connection."""
    client = Client()
    client.sets(MAX_FRAME_SIZE=2**24 - 1)
    client.asks(1, b"")
    client.asked[0].stream.finish(HEADERS, bytes(40_000), b"\0" * 20_000)
    frames = await client.hears()
    assert [(kind, flags, len(payload)) for kind, flags, _, payload in frames] == [
        (h2_frames.HEADERS, h2_frames.END_HEADERS, 1),
        (h2_frames.DATA, 0, 16_384),
        (h2_frames.DATA, 0, 16_384),
        (h2_frames.DATA, 0, 7232),
        (h2_frames.HEADERS, h2_frames.END_STREAM, 16_384),
        (h2_frames.CONTINUATION, h2_frames.END_HEADERS, 3616),
    ]


async def test_a_stalled_answer_is_forgotten_with_its_stream():
    """What a client did not want would be sent to it, or kept for ever."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=0)
    for stream in (1, 3):
        client.asks(stream, b"")
        answers(client.asked[-1])
    await client.hears()
    client.resets(1)
    client.opens_window(0, 100)
    client.opens_window(1, 100)
    client.sets(INITIAL_WINDOW_SIZE=100)
    assert await bodies(client) == {3: BODY}
    assert client.shared.open_streams == 0


@pytest.mark.parametrize("how", ["stream", "connection"])
async def test_an_answer_that_is_never_taken_is_given_up(how):
    """A client that opens no window would hold its places for ever."""
    client = Client()
    if how == "stream":
        client.sets(INITIAL_WINDOW_SIZE=0)
    else:
        client.asks(1, b"")
        answers(client.asked[0], bytes(h2_frames.FIRST_WINDOW))
    client.asks(3, b"")
    answers(client.asked[-1])
    await client.hears()
    for _ in range(6):
        client.looks(10)
        if how == "connection":
            client.opens_window(3, 1)  # says something, and lets nothing through
        else:
            client.says(h2_frames.PING, 0, 0, bytes(8))
    assert client.shared.open_streams == 1
    client.looks(10)
    assert await client.reset_code(3) == h2_frames.CANCEL
    assert client.shared.open_streams == 0


async def test_an_answer_that_is_taken_slowly_is_not_given_up():
    """A client over a thin line would get no large answer."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=0)
    client.asks(1, b"")
    answers(client.asked[0], bytes(20))
    for _ in range(20):
        client.looks(50)
        client.opens_window(1, 1)
    frames = await client.hears_of(1)
    assert frames[-1][3] == TRAILERS


async def test_who_sends_may_wait_until_all_has_left():
    """A service would put answers into memory faster than its client reads."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=3)
    client.asks(1, b"")
    stream = client.asked[0].stream
    stream.send(HEADERS)
    stream.send_data(b"ab")
    await asyncio.wait_for(stream.sent(), 5)
    stream.send_data(b"cd")
    waiting = asyncio.ensure_future(stream.sent())
    await asyncio.sleep(0)
    assert not waiting.done()
    client.opens_window(1, 1)
    await asyncio.wait_for(waiting, 5)
    stream.send_data(b"e")
    waiting = asyncio.ensure_future(stream.sent())
    await asyncio.sleep(0)
    client.resets(1)
    await asyncio.wait_for(waiting, 5)
    stream.send_data(b"f", is_all=True)  # to nobody
    assert await bodies(client) == {1: b"abcd"}


async def test_the_connections_window_is_opened_again():
    """After some megabytes a client could send nothing more."""
    client = Client()
    client.asks(1, is_last=False)
    sent = opened = 0
    while sent < 5 * 2**24:
        client.says(h2_frames.DATA, 0, 1, bytes(16_384))
        sent += 16_384
        for kind, _, stream, payload in client.wire.frames():
            if (kind, stream) == (h2_frames.WINDOW_UPDATE, 0):
                opened += int.from_bytes(payload, "big")
        await asyncio.sleep(0)
        assert sent - opened <= 2**24
    assert opened > 4 * 2**24


async def test_padding_counts_against_the_connections_window():
    """The connection's window would shrink with each padded frame, to nothing."""
    client = Client()
    client.asks(1, is_last=False)
    client.asks(3, is_last=False)
    client.resets(3)
    for _ in range(2**22 // 256 // 2 + 1):
        client.says(h2_frames.DATA, h2_frames.PADDED, 1, b"\xfe" + bytes(255))
        client.says(h2_frames.DATA, 0, 1, bytes(256))
    opened = [
        int.from_bytes(payload, "big")
        for kind, _, stream, payload in await client.hears()
        if (kind, stream) == (h2_frames.WINDOW_UPDATE, 0)
    ]
    assert opened == [2**22]


async def test_a_stream_opens_its_window_on_demand_only():
    """A client would be allowed more than was reserved for it."""
    client = Client()
    client.asks(1, is_last=False)
    client.says(h2_frames.DATA, 0, 1, bytes(16_000))
    assert await client.hears() == []
    client.asked[0].stream.open_window(12_345)
    size = (12_345).to_bytes(4, "big")
    assert await client.hears() == [(h2_frames.WINDOW_UPDATE, 0, 1, size)]


async def test_windows_of_streams_that_were_are_passed_over():
    """A client that opens a window a moment too late would be cut off."""
    client = Client()
    client.asks(1, b"")
    answers(client.asked[0])
    await client.hears()
    client.opens_window(1, 5)
    client.opens_window(1, 2**31 - 1)
    assert await client.hears() == []
    assert not client.wire.closing


async def test_a_body_that_is_all_ends_with_its_last_byte():
    """What is no gRPC would be told half of where to go."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=3)
    client.asks(1, b"")
    client.asked[0].stream.send_data(b"hello", is_all=True)
    assert await client.hears() == [(h2_frames.DATA, 0, 1, b"hel")]
    client.opens_window(1, 2)
    assert await client.hears() == [(h2_frames.DATA, h2_frames.END_STREAM, 1, b"lo")]
    assert client.shared.open_streams == 0
