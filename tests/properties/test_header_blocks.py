"""`collector.http2_headers` against the library `hpack`, which it stands in for."""

import hpack
from hpack.struct import NeverIndexedHeaderTuple
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.http2_frames import COMPRESSION_ERROR, ProtocolError
from collector.http2_headers import HeaderReader, header_field

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


@settings(max_examples=120)
@given(BLOCKS, st.lists(st.integers(0, 7), max_size=30))
def test_a_block_means_the_same_looked_up_or_read(blocks, order):
    """A client would get the headers of its own earlier request."""
    reader, plain = HeaderReader(known, TABLE_BYTES), HeaderReader(known, TABLE_BYTES)
    written = list(encoded(blocks))
    for number in order:
        block = written[number % len(written)]
        try:
            expected = tuple(plain.fields(block))
        except ProtocolError:
            return
        assert reader.read(block) == expected
        assert reader.read(block) == read_again(plain, block)


def read_again(plain, block):
    return tuple(plain.fields(block))


@given(NAMES, VALUES | st.binary(min_size=100, max_size=300))
def test_what_we_write_is_what_others_read(name, value):
    """Every peer would misread our answers."""
    (field,) = hpack.Decoder().decode(header_field(name, value), raw=True)
    assert tuple(field) == (name, value)


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
        reader.read(header_field(b"x-n", b"%d" % number))
    held = sum(len(block) + 32 for block in reader._known)
    assert held < 65_536
    before = len(kept)
    reader.read(header_field(b"x-n", b"999"))
    assert len(kept) == before  # looked up
