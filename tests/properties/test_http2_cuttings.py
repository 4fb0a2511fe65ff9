"""However the network cuts what a client sends, it means the same."""

import asyncio
import itertools

import hpack
from fakes.http2_client import REQUEST, Client
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.net import h2_frames

SMALL = st.binary(max_size=40)
STREAMS = st.sampled_from((1, 3, 5, 7))
# What one side may say of a stream, in an order that need not make sense.
SAYINGS = st.lists(
    st.one_of(
        st.tuples(st.just("opens"), STREAMS, st.booleans(), SMALL),
        st.tuples(st.just("sends"), STREAMS, st.booleans(), SMALL),
        st.tuples(st.just("pads"), STREAMS, st.booleans(), SMALL),
        st.tuples(st.just("ends"), STREAMS, st.booleans(), SMALL),
        st.tuples(st.just("splits"), STREAMS, st.booleans(), SMALL),
        st.tuples(st.just("resets"), STREAMS, st.booleans(), SMALL),
        st.tuples(st.just("pings"), STREAMS, st.booleans(), SMALL),
        st.tuples(st.just("other"), STREAMS, st.booleans(), SMALL),
    ),
    max_size=14,
)


def said(sayings):
    """Return the bytes of what is said."""
    encoder = hpack.Encoder()
    frames = [h2_frames.PREFACE, h2_frames.settings_frame(())]
    for what, stream, is_last, data in sayings:
        ends = h2_frames.END_STREAM if is_last else 0
        whole = ends | h2_frames.END_HEADERS
        match what:
            case "opens":
                block = encoder.encode((*REQUEST, ("x-a", data.hex())))
                frames.append(h2_frames.frame(h2_frames.HEADERS, whole, stream, block))
            case "splits":
                block = encoder.encode((*REQUEST, ("x-b", data.hex())))
                frames.append(
                    h2_frames.frame(h2_frames.HEADERS, ends, stream, block[:4])
                )
                more = h2_frames.END_HEADERS
                frames.append(
                    h2_frames.frame(h2_frames.CONTINUATION, more, stream, block[4:])
                )
            case "sends":
                frames.append(h2_frames.frame(h2_frames.DATA, ends, stream, data))
            case "pads":
                padded = bytes((len(data),)) + data + bytes(len(data))
                frames.append(h2_frames.frame(h2_frames.DATA, 8 | ends, stream, padded))
            case "ends":
                block = encoder.encode((("x-c", data.hex()),))
                frames.append(h2_frames.frame(h2_frames.HEADERS, whole, stream, block))
            case "resets":
                frames.append(h2_frames.number_frame(h2_frames.RST_STREAM, stream, 8))
            case "pings":
                frames.append(h2_frames.frame(h2_frames.PING, 0, 0, data[:8].ljust(8)))
            case _:
                frames.append(h2_frames.frame(len(data) + 10, 0, stream, data))
    return b"".join(frames)


def heard(pieces):
    """Return what came of it: the requests, what was written, and whether it ended."""

    async def play():
        client = Client(greets=False)
        for piece in pieces:
            client.sends(piece)
        frames = await client.hears()
        asked = [(a.fields, a.body, a.is_whole, a.is_gone) for a in client.asked]
        return asked, frames, client.wire.closing, client.shared.open_streams

    return asyncio.run(play())


@settings(max_examples=100)
@given(SAYINGS, st.data())
def test_any_cutting_of_what_is_said_means_the_same(sayings, data):
    """Where the network cuts would decide which requests arrive, and how."""
    whole = said(sayings)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=30).map(sorted))
    edges = [0, *cuts, len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(edges) if a < b]
    assert heard(pieces) == heard([whole])


@settings(max_examples=40)
@given(SAYINGS)
def test_single_bytes_mean_the_same(sayings):
    """A slow line would change what a client has said."""
    whole = said(sayings)
    assert heard([whole[n : n + 1] for n in range(len(whole))]) == heard([whole])


def test_every_single_cut_of_a_long_session():
    """One unlucky byte boundary would garble a session."""
    sayings = [
        ("opens", 1, False, b"ab"),
        ("sends", 1, False, b"hello"),
        ("splits", 3, False, b"cd"),
        ("pads", 3, False, b"padded"),
        ("pings", 1, False, b"now"),
        ("sends", 1, True, b"world"),
        ("ends", 3, True, b"ef"),
        ("opens", 5, True, b"ab"),
        ("other", 5, True, b"x"),
    ]
    whole = said(sayings)
    expected = heard([whole])
    assert [body for _, body, _, _ in expected[0]] == [b"helloworld", b"padded", b""]
    for cut in range(1, len(whole)):
        assert heard([whole[:cut], whole[cut:]]) == expected
