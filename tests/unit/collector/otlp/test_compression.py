"""Transport codings, undone within a bound."""

import gzip
import tracemalloc
import zlib

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import BodyRefusedError, BodyTooLargeError, BodyUndecodableError
from collector.otlp.compression import decompress

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
