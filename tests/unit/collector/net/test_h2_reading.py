"""`collector.net.h2_server`: what a client may say, and what ends it."""

import asyncio

import hpack
import pytest
from fakes.http2_client import ENDS, REQUEST, Client

from collector.net import h2_frames

PING = h2_frames.frame(h2_frames.PING, 0, 0, b"12345678")
PONG = (h2_frames.PING, h2_frames.ACK, 0, b"12345678")


def plain(*fields):
    encoder = hpack.Encoder()
    encoder.header_table_size = 0
    return encoder.encode(fields)


BLOCK = plain(*REQUEST)


@pytest.mark.parametrize("step", [1, 2, 5, 23])
async def test_the_preface_may_come_in_pieces(step):
    """A client whose first segment is small would be turned away."""
    client = Client(greets=False)
    said = h2_frames.PREFACE + h2_frames.settings_frame(()) + PING
    for at in range(0, len(said), step):
        client.sends(said[at : at + step])
    assert await client.hears() == [PONG]
    assert not client.wire.closing


async def test_nothing_is_said_before_the_client_has_shown_what_it_speaks():
    """A client of HTTP/1.1 would get bytes that it cannot read."""
    client = Client(greets=False)
    client.sends(h2_frames.PREFACE[:-1])
    await asyncio.sleep(0)
    assert client.wire.written == b""
    client.sends(h2_frames.PREFACE[-1:])
    await asyncio.sleep(0)
    (settings, window) = client.wire.frames()
    assert settings[0] == h2_frames.SETTINGS
    assert dict(h2_frames.read_settings(settings[3])) == {
        h2_frames.MAX_CONCURRENT_STREAMS: 100,
        h2_frames.INITIAL_WINDOW_SIZE: 2**20,
        h2_frames.MAX_HEADER_LIST_SIZE: 65_536,
    }
    assert window[0] == h2_frames.WINDOW_UPDATE


@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_client_of_http_1_is_told_where_to_go(pieces):
    """Somebody who mixed up the ports would search for hours."""
    client = Client(greets=False)
    said = b"PROPFIND /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n"
    for piece in (said[:2], said[2:3], said[3:]) if pieces == 3 else (said,):
        client.sends(piece)
    await asyncio.sleep(0)
    head, _, body = client.wire.written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert f"content-length: {len(body)}".encode() in head
    assert b"collector.http.listen" in body
    assert client.wire.closing


async def test_a_request_arrives_with_its_fields_and_body():
    """Nothing would go through at all."""
    client = Client()
    client.asks(1, b"hello")
    (asked,) = client.asked
    assert asked.fields == tuple((n.encode(), v.encode()) for n, v in REQUEST)
    assert (asked.body, asked.is_whole) == (b"hello", True)


async def test_a_body_is_handed_on_before_its_frame_is_whole():
    """A slow large frame would be kept where nobody counts it."""
    client = Client()
    client.asks(1, is_last=False)
    data = h2_frames.frame(h2_frames.DATA, h2_frames.END_STREAM, 1, b"abcdef")
    (asked,) = client.asked
    at = 0
    for cut, expected in ((9, b""), (11, b"ab"), (12, b"abc"), (15, b"abcdef")):
        client.sends(data[at:cut])
        at = cut
        assert (asked.body, asked.is_whole) == (expected, cut == 15)


async def test_requests_interleave_and_a_cut_frame_ends_where_it_should():
    """One client's bytes would get into another one's request."""
    client = Client()
    for stream in (1, 3):
        client.asks(stream, is_last=False)
    frames = h2_frames.frame(h2_frames.DATA, 0, 1, b"one") + h2_frames.frame(
        h2_frames.DATA, 1, 3, b"three"
    )
    client.sends(frames[:10])
    client.sends(frames[10:23])
    client.sends(frames[23:] + h2_frames.frame(h2_frames.DATA, 1, 1, b"!"))
    assert [asked.body for asked in client.asked] == [b"one!", b"three"]
    assert all(asked.is_whole for asked in client.asked)


async def test_padding_and_priority_are_taken_off():
    """What a client adds to hide sizes would become a part of its telemetry."""
    client = Client()
    flags = h2_frames.END_HEADERS | h2_frames.PADDED | h2_frames.WITH_PRIORITY
    client.says(h2_frames.HEADERS, flags, 1, b"\x03" + bytes(5) + BLOCK + bytes(3))
    client.says(h2_frames.DATA, h2_frames.PADDED, 1, b"\x04ab" + bytes(4))
    client.says(h2_frames.DATA, h2_frames.PADDED | h2_frames.END_STREAM, 1, b"\x00c")
    client.says(h2_frames.HEADERS, ENDS | h2_frames.WITH_PRIORITY, 3, bytes(5) + BLOCK)
    first, second = client.asked
    assert (first.body, first.is_whole) == (b"abc", True)
    assert second.is_whole
    assert first.fields == second.fields


async def test_padding_is_given_back_to_the_streams_window():
    """A message of just the size that was allowed would never come whole."""
    client = Client()
    client.asks(1, is_last=False)
    client.says(h2_frames.DATA, h2_frames.PADDED, 1, b"\x04ab" + bytes(4))
    five = (5).to_bytes(4, "big")
    assert await client.hears() == [(h2_frames.WINDOW_UPDATE, 0, 1, five)]


async def test_priority_unknown_frames_and_settings_change_nothing():
    """A client that uses more of HTTP/2 than we do would be turned away."""
    client = Client()
    client.says(h2_frames.PRIORITY, 0, 9, bytes(5))
    client.says(0x77, 0xFF, 5, b"of another day")
    client.sends(h2_frames.settings_frame([(0x99, 7), (h2_frames.ENABLE_PUSH, 0)]))
    client.says(h2_frames.SETTINGS, h2_frames.ACK)
    client.says(h2_frames.PING, h2_frames.ACK, 0, bytes(8))
    client.says(h2_frames.GOAWAY, 0, 0, bytes(8))
    client.asks(1, b"abc")
    assert client.asked[0].body == b"abc"
    assert await client.hears() == []
    assert not client.wire.closing


async def test_settings_and_pings_are_answered_in_turn():
    """A client would take the connection for dead."""
    client = Client()
    await client.hears()
    client.says(h2_frames.SETTINGS)
    client.sends(PING)
    await asyncio.sleep(0)
    assert client.wire.frames() == [(h2_frames.SETTINGS, h2_frames.ACK, 0, b""), PONG]


async def test_headers_go_on_in_continuation():
    """A request with a large token or baggage would be refused."""
    client = Client()
    client.says(h2_frames.HEADERS, h2_frames.END_STREAM, 1, BLOCK[:3])
    client.says(h2_frames.CONTINUATION, 0, 1, BLOCK[3:10])
    client.says(h2_frames.CONTINUATION, 0, 1, b"")
    assert client.asked == []
    client.says(h2_frames.CONTINUATION, h2_frames.END_HEADERS, 1, BLOCK[10:])
    (asked,) = client.asked
    assert len(asked.fields) == len(REQUEST)
    assert asked.is_whole
    client.sends(PING)
    assert await client.hears() == [PONG]


async def test_trailers_end_a_body():
    """A client that ends its stream with headers would wait for ever."""
    client = Client()
    client.asks(1, b"abc", is_last=False)
    client.says(h2_frames.HEADERS, ENDS, 1, plain(("x-checksum", "1")))
    (asked,) = client.asked
    assert (asked.body, asked.is_whole) == (b"abc", True)


async def test_what_trailers_add_to_the_table_counts():
    """Every request after them would be read wrong."""
    client = Client()
    client.asks(1, b"abc", is_last=False)
    client.asks(3, b"", is_last=True)
    trailers = client.encoder.encode((("x-a", "of the trailers"),))
    client.says(h2_frames.HEADERS, ENDS, 1, trailers)
    client.asks(5, b"", (*REQUEST, ("x-a", "of the trailers")))
    assert client.asked[2].fields[-1] == (b"x-a", b"of the trailers")


async def test_a_refused_requests_headers_count_for_those_after_it():
    """One request too many would garble the headers of all later ones."""
    client = Client(most_streams=1)
    client.asks(1, is_last=False)
    client.asks(3, fields=(*REQUEST, ("x-a", "remember me")))
    client.resets(1)
    client.asks(5, fields=(*REQUEST, ("x-a", "remember me")))
    assert client.asked[-1].fields[-1] == (b"x-a", b"remember me")


def long_block():
    return h2_frames.frame(h2_frames.HEADERS, 0, 1, BLOCK) + b"".join(
        h2_frames.frame(h2_frames.CONTINUATION, 0, 1, bytes(16_000)) for _ in range(9)
    )


OPEN = h2_frames.frame(h2_frames.HEADERS, h2_frames.END_HEADERS, 1, BLOCK)
WHOLE = h2_frames.frame(h2_frames.HEADERS, ENDS, 1, BLOCK)
TOO_LARGE = [(h2_frames.INITIAL_WINDOW_SIZE, 2**31)]
CONNECTION_ERRORS = {
    "a frame too large": (h2_frames.frame(h2_frames.DATA, 0, 1, bytes(16_385)), 6),
    "body of stream 0": (h2_frames.frame(h2_frames.DATA, 0, 0, b"a"), 1),
    "body of no request": (h2_frames.frame(h2_frames.DATA, 0, 5, b"a"), 1),
    "body with more padding": (
        OPEN + h2_frames.frame(h2_frames.DATA, 8, 1, b"\x09abc"),
        1,
    ),
    "body with no padding": (OPEN + h2_frames.frame(h2_frames.DATA, 8, 1), 1),
    "headers of stream 0": (h2_frames.frame(h2_frames.HEADERS, ENDS, 0, BLOCK), 1),
    "headers of an even stream": (
        h2_frames.frame(h2_frames.HEADERS, ENDS, 2, BLOCK),
        1,
    ),
    "headers with more padding": (
        h2_frames.frame(h2_frames.HEADERS, 0xC, 1, b"\xff" + BLOCK),
        1,
    ),
    "headers too short": (h2_frames.frame(h2_frames.HEADERS, 0x24, 1, b"abc"), 1),
    "headers that depend on themselves": (
        h2_frames.frame(h2_frames.HEADERS, 0x24, 1, b"\0\0\0\1\0" + BLOCK),
        1,
    ),
    "padded headers that depend on themselves": (
        h2_frames.frame(h2_frames.HEADERS, 0x2C, 1, b"\0\x80\0\0\1\0" + BLOCK),
        1,
    ),
    "headers that are none": (h2_frames.frame(h2_frames.HEADERS, ENDS, 1, b"\x80"), 9),
    "headers of a stream that was": (
        WHOLE + h2_frames.frame(h2_frames.RST_STREAM, 0, 1, bytes(4)) + WHOLE,
        5,
    ),
    "trailers that are no block": (
        OPEN + h2_frames.frame(h2_frames.HEADERS, ENDS, 1, b"\xff"),
        9,
    ),
    "priority of stream 0": (h2_frames.frame(h2_frames.PRIORITY, 0, 0, bytes(5)), 1),
    "priority too short": (h2_frames.frame(h2_frames.PRIORITY, 0, 1, bytes(4)), 6),
    "priority of itself": (h2_frames.frame(h2_frames.PRIORITY, 0, 3, b"\0\0\0\3\0"), 1),
    "reset of stream 0": (h2_frames.frame(h2_frames.RST_STREAM, 0, 0, bytes(4)), 1),
    "reset of no request": (h2_frames.frame(h2_frames.RST_STREAM, 0, 1, bytes(4)), 1),
    "reset too long": (OPEN + h2_frames.frame(h2_frames.RST_STREAM, 0, 1, bytes(5)), 6),
    "settings of a stream": (h2_frames.frame(h2_frames.SETTINGS, 0, 1), 1),
    "settings too short": (h2_frames.frame(h2_frames.SETTINGS, 0, 0, b"odd"), 6),
    "settings that answer": (
        h2_frames.frame(h2_frames.SETTINGS, h2_frames.ACK, 0, bytes(6)),
        6,
    ),
    "push neither yes nor no": (
        h2_frames.settings_frame([(h2_frames.ENABLE_PUSH, 2)]),
        1,
    ),
    "first window too large": (h2_frames.settings_frame(TOO_LARGE), 3),
    "frames too small": (
        h2_frames.settings_frame([(h2_frames.MAX_FRAME_SIZE, 16_383)]),
        1,
    ),
    "frames too large": (
        h2_frames.settings_frame([(h2_frames.MAX_FRAME_SIZE, 2**24)]),
        1,
    ),
    "a push": (
        h2_frames.frame(h2_frames.PUSH_PROMISE, h2_frames.END_HEADERS, 1, bytes(4)),
        1,
    ),
    "ping of a stream": (h2_frames.frame(h2_frames.PING, 0, 1, bytes(8)), 1),
    "ping too short": (h2_frames.frame(h2_frames.PING, 0, 0, bytes(7)), 6),
    "goaway of a stream": (h2_frames.frame(h2_frames.GOAWAY, 0, 1, bytes(8)), 1),
    "goaway too short": (h2_frames.frame(h2_frames.GOAWAY, 0, 0, bytes(7)), 6),
    "window too short": (h2_frames.frame(h2_frames.WINDOW_UPDATE, 0, 0, bytes(3)), 6),
    "window by nothing": (h2_frames.frame(h2_frames.WINDOW_UPDATE, 0, 0, bytes(4)), 1),
    "window of no request": (h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 1, 1), 1),
    "connection window too large": (
        h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 0, 2**31 - 1),
        3,
    ),
    "first window makes a window too large": (
        OPEN
        + h2_frames.number_frame(
            h2_frames.WINDOW_UPDATE, 1, 2**31 - 1 - h2_frames.FIRST_WINDOW
        )
        + h2_frames.settings_frame(
            [(h2_frames.INITIAL_WINDOW_SIZE, h2_frames.FIRST_WINDOW + 1)]
        ),
        3,
    ),
    "continuation of nothing": (h2_frames.frame(h2_frames.CONTINUATION, 4, 1), 1),
    "continuation after all": (
        WHOLE + h2_frames.frame(h2_frames.CONTINUATION, 4, 1),
        1,
    ),
    "continuation of another": (
        h2_frames.frame(h2_frames.HEADERS, 0, 1)
        + h2_frames.frame(h2_frames.CONTINUATION, 4, 3),
        1,
    ),
    "a ping within headers": (h2_frames.frame(h2_frames.HEADERS, 0, 1) + PING, 1),
    "unknown within headers": (
        h2_frames.frame(h2_frames.HEADERS, 0, 1) + h2_frames.frame(99, 0, 0),
        1,
    ),
    "headers within headers": (h2_frames.frame(h2_frames.HEADERS, 0, 1) + WHOLE, 1),
    "headers without an end": (long_block(), 11),
}


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
async def test_a_broken_connection_is_ended_with_its_code(name):
    """A hostile client would go on, or an honest one not learn what it did wrong."""
    said, code = CONNECTION_ERRORS[name]
    client = Client()
    client.sends(said + PING)
    frames = await client.hears()
    assert PONG not in frames
    kind, _, _, payload = frames[-1]
    assert (kind, int.from_bytes(payload[4:], "big")) == (h2_frames.GOAWAY, code)
    assert client.wire.closing
    assert client.reasons == (["flood"] if code == 11 else [])


CLOSED = WHOLE + h2_frames.frame(h2_frames.DATA, 0, 1, b"late")
STREAM_ERRORS = {
    "a body after its end": (CLOSED, 5),
    "headers after its end": (WHOLE + WHOLE, 5),
    "trailers that end nothing": (
        OPEN
        + h2_frames.frame(
            h2_frames.HEADERS, h2_frames.END_HEADERS, 1, plain(("x-a", "b"))
        ),
        1,
    ),
    "trailers with a pseudo-header": (
        OPEN + h2_frames.frame(h2_frames.HEADERS, ENDS, 1, plain((":path", "/"))),
        1,
    ),
    "window by nothing": (
        OPEN + h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 1, 0),
        1,
    ),
    "window too large": (
        OPEN + h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 1, 2**31 - 1),
        3,
    ),
}


@pytest.mark.parametrize("name", STREAM_ERRORS)
async def test_a_broken_stream_is_reset_and_no_other(name):
    """One broken request would cost its neighbours, or go on to the upstream."""
    said, code = STREAM_ERRORS[name]
    client = Client()
    client.sends(said)
    assert await client.reset_code(1) == code
    assert client.asked[0].is_gone
    client.asks(3, b"abc")
    assert client.asked[1].is_whole
    assert not client.wire.closing
    assert client.shared.open_streams == 1


async def test_a_body_for_a_request_that_was_is_refused():
    """A client that is out of step would be taken for one that is not."""
    client = Client()
    client.asks(1, b"abc")
    client.asked[0].stream.send(b"\x88", is_all=True)
    await client.hears()
    late = h2_frames.frame(h2_frames.DATA, 0, 1, b"late")
    for at in range(len(late)):
        client.sends(late[at : at + 1])
    assert await client.reset_code(1) == h2_frames.STREAM_CLOSED


async def test_what_comes_after_an_early_answer_is_dropped():
    """An honest client's bytes on their way would end its connection."""
    client = Client()
    client.asks(1, b"abc", is_last=False)
    client.asked[0].stream.send(b"\x88", is_all=True)
    kinds = [(kind, payload) for kind, _, _, payload in await client.hears_of(1)]
    assert kinds == [(h2_frames.HEADERS, b"\x88"), (h2_frames.RST_STREAM, bytes(4))]
    client.says(h2_frames.DATA, 0, 1, b"on its way")
    client.says(h2_frames.HEADERS, ENDS, 1, plain(("x-a", "b")))
    assert await client.hears() == []
    assert (client.asked[0].body, client.asked[0].is_gone) == (b"abc", False)


async def test_data_after_the_end_of_the_connection_is_not_read():
    """What TLS still hands on would start requests that nobody can answer."""
    client = Client()
    client.says(h2_frames.PING, 0, 0, b"odd")
    client.asks(1, b"abc")
    assert client.asked == []
