"""`collector.http2_headers` against the library `hpack`, which it stands in for."""

import hpack
import pytest
from hpack.struct import NeverIndexedHeaderTuple
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.net.h2_frames import COMPRESSION_ERROR, ProtocolError
from collector.net.h2_hpack import HeaderReader, header_field

TABLE_BYTES = 4096
NAMES = st.sampled_from(
    (b":path", b":method", b"accept", b"x-a", b"x-b", b"content-type", b"te")
) | st.binary(min_size=1, max_size=12)
VALUES = st.sampled_from((b"", b"POST", b"/", b"trailers", b"v" * 200)) | st.binary(
    max_size=40
)
FIELDS = st.lists(st.tuples(NAMES, VALUES, st.booleans()), max_size=8)
# Blocks of one connection: fields, Huffman or not, and a new size of the table or none.
SIZES = st.none() | st.integers(0, TABLE_BYTES)
BLOCKS = st.lists(st.tuples(FIELDS, st.booleans(), SIZES), min_size=1, max_size=8)


def encoded(blocks):
    """Encode blocks as a client would, one after the other."""
    encoder = hpack.Encoder()
    for fields, huffman, size in blocks:
        if size is not None:
            encoder.header_table_size = size
        yield encoder.encode(
            [
                NeverIndexedHeaderTuple(name, value) if secret else (name, value)
                for name, value, secret in fields
            ],
            huffman=huffman,
        )


class Oracle:
    """The library's decoder; None stands for what it refuses."""

    def __init__(self):
        self.decoder = hpack.Decoder(max_header_list_size=65_536)
        self.decoder.max_allowed_table_size = TABLE_BYTES

    def fields(self, block):
        try:
            return [tuple(f) for f in self.decoder.decode(block, raw=True)]
        except (hpack.HPACKError, IndexError, UnicodeDecodeError):
            return None


def fields_of(reader, block):
    try:
        return reader.fields(block)
    except ProtocolError as error:
        return None if error.code == COMPRESSION_ERROR else error


def known(fields):
    return tuple(fields)


@settings(max_examples=120)
@given(BLOCKS)
def test_what_an_encoder_writes_is_read_as_it_was(blocks):
    """Headers would be swapped, lost or made up."""
    reader, oracle = HeaderReader(known, TABLE_BYTES), Oracle()
    for (fields, _, _), block in zip(blocks, encoded(blocks), strict=True):
        expected = [(name, value) for name, value, _ in fields]
        assert reader.fields(block) == expected == oracle.fields(block)


@settings(max_examples=150)
@given(BLOCKS, st.data())
def test_damaged_blocks_are_read_or_refused_as_the_library_does(blocks, data):
    """A hostile block would be believed, or raise what nobody catches."""
    reader, oracle = HeaderReader(known, TABLE_BYTES), Oracle()
    for block in encoded(blocks):
        damaged = bytearray(block)
        for _ in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, max(len(damaged) - 1, 0)))
            damaged[at : at + 1] = data.draw(st.binary(max_size=2))
        got, expected = fields_of(reader, bytes(damaged)), oracle.fields(bytes(damaged))
        assert got == expected
        if got is None:
            return  # the connection ends here


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=30), max_size=6))
def test_any_bytes_are_read_or_refused_as_the_library_does(blocks):
    """Noise would be taken for headers, or raise what nobody catches."""
    reader, oracle = HeaderReader(known, TABLE_BYTES), Oracle()
    for block in blocks:
        got = fields_of(reader, block)
        assert got == oracle.fields(block)
        if got is None:
            return


def string(text):
    return bytes((len(text),)) + text


# Blocks by hand, so that many refer to what others have made the table remember.
PARTS = st.one_of(
    st.tuples(st.sampled_from((b"x-a", b"x-b")), st.sampled_from((b"1", b"2"))).map(
        lambda field: b"\x40" + string(field[0]) + string(field[1])
    ),
    st.sampled_from((b"\xbe", b"\xbf", b"\xc0", b"\x82", b"\x7e\x013")),
    st.sampled_from(
        (b"\x00\x03x-c\x01v", b"\x0f\x2f\x01v", b"\x20", b"\x3f\x05", b"\x3f\x29")
    ),
)
BY_HAND = st.lists(st.lists(PARTS, min_size=1, max_size=3).map(b"".join), max_size=4)


@settings(max_examples=400)
@given(BY_HAND, st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=25))
def test_a_block_means_the_same_looked_up_or_read(blocks, order):
    """A client would get the headers of its own earlier request."""
    reader, plain = HeaderReader(known, TABLE_BYTES), HeaderReader(known, TABLE_BYTES)
    oracle = Oracle()
    for number, are_trailers in order if blocks else ():
        block = blocks[number % len(blocks)]
        expected = fields_of(plain, block)
        assert expected == oracle.fields(block)
        if expected is None:
            return
        if are_trailers:
            assert reader.fields(block) == expected
        else:
            assert reader.read(block) == tuple(expected)


@given(NAMES, VALUES | st.binary(min_size=100, max_size=300))
def test_what_we_write_is_what_others_read(name, value):
    """Every peer would misread our answers."""
    (field,) = hpack.Decoder().decode(header_field(name, value), raw=True)
    assert tuple(field) == (name, value)


def test_a_few_bytes_do_not_unfold_to_more_than_was_allowed():
    """One frame of headers would unfold to 64 MB."""
    reader, encoder = HeaderReader(known, TABLE_BYTES), hpack.Encoder()
    large = (b"x-large", b"v" * 3000)
    reader.fields(encoder.encode([large]))
    assert len(reader.fields(encoder.encode([large] * 21))) == 21
    with pytest.raises(ProtocolError):
        reader.fields(encoder.encode([large] * 22))


def test_what_is_remembered_of_blocks_is_bounded():
    """A few bytes that stand for many would be kept a thousand times over."""
    kept = []
    reader = HeaderReader(lambda fields: kept.append(fields) or fields, TABLE_BYTES)
    encoder = hpack.Encoder()
    large = (b"x-large", b"v" * 3000)
    reader.read(encoder.encode([large]))
    bomb = encoder.encode([large] * 20)
    assert len(bomb) < 100
    assert reader.read(bomb) == reader.read(bomb)
    assert len(kept) == 3  # not looked up
    for number in range(1000):
        reader.read(header_field(b"x-n", b"%0200d" % number))
    held = sum(2 * len(block) + 29 for block in reader._known)
    assert 32_768 < held <= 65_536
    before = len(kept)
    reader.read(header_field(b"x-n", b"%0200d" % 999))
    assert len(kept) == before  # looked up


@pytest.mark.parametrize("are_trailers", [False, True])
def test_a_known_block_is_new_once_the_table_has_changed(are_trailers):
    """The second of two requests would have the headers of the first."""
    reader = HeaderReader(known, TABLE_BYTES)
    take = reader.fields if are_trailers else reader.read
    newest = b"\xbe"
    take(b"\x40" + string(b"x-a") + string(b"1"))
    assert reader.read(newest) == reader.read(newest) == ((b"x-a", b"1"),)
    take(b"\x40" + string(b"x-b") + string(b"2"))
    assert reader.read(newest) == ((b"x-b", b"2"),)
    take(b"\x20")
    with pytest.raises(ProtocolError):
        reader.read(newest)
