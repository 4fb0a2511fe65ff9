"""`collector.net.h2_server`: how much a client may have, how long, and its end."""

import asyncio

import hpack
import pytest
from fakes.http2_client import ENDS, Client

from collector.net import h2_frames

PING = h2_frames.frame(h2_frames.PING, 0, 0, b"12345678")
ANSWER = b"\x88", b"hello", b"\x88"
CALM = h2_frames.ENHANCE_YOUR_CALM


def answers(asked):
    asked.stream.finish(*ANSWER)


async def test_streams_of_a_connection_are_bounded():
    """One client could begin requests without end."""
    client = Client(most_streams=2)
    for stream in (1, 3, 5):
        client.asks(stream, is_last=False)
    assert len(client.asked) == 2
    assert await client.reset_code(5) == h2_frames.REFUSED_STREAM
    assert client.reasons == ["streams"]
    client.says(h2_frames.DATA, h2_frames.END_STREAM, 5, b"was on its way")
    assert await client.hears() == []
    answers(client.asked[0])
    client.asks(7, b"")
    assert client.asked[2].is_whole


async def test_streams_of_all_connections_are_bounded(monkeypatch):
    """Many connections together could begin requests without end."""
    monkeypatch.setattr("collector.net.h2_server._RESERVED_STREAMS", 1)
    first = Client(all_streams=2)
    second = Client(shared=first.shared)
    first.asks(1, is_last=False)
    second.asks(1, is_last=False)
    second.asks(3, is_last=False)
    assert await second.reset_code(3) == h2_frames.REFUSED_STREAM
    first.resets(1)
    second.asks(5, is_last=False)
    assert len(second.asked) == 2
    second.connection.connection_lost(None)
    assert first.shared.open_streams == 0


async def test_each_connection_has_places_of_its_own():
    """A few connections that open streams and send nothing would keep others out."""
    greedy = Client(most_streams=100, all_streams=20)
    honest = Client(most_streams=100, shared=greedy.shared)
    for stream in range(1, 61, 2):
        greedy.asks(stream, is_last=False)
    assert len(greedy.asked) == 20
    honest.asks(1, b"")
    assert len(honest.asked) == 1


@pytest.mark.parametrize("kind", ["indexed fields", "Huffman's code", "table sizes"])
async def test_blocks_that_cost_much_and_weigh_little_are_a_flood(kind):
    """A connection could keep the relay decoding headers for all its time."""
    client = Client(most_streams=10_000)
    client.looks(0)
    block = {
        "indexed fields": b"\x82" * 900,
        "Huffman's code": hpack.Encoder().encode(
            [(f"x-{n}", "a" * 4000) for n in range(4)]
        ),
        "table sizes": b"\x20\x3f\xe1\x1f" * 400,
    }[kind]
    for stream in range(1, 20_001, 2):
        client.sends(h2_frames.frame(h2_frames.HEADERS, 4, stream, block))
        if client.wire.closing:
            break
    assert client.wire.closing
    assert await client.error() == CALM


async def test_a_reset_takes_the_request_back():
    """Work would go on for a client that has gone."""
    client = Client()
    client.asks(1, b"abc")
    client.asks(3, b"abc")
    client.resets(1)
    client.resets(1)
    assert [asked.is_gone for asked in client.asked] == [True, False]
    assert client.shared.open_streams == 1
    answers(client.asked[0])  # too late, and to nobody
    assert await client.hears() == []


async def test_a_lost_connection_takes_everything_back():
    """What a client held would never be given to others."""
    client = Client()
    client.sets(INITIAL_WINDOW_SIZE=0)
    for stream in (1, 3):
        client.asks(stream, b"abc")
    answers(client.asked[0])
    assert client.shared.connections == {client.connection}
    client.connection.connection_lost(ConnectionResetError())
    assert [asked.is_gone for asked in client.asked] == [True, True]
    assert client.shared.open_streams == 0
    assert client.shared.connections == set()


async def test_an_end_at_once_takes_everything_back():
    """A stop would leave requests that nobody waits for."""
    client = Client()
    client.asks(1, b"abc")
    client.connection.end()
    assert client.wire.closing
    assert client.asked[0].is_gone
    assert client.shared.open_streams == 0


LEFT = [
    (h2_frames.GOAWAY, 0, 0, (2**31 - 1).to_bytes(4, "big") + bytes(4)),
    (h2_frames.PING, 0, 0, b"leaving."),
]


async def test_who_is_asked_to_leave_gets_all_its_answers():
    """A rollout would cost the requests that were on their way."""
    client = Client()
    client.asks(1, b"abc")
    client.connection.start_drain()
    client.connection.start_drain()
    assert await client.hears() == LEFT
    client.asks(3, b"was sent before the client read it")
    client.looks()
    answers(client.asked[0])
    answers(client.asked[1])
    client.looks()
    assert not client.wire.closing
    client.asks(5, b"was still on its way")
    client.says(h2_frames.PING, h2_frames.ACK, 0, b"leaving.")
    client.looks()
    assert not client.wire.closing
    answers(client.asked[2])
    kinds = [frame[:3:2] for frame in await client.hears()]
    assert kinds == [(kind, s) for s in (1, 3, 5) for kind in (1, 0, 1)]
    client.looks()
    last = (h2_frames.GOAWAY, 0, 0, (5).to_bytes(4, "big") + bytes(4))
    assert await client.hears() == [last]
    assert client.wire.closing


async def test_a_client_that_comes_late_is_asked_to_leave_as_well():
    """A drain would wait for a client that was just saying hello."""
    client = Client(greets=False)
    client.connection.start_drain()
    client.sends(h2_frames.PREFACE + h2_frames.settings_frame(()))
    client.asks(1, b"abc")
    client.looks()
    assert await client.hears() == LEFT
    assert not client.wire.closing


async def test_a_client_that_never_takes_its_leave_is_left():
    """One client whose machine is gone would use up the time of a drain."""
    client = Client()
    client.asks(1, b"abc")
    client.connection.start_drain()
    client.looks(6)
    assert not client.wire.closing
    answers(client.asked[0])
    client.looks(0.05)
    assert client.wire.closing


async def test_who_has_not_spoken_does_not_hold_up_a_drain():
    """Idle connections would use up the time that answers need."""
    client = Client(greets=False)
    client.connection.start_drain()
    client.looks(0.05)
    assert client.wire.closing
    assert client.wire.written == b""


async def test_a_client_that_says_nothing_at_all_is_given_up():
    """Connections that never speak would take all places."""
    client = Client(greets=False)
    client.sends(h2_frames.PREFACE[:5])
    client.looks(0)
    client.looks(10)
    assert not client.wire.closing
    client.looks(1)
    assert client.wire.closing


async def test_a_silent_client_is_asked_for_a_sign_of_life_and_given_up():
    """Clients whose machine is gone would take all places."""
    client = Client()
    client.looks(0)
    client.looks(60)
    assert await client.hears() == []
    client.looks(1)
    client.looks(1)
    assert await client.hears() == [(h2_frames.PING, 0, 0, bytes(8))]
    client.looks(18)
    assert not client.wire.closing
    client.looks(1)
    assert client.wire.aborted


async def test_a_client_that_answers_may_stay_silent():
    """Idle clients would reconnect all day."""
    client = Client()
    for _ in range(5):
        client.looks(61)
        client.says(h2_frames.PING, h2_frames.ACK, 0, bytes(8))
        client.looks(1)
    pings = [frame for frame in await client.hears() if frame[0] == h2_frames.PING]
    assert len(pings) == 4
    assert not client.wire.closing


async def test_headers_have_to_end_in_time():
    """Begun headers would be kept for as long as the client likes."""
    client = Client(read_seconds=5.0)
    client.says(h2_frames.HEADERS, h2_frames.END_STREAM, 1, b"\x83")
    client.looks(4)
    client.says(h2_frames.CONTINUATION, 0, 1, b"\x86")
    assert not client.wire.closing
    client.looks(2)
    assert await client.error() == CALM
    assert client.reasons == ["flood"]


async def test_headers_that_ended_are_not_held_against_the_next():
    """A client with one long header block would be cut off some seconds later."""
    client = Client(read_seconds=5.0)
    client.says(h2_frames.HEADERS, h2_frames.END_STREAM, 1, b"\x83\x86")
    client.says(h2_frames.CONTINUATION, h2_frames.END_HEADERS, 1, b"\x84")
    client.looks(10)
    assert not client.wire.closing


async def test_nothing_is_read_while_the_client_does_not_read():
    """A client that asks and never reads would have its answers kept for it."""
    client = Client()
    client.connection.pause_writing()
    assert client.wire.paused
    client.connection.resume_writing()
    assert not client.wire.paused
    client.looks(61)
    assert not client.wire.closing
    client.connection.pause_writing()
    client.looks(60)
    assert not client.wire.closing
    client.looks(1)
    assert client.wire.aborted
    client.connection.pause_writing()
    client.connection.resume_writing()
    assert client.wire.paused


async def test_requests_hear_the_time():
    """A body that never comes would hold its memory."""
    client = Client()
    client.asks(1, is_last=False)
    client.looks(7)
    client.looks(2)
    assert client.asked[0].looks == [1007.0, 1009.0]


FLOODS = {
    "pings": (PING, 10_000),
    "settings": (h2_frames.settings_frame(()), 10_000),
    "acknowledgements": (h2_frames.frame(h2_frames.SETTINGS, h2_frames.ACK, 0), 10_000),
    "unknown": (h2_frames.frame(99, 0, 0), 10_000),
    "priorities": (h2_frames.frame(h2_frames.PRIORITY, 0, 7, bytes(5)), 10_000),
    "goaways": (h2_frames.frame(h2_frames.GOAWAY, 0, 0, bytes(8)), 10_000),
    "windows": (h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 0, 1), 10_000),
    "windows of a stream": (
        h2_frames.number_frame(h2_frames.WINDOW_UPDATE, 1, 1),
        10_000,
    ),
    "nothing of a body": (h2_frames.frame(h2_frames.DATA, 0, 1), 10_000),
    "padding of a body": (h2_frames.frame(h2_frames.DATA, 8, 1, b"\1\0"), 10_000),
    "nothing for nobody": (h2_frames.frame(h2_frames.DATA, 0, 3), 10_000),
    "resets": (h2_frames.number_frame(h2_frames.RST_STREAM, 5, 8), 1000),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_frames_that_bring_nothing_are_bounded(name):
    """One client could keep the relay busy with nothing."""
    said, allowed = FLOODS[name]
    client = Client()
    client.looks(0)
    client.asks(1, is_last=False)
    client.asks(3, b"a", is_last=False)
    client.asked[1].stream.reset(h2_frames.CANCEL)
    client.asks(5, b"a", is_last=False)
    client.resets(5)
    client.looks(0)
    client.sends(said * allowed)
    assert not client.wire.closing
    client.looks(0)  # a second later as much is allowed again
    client.sends(said * allowed)
    assert not client.wire.closing
    client.sends(said)
    assert await client.error() == CALM
    assert client.reasons == ["flood"]


async def test_continuation_in_crumbs_is_a_flood():
    """One block of headers could be sent in a hundred thousand frames."""
    client = Client()
    client.looks(0)
    client.says(h2_frames.HEADERS, 0, 1, b"\x83")
    client.sends(h2_frames.frame(h2_frames.CONTINUATION, 0, 1) * 10_000)
    assert not client.wire.closing
    client.says(h2_frames.CONTINUATION, 0, 1)
    assert await client.error() == CALM


async def test_each_answer_allows_for_some_frames():
    """A busy client that resets or pings now and then would be cut off."""
    client = Client()
    client.looks(0)
    for stream in range(1, 400, 2):
        client.asks(stream, b"")
        answers(client.asked[-1])
    client.sends(PING * 12_000)
    assert not client.wire.closing
    client.sends(PING)
    assert await client.error() == CALM


@pytest.mark.parametrize("what", ["first window", "connection window"])
async def test_moving_many_streams_at_once_costs_more(what):
    """A few bytes again and again could make the relay visit all streams each time."""
    client = Client(most_streams=800)
    client.looks(0)
    client.sets(INITIAL_WINDOW_SIZE=0)
    for stream in range(1, 1601, 2):
        client.asks(stream, b"")
        if what == "connection window":
            answers(client.asked[-1])
    for n in range(99):
        if what == "first window":
            client.sets(INITIAL_WINDOW_SIZE=1 + n % 2)
        else:
            client.opens_window(0, 1)
    assert not client.wire.closing
    if what == "first window":
        client.sets(INITIAL_WINDOW_SIZE=5)
    else:
        client.opens_window(0, 1)
    assert await client.error() == CALM


async def test_what_is_dropped_is_remembered_within_bounds():
    """A client that is refused all the time would fill the memory."""
    client = Client(most_streams=1)
    client.asks(1, is_last=False)
    client.says(h2_frames.PRIORITY, 0, 5, bytes(5))
    for stream in range(3, 3 + 2 * 1025, 2):
        client.asks(stream, is_last=False)
    await client.hears()
    client.says(h2_frames.DATA, 0, 5, b"late")  # one of the last 1024
    assert await client.hears() == []
    client.says(h2_frames.DATA, 0, 3, b"late")  # is forgotten: told again
    assert await client.reset_code(3) == h2_frames.STREAM_CLOSED


async def test_a_refused_stream_may_still_be_reset_and_ended():
    """An honest client that gives up what was refused would be cut off."""
    client = Client(most_streams=0)
    client.asks(1, is_last=False)
    client.asks(3, is_last=False)
    client.resets(1)
    client.says(h2_frames.HEADERS, ENDS, 3, client.encoder.encode((("x-a", "b"),)))
    await asyncio.sleep(0)
    assert not client.wire.closing
    assert client.asked == []
    assert client.shared.open_streams == 0
