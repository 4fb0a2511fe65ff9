"""`collector.frames`: frames out of a stream, however it was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.frames import FrameCutter, RequestHeader, TornFrameError, pack

HEADER = RequestHeader("traces", "protobuf", 7)


def read_in(cutter, stream, sizes):
    """Give the stream to a cutter in pieces of these sizes, or of its room."""
    found, at, turn = [], 0, 0
    while at < len(stream):
        with cutter.room() as room:
            count = min(sizes[turn % len(sizes)], len(room), len(stream) - at)
            assert count > 0
            room[:count] = stream[at : at + count]
        at, turn = at + count, turn + 1
        found += cutter.take(count)
    return found


@given(
    st.lists(st.integers(0, 500), max_size=12),
    st.lists(st.integers(1, 400), min_size=1, max_size=5),
)
def test_frames_come_out_as_they_went_in(lengths, sizes):
    """A request would be torn, doubled or mixed with its neighbour."""
    bodies = [bytes([i]) * length for i, length in enumerate(lengths)]
    stream = b"".join(pack(HEADER, body) + body for body in bodies)
    cutter = FrameCutter(room_bytes=64)
    found = read_in(cutter, stream, sizes)
    assert found == [(HEADER, body) for body in bodies]
    assert not cutter.is_torn


def test_a_buffer_that_grew_for_one_frame_shrinks_after_it():
    """One large request would keep its size in memory for good."""
    cutter = FrameCutter(room_bytes=64)
    large = bytes(10_000)
    stream = pack(HEADER, large) + large + pack(HEADER)
    assert [body for _, body in read_in(cutter, stream, [10**6])] == [large, b""]
    assert len(cutter.room()) == 64


def test_a_stream_that_ends_or_begins_amiss_is_known():
    """Half a request would be taken for a whole one, or noise for a length."""
    cutter = FrameCutter()
    assert read_in(cutter, pack(HEADER, b"abc") + b"ab", [5]) == []
    assert cutter.is_torn
    for noise in (b"\xff" * 20, b"\0\0\0\2\0\0\0\0ab"):
        with pytest.raises(TornFrameError):
            read_in(FrameCutter(), noise, [64])
