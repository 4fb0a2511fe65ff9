"""`collector.tap.protocol`: frames out of a stream, however it was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.tap.protocol import MessageReader, RequestHeader, TornFrameError, pack

HEADER = RequestHeader("traces", "protobuf", 7)


@given(
    st.lists(st.integers(0, 500), max_size=12),
    st.lists(st.integers(1, 400), min_size=1, max_size=5),
)
def test_frames_come_out_as_they_went_in(lengths, sizes):
    """A request would be torn, doubled or mixed with its neighbour."""
    bodies = [bytes([i]) * length for i, length in enumerate(lengths)]
    stream = b"".join(pack(HEADER, body) + body for body in bodies)
    cutter = MessageReader()
    found, at, turn = [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        found += cutter.take(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert found == [(HEADER, body) for body in bodies]
    assert not cutter.is_torn


def test_a_stream_that_ends_or_begins_amiss_is_known():
    """Half a request would be taken for a whole one, or noise for a length."""
    cutter = MessageReader()
    assert list(cutter.take(pack(HEADER, b"abc") + b"ab")) == []
    assert cutter.is_torn
    for noise in (b"\xff" * 20, b"\0\0\0\2\0\0\0\0ab"):
        with pytest.raises(TornFrameError):
            list(MessageReader().take(noise))
