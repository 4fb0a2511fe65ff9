"""Binary format of a segment, defined only here. `docs/format/segment-v1.md`.

A segment holds the records of one window of one collector, and in its header the
state of every reservoir at that time, so that the probability of each record can be
worked out later. It is written whole and read whole; a header can be read alone.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import zstandard
from msgspec import Struct

from snaptrace.snapshot import codec
from snaptrace.snapshot.errors import CorruptSnapshotError, NewerSnapshotError
from snaptrace.snapshot.model import Json, Snapshot

FORMAT = 1
RANK_SPAN = 1 << 56  # ranks lie in [0, RANK_SPAN)
MAGIC = b"\x89STS"
SPLIT_BYTES = 8 * 2**20  # a writer begins a new segment beyond this much of records
MAX_HEADER_BYTES = 16 * 2**20  # decompressed; a reader refuses more
MAX_BODY_BYTES = 64 * 2**20
HEADER_START_BYTES = 64 * 2**10  # enough to hold nearly every header
_PREAMBLE = struct.Struct(">4sHHIIII16s")
_SIZES = struct.Struct(">4sHHIIII")  # the preamble without its digest
_SUBJECT_BYTES = 4
_PLAIN_LEVELS = 12


class ReservoirState(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """State of one reservoir of one window when a segment was sealed.

    `gc=False`: a store has hundreds of thousands, and none can be part of a cycle.
    """

    kind: Literal["uniform", "quota"]
    service: str
    modality: str
    stratum: str = ""  # of a quota reservoir
    size: int  # k, in traces; less than configured where bytes ran short
    threshold: int = 0  # T: the highest rank rejected; kept means rank > T
    pre_threshold: int = 0  # ranks up to here were rejected undecoded
    seen: int = 0  # calls offered, those that the pre-threshold rejected not counted
    kept: int = 0  # calls kept
    # Second-level sampling of traces with more calls than the cap: trace rank ->
    # the highest span rank rejected. Traces that are not here kept all their calls.
    span_thresholds: dict[int, int] = {}


class Pin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Suite, assertion and note of the one snapshot that was pinned in this segment."""

    suite: str
    assertion: Json = None  # what the answer must meet; `replayd` knows the kinds
    note: str = ""
    hard: bool = False  # production itself is not sure of it: `test` asks repeatedly
    version: str = ""  # hash of the lock that pinned it; "": pinned by hand


class SegmentHeader(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts about a segment that need no decoding of its records."""

    collector: str
    sequence: int
    window_start_ns: int  # Unix time
    window_length_ns: int
    sealed_at_ns: int = 0
    supplement: int = 0  # 0: first seal of the window; 1, 2, …: late calls
    reservoirs: tuple[ReservoirState, ...] = ()
    redaction_version: str = ""
    strata_version: str = ""
    release: str = ""  # of snaptrace, that wrote it
    record_bytes: tuple[int, ...] = ()  # length of each record, in order
    body_digest: bytes = b""  # blake2b-256 of keys and compressed records
    subjects: bytes = b""  # sorted 4-byte beginnings of keyed subjects
    pin: Pin | None = None  # of a pinned snapshot only

    def subject_starts(self) -> set[bytes]:
        """Return the prefixes of the keyed subjects of its records."""
        starts = range(0, len(self.subjects), _SUBJECT_BYTES)
        return {self.subjects[i : i + _SUBJECT_BYTES] for i in starts}


def subject_start(subject: str) -> bytes:
    """Return what a header keeps of a keyed subject."""
    return bytes.fromhex(subject)[:_SUBJECT_BYTES]


_headers = codec.Decoder(SegmentHeader)


def pack_subjects(subjects: Sequence[str]) -> bytes:
    """Return `SegmentHeader.subjects` for hex subjects; empty ones are left out."""
    return b"".join(sorted({subject_start(s) for s in subjects if s}))


def write(header: SegmentHeader, snapshots: Sequence[Snapshot]) -> bytes:
    """Return the bytes of a segment; fills in the fields about the body."""
    return write_packed(header, [codec.pack_snapshot(one) for one in snapshots])


def write_packed(
    header: SegmentHeader, packed: Sequence[codec.Packed], level: int = 9
) -> bytes:
    """Like `write`, for snapshots already packed."""
    writer = Writer(tuple(len(one.record) for one in packed), level)
    for one in packed:
        writer.add(one)
    return writer.finish(header)


class Writer:
    """Builds one segment from records added one by one.

    Holds them compressed only. `record_bytes` are the lengths of all that will come.
    """

    def __init__(self, record_bytes: tuple[int, ...], level: int = 9) -> None:
        self._record_bytes, self._level = record_bytes, level
        self._plain_bytes = sum(record_bytes)
        if self._plain_bytes > MAX_BODY_BYTES:
            why = f"{self._plain_bytes} bytes of records are more than a reader takes"
            raise ValueError(why)
        self._keys: list[bytes] = []
        compressor = _compressor(self._plain_bytes, level)
        self._records = compressor.compressobj(size=self._plain_bytes)
        self._out: list[bytes] = []

    def add(self, packed: codec.Packed) -> None:
        """Add the next record; its length was announced."""
        if len(packed.record) != self._record_bytes[len(self._keys)]:
            raise ValueError("a record is not as long as announced")
        self._keys.append(packed.keys)
        self._out.append(self._records.compress(packed.record))

    def finish(self, header: SegmentHeader) -> bytes:
        """Return the segment; sets the header's fields about the body."""
        body = b"".join((*self._keys, *self._out, self._records.flush()))
        header = msgspec.structs.replace(
            header,
            record_bytes=self._record_bytes,
            body_digest=hashlib.blake2b(body, digest_size=32).digest(),
        )
        plain_head = codec.encode(header)
        head = _compressor(len(plain_head), self._level).compress(plain_head)
        sizes = _SIZES.pack(
            MAGIC, FORMAT, 0, len(head), len(plain_head), len(body), self._plain_bytes
        )
        digest = hashlib.blake2b(sizes + head, digest_size=16).digest()
        return b"".join((sizes, digest, head, body))


def _compressor(plain_bytes: int, level: int) -> zstandard.ZstdCompressor:
    # The window spans the whole segment: a system prompt is stored once in it.
    params = zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=plain_bytes,
        window_log=max(10, min(23, (plain_bytes or 1).bit_length())),
        write_content_size=1,
    )
    if level > _PLAIN_LEVELS:
        # The best levels' own tables take 50 MiB; these give up 0.1 % of size.
        params = zstandard.ZstdCompressionParameters.from_level(
            level,
            source_size=plain_bytes,
            window_log=params.window_log,
            write_content_size=1,
            chain_log=min(params.chain_log, 21),
            hash_log=min(params.hash_log, 20),
        )
    return zstandard.ZstdCompressor(compression_params=params)


class Segment:
    """A verified segment; records are decoded on demand."""

    __slots__ = ("_body", "_ends", "_keys", "header", "name")

    def __init__(
        self, name: str, header: SegmentHeader, keys: bytes, body: bytes
    ) -> None:
        self.name, self.header, self._keys, self._body = name, header, keys, body
        self._ends = [0]
        for size in header.record_bytes:
            self._ends.append(self._ends[-1] + size)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def packed(self, index: int) -> codec.Packed:
        """Return the stored form of one snapshot."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = index * codec.KEYS_BYTES
        return codec.Packed(
            self._keys[start : start + codec.KEYS_BYTES],
            self._body[self._ends[index] : self._ends[index + 1]],
        )

    def record(self, index: int) -> Snapshot:
        """Decode one record.

        Raises:
            CorruptSnapshotError: intact bytes that are no snapshot.
        """
        try:
            return codec.unpack_snapshot(self.packed(index))
        except ValueError as error:
            raise CorruptSnapshotError(
                self.name, self._ends[index], str(error)
            ) from None

    def __iter__(self) -> Iterator[Snapshot]:
        for index in range(len(self)):
            yield self.record(index)


def read(data: bytes, name: str) -> Segment:
    """Verify a segment and return it; records are not decoded yet.

    Raises:
        CorruptSnapshotError: a byte is missing, added or altered.
        NewerSnapshotError: written by a later release.
    """
    header, start, body_bytes = _read_head(data, name)
    body = data[start:]
    if hashlib.blake2b(body, digest_size=32).digest() != header.body_digest:
        raise CorruptSnapshotError(name, start, "the body does not match its digest")
    keys_bytes = codec.KEYS_BYTES * len(header.record_bytes)
    if len(body) < keys_bytes:
        raise CorruptSnapshotError(name, start, "fewer keys than records")
    keys, packed = body[:keys_bytes], body[keys_bytes:]
    plain = _decompress(packed, body_bytes, MAX_BODY_BYTES, name, start + keys_bytes)
    if sum(header.record_bytes) != len(plain):
        raise CorruptSnapshotError(name, start, "records do not fill the body")
    return Segment(name, header, keys, plain)


def read_header(start: bytes, name: str) -> SegmentHeader | None:
    """Return the verified header from a segment's first bytes; None if cut off.

    Raises:
        CorruptSnapshotError: a byte of preamble or header is altered.
        NewerSnapshotError: written by a later release.
    """
    if len(start) >= _PREAMBLE.size and start.startswith(MAGIC):
        _, _, _, head_bytes, *_ = _PREAMBLE.unpack_from(start)
        if len(start) < _PREAMBLE.size + head_bytes <= MAX_HEADER_BYTES:
            return None
    return _read_head(start, name, alone=True)[0]


def _read_head(
    data: bytes, name: str, *, alone: bool = False
) -> tuple[SegmentHeader, int, int]:
    """Return header, where the body begins, and its size once decompressed."""
    if len(data) < _PREAMBLE.size or not data.startswith(MAGIC):
        raise CorruptSnapshotError(name, 0, "no whole preamble of a segment")
    fields = _PREAMBLE.unpack_from(data)
    _, version, _, head_bytes, head_plain, body_bytes, body_plain, digest = fields
    start = _PREAMBLE.size + head_bytes
    if len(data) < start or (not alone and len(data) != start + body_bytes):
        raise CorruptSnapshotError(name, len(data), "not as long as its preamble says")
    head = data[_PREAMBLE.size : start]
    checked = hashlib.blake2b(data[: _SIZES.size] + head, digest_size=16).digest()
    # The digest first: it lies at the same place in every version, so that a flipped
    # version byte is damage and not a later release.
    if checked != digest:
        raise CorruptSnapshotError(name, 0, "the header does not match its digest")
    if version != FORMAT:
        raise NewerSnapshotError(name, version)
    plain = _decompress(head, head_plain, MAX_HEADER_BYTES, name, _PREAMBLE.size)
    try:
        header = _headers.decode(plain)
    except ValueError as error:
        raise CorruptSnapshotError(name, _PREAMBLE.size, str(error)) from None
    if any(size < 0 for size in header.record_bytes):
        raise CorruptSnapshotError(name, _PREAMBLE.size, "a record of negative size")
    return header, start, body_plain


def _decompress(data: bytes, size: int, limit: int, name: str, offset: int) -> bytes:
    """Decompress exactly `size` bytes, never allocating more than `limit`."""
    try:
        stated = zstandard.frame_content_size(data)
        if stated != size or size > limit:
            raise CorruptSnapshotError(
                name, offset, f"{stated} bytes, {size} announced"
            )
        if size == 0:
            return b""
        return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise CorruptSnapshotError(name, offset, str(error)) from None
