"""Transport codings, undone within a bound."""

import gzip
import tracemalloc
import zlib

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import BodyRefusedError, BodyTooLargeError, BodyUndecodableError
from collector.otlp import compression
from collector.otlp.compression import MEMBERS, Decompression, decompress

COMPRESS = {"gzip": gzip.compress, "zstd": zstd.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("coding", COMPRESS)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3))
def test_members_in_a_row_are_read_to_the_end(coding, parts):
    """The second member of a body would be lost."""
    body = b"".join(COMPRESS[coding](part) for part in parts)
    assert decompress(body, coding, 1000) == b"".join(parts)


def test_raw_deflate_is_read_too():
    """Clients that send deflate without zlib's wrapping would be refused."""
    raw = zlib.compressobj(wbits=-15)
    body = raw.compress(b"abc" * 100) + raw.flush()
    assert decompress(body, "deflate", 1000) == b"abc" * 100


@pytest.mark.parametrize("coding", COMPRESS)
def test_the_bound_is_exact(coding):
    """A body at the limit would be refused, or one beyond it let in."""
    body = COMPRESS[coding](bytes(1000))
    assert len(decompress(body, coding, 1000)) == 1000
    with pytest.raises(BodyTooLargeError):
        decompress(body, coding, 999)


@pytest.mark.parametrize("coding", COMPRESS)
def test_a_bomb_costs_no_more_than_the_limit(coding):
    """A few kilobytes would take gigabytes of memory."""
    bomb = COMPRESS[coding](bytes(100 * 2**20))
    tracemalloc.start()
    with pytest.raises(BodyRefusedError):
        decompress(bomb, coding, 2**20)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 16 * 2**20


@pytest.mark.parametrize("coding", COMPRESS)
def test_every_torn_body_is_refused(coding):
    """Half a batch would be forwarded as a whole one."""
    whole = COMPRESS[coding](b"some telemetry" * 20)
    for cut in range(1, len(whole)):
        with pytest.raises(BodyUndecodableError):
            decompress(whole[:cut], coding, 10_000)


@given(st.binary(max_size=100), st.sampled_from([*COMPRESS, "br", ""]))
def test_noise_never_raises_anything_else(body, coding):
    """A client could end the relay with a body."""
    try:
        decompress(body, coding, 1000)
    except BodyRefusedError:
        return


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
def test_a_few_members_are_read_and_a_flood_of_them_is_not(coding):
    """A small body of many empty members would cost more than a large batch."""
    member = COMPRESS[coding](b"abc")
    assert decompress(member * MEMBERS, coding, 10_000) == b"abc" * MEMBERS
    with pytest.raises(BodyUndecodableError, match="too many"):
        decompress(member * (MEMBERS + 1), coding, 10_000)


class _Counting:
    """A decoder that counts the bytes it is given."""

    given = 0

    def __init__(self):
        self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def decompress(self, data, room):
        """Count, and decompress."""
        type(self).given += len(data)
        return self._decoder.decompress(data, room)

    def __getattr__(self, name):
        return getattr(self._decoder, name)


@pytest.mark.parametrize("members", [16, 64, 256])
def test_input_is_handed_over_a_few_times_at_most(monkeypatch, members):
    """Each member would copy the rest of the body: quadratic in its length."""
    monkeypatch.setattr(compression, "_decoder_of", lambda *_: _Counting)
    _Counting.given = 0
    body = b"".join(gzip.compress(bytes(n * 50)) for n in range(members))
    decompress(body, "gzip", 2**24)
    assert _Counting.given <= 2 * len(body) + members * 300


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
@pytest.mark.parametrize("slice_bytes", [1, 7, 1000, 2**20])
def test_slices_give_the_same_bytes(coding, slice_bytes):
    """A body that left the event loop half-way would be damaged."""
    whole = bytes(range(256)) * 40
    body = COMPRESS[coding](whole) * 2
    work = Decompression(body, coding, len(whole) * 2)
    while not work.run(slice_bytes):
        assert work.size_bytes <= len(whole) * 2
    assert work.result() == whole * 2
