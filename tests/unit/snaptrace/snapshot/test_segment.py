"""Segments: whole or refused, lazily read, and readable for ever."""

import hashlib
from pathlib import Path

import msgspec
import pytest
import zstandard

from snaptrace.snapshot import codec, segment
from snaptrace.snapshot.errors import CorruptSnapshotError, NewerSnapshotError
from snaptrace.snapshot.ids import snapshot_id
from snaptrace.snapshot.model import (
    Answer,
    Fidelity,
    Media,
    MediaRef,
    Redaction,
    ReplacedText,
    Request,
    Snapshot,
    ToolCall,
    Usage,
)

GOLDEN = Path(__file__).parents[3] / "golden" / "segments" / "v1"


def snapshots():
    """Return three snapshots that use every field of the model."""
    image = Media(
        kind="image",
        mime="image/png",
        state="inline",
        digest="5a" * 32,
        size_bytes=67,
        path="messages.content.image_url.url",
    )
    body = {
        "model": "assistant-7",
        "messages": [
            {"role": "system", "content": "Answer briefly."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Was steht hier? 你好 🙂"},
                    {
                        "type": "image_url",
                        "image_url": {"url": MediaRef(0, "data_url")},
                    },
                    {
                        "type": "input_audio",
                        "input_audio": {"data": MediaRef(1, "base64")},
                    },
                ],
            },
        ],
        "temperature": 0.25,
        "seed": 2**53,
        "stop": None,
        "logit_bias": {"50256": -100},
    }
    trace_id, span_id = bytes(range(16)), bytes(range(8))
    first = Snapshot(
        snapshot_id=snapshot_id(trace_id, span_id),
        trace_id=trace_id.hex(),
        span_id=span_id.hex(),
        service="shop",
        operation="chat",
        modality="image",
        request=Request(
            api="openai_chat", path="/chat/completions", model="assistant-7", body=body
        ),
        answer=Answer(
            outcome="answered",
            text="A receipt over 12.50.",
            tool_calls=(ToolCall(name="lookup", arguments='{"id": 7}', id="c1"),),
            finish_reason="stop",
            model="assistant-7-2026",
            response_id="r-1",
            usage=Usage(input_tokens=40, output_tokens=8, cached_tokens=0),
        ),
        fidelity=Fidelity(
            level="as_observed", unobserved=("seed",), reasons=("external_media",)
        ),
        media=(image, msgspec.structs.replace(image, kind="audio", mime="audio/wav")),
        started_at_ns=1_763_800_000_000_000_000,
        ended_at_ns=1_763_800_001_000_000_000,
        arrived_at_ns=1_763_800_003_000_000_000,
        dialect="openinference",
        scope="openinference.instrumentation.openai",
        scope_version="0.1.66",
        provider="openai",
        session="aa" * 16,
        user="bb" * 16,
        route="07",
        strata=("language:de", "route:07"),
        attributes={"locale": "de-DE"},
        rank=2**56 - 12345,
        upstream_probability=0.25,
        window_start_ns=1_763_799_600_000_000_000,
        redaction=Redaction(
            version="1-00000000",
            counts={"email": 1},
            replaced=(
                ReplacedText(
                    path="messages.1.content.0.text",
                    start=0,
                    end=3,
                    kind="email",
                    pseudonym="abc",
                ),
            ),
        ),
        turn=1,
        notes=("answer_in_history",),
        span_rank=77,
    )
    second = msgspec.structs.replace(first, snapshot_id="1" * 32, late=True)
    third = msgspec.structs.replace(
        first,
        snapshot_id="2" * 32,
        request=Request(api="", body=None),
        answer=Answer(observed=False),
        fidelity=Fidelity(level="unreplayable", reasons=("no_content",)),
        media=(),
    )
    return [first, second, third]


def header():
    """Return a header that uses every field."""
    return segment.SegmentHeader(
        collector="shop-7f9c",
        sequence=42,
        window_start_ns=1_763_799_600_000_000_000,
        window_length_ns=600 * 10**9,
        sealed_at_ns=1_763_800_215_000_000_000,
        supplement=1,
        reservoirs=(
            segment.ReservoirState(
                kind="uniform",
                service="shop",
                modality="image",
                size=256,
                threshold=2**55,
                pre_threshold=2**54,
                seen=1000,
                kept=3,
                span_thresholds={2**56 - 12345: 99},
            ),
            segment.ReservoirState(
                kind="quota",
                service="shop",
                modality="image",
                stratum="route:07",
                size=16,
                seen=3,
                kept=3,
            ),
        ),
        redaction_version="1-00000000",
        strata_version="1",
        release="0.1.0",
        subjects=segment.pack_subjects(["aa" * 16, "bb" * 16, ""]),
    )


def test_what_is_written_is_read():
    """A snapshot would not be the call that was recorded."""
    read = segment.read(segment.write(header(), snapshots()), "s")
    assert list(read) == snapshots()
    assert msgspec.structs.replace(read.header, record_bytes=(), body_digest=b"") == (
        header()
    )


def test_an_empty_segment_is_a_segment():
    """A window in which everything was erased would be unreadable."""
    assert list(segment.read(segment.write(header(), []), "s")) == []


def test_reading_one_record_decodes_one(monkeypatch):
    """Showing one call would cost as much as listing all."""
    read = segment.read(segment.write(header(), snapshots()), "s")
    decoded = []
    original = codec.unpack_snapshot
    monkeypatch.setattr(
        codec, "unpack_snapshot", lambda data: decoded.append(1) or original(data)
    )
    assert read.record(2) == snapshots()[2]
    assert len(decoded) == 1
    with pytest.raises(IndexError):
        read.record(3)


def test_every_prefix_is_refused():
    """A half-written segment would be taken for a smaller window."""
    data = segment.write(header(), snapshots())
    for length in range(len(data)):
        with pytest.raises(CorruptSnapshotError):
            segment.read(data[:length], "s")


def test_every_flipped_bit_is_refused():
    """Damage would change an answer, a rank or a probability without a word."""
    data = segment.write(header(), snapshots()[:1])
    for at in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            with pytest.raises(CorruptSnapshotError):
                segment.read(bytes(damaged), "s")


def test_added_bytes_are_refused():
    """Two segments in one object would hide one."""
    data = segment.write(header(), snapshots())
    with pytest.raises(CorruptSnapshotError):
        segment.read(data + b"\0", "s")
    with pytest.raises(CorruptSnapshotError):
        segment.read(data + data, "s")


def test_the_header_is_read_from_the_first_bytes():
    """Listing a month would read a month of content."""
    data = segment.write(header(), snapshots())
    whole = segment.read(data, "s").header
    needed = next(
        length
        for length in range(len(data))
        if len(data[:length]) >= 40 and segment.read_header(data[:length], "s")
    )
    assert needed < len(data)
    assert segment.read_header(data[:needed], "s") == whole
    assert segment.read_header(data[: needed - 1], "s") is None
    assert segment.read_header(data, "s") == whole


def test_a_flipped_bit_in_the_header_is_refused_when_read_alone():
    """A wrong threshold would be believed by whoever reads headers only."""
    data = segment.write(header(), [])
    end = data.index(zstandard.ZstdCompressor(level=9).compress(b"")[:4], 60)
    for at in range(end):
        damaged = bytearray(data[:end])
        damaged[at] ^= 1
        try:
            read = segment.read_header(bytes(damaged), "s")
        except CorruptSnapshotError:
            continue
        assert read is None  # it claims to be longer than what was read


def reworked(data, version=None, body=None, sizes=None):
    """Return a segment with another version or body and digests that fit."""
    fields = list(segment._PREAMBLE.unpack_from(data))
    head = data[40 : 40 + fields[3]]
    rest = data[40 + fields[3] :]
    if body is not None:
        plain = zstandard.ZstdDecompressor().decompress(head)
        known = msgspec.msgpack.decode(plain)
        known["record_bytes"] = []
        known["body_digest"] = hashlib.blake2b(body, digest_size=32).digest()
        plain = msgspec.msgpack.encode(known)
        head = zstandard.ZstdCompressor().compress(plain)
        fields[3:6], rest = [len(head), len(plain), len(body)], body
    fields[1] = version or fields[1]
    fields[6] = sizes if sizes is not None else fields[6]
    start = segment._SIZES.pack(*fields[:7])
    return start + hashlib.blake2b(start + head, digest_size=16).digest() + head + rest


def test_a_later_format_is_told_from_damage():
    """An old reader would call a new segment damaged, and a repair delete it."""
    data = segment.write(header(), snapshots())
    with pytest.raises(NewerSnapshotError) as caught:
        segment.read(reworked(data, version=2), "s")
    assert caught.value.version == 2


def test_unknown_fields_are_skipped():
    """Last year's reader would not survive this year's collector."""
    data = segment.write(header(), snapshots())
    read = segment.read(data, "s")
    record = msgspec.msgpack.decode(read.packed(0).record, ext_hook=codec._in)
    record["a_new_field"] = {"x": 1}
    encoded = msgspec.msgpack.encode(record, enc_hook=codec._out)
    packed = codec.Packed(read.packed(0).keys, encoded)
    again = segment.read(segment.write_packed(header(), [packed]), "s")
    assert again.record(0) == snapshots()[0]


@pytest.mark.parametrize(
    "bomb",
    [
        zstandard.ZstdCompressor().compress(bytes(segment.MAX_BODY_BYTES + 1)),
        zstandard.ZstdCompressor().compress(b"x" * 100) * 2,
        zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 100),
        b"not zstd at all",
        b"",
    ],
    ids=["too large", "two frames", "no size", "no zstd", "empty"],
)
def test_a_crafted_body_does_not_blow_up(bomb):
    """Anybody who may write to the store could take the reader's memory."""
    data = segment.write(header(), [])
    for size in (100, segment.MAX_BODY_BYTES + 1, 2**32 - 1):
        with pytest.raises(CorruptSnapshotError):
            segment.read(reworked(data, body=bomb, sizes=size), "s")


def test_a_record_that_is_no_snapshot_is_corrupt():
    """One odd record would end a reader with an error nobody expects."""
    for odd in (b"\xc1", b"\x80", b"\x91\xc7\x00\x01", b"\xd4\x01\x07"):
        read = segment.read(
            segment.write_packed(header(), [codec.Packed(bytes(38), odd)]), "s"
        )
        with pytest.raises(CorruptSnapshotError):
            read.record(0)


def test_no_text_can_be_taken_for_a_media_reference():
    """A prompt could point at another user's image."""
    texts = ["MediaRef(0, 'base64')", "\x01\x00\x00", "data:image/png;base64,AA=="]
    body = {"messages": [{"role": "user", "content": text} for text in texts]}
    snapshot = msgspec.structs.replace(
        snapshots()[0], request=Request(api="openai_chat", body=body)
    )
    read = segment.read(segment.write(header(), [snapshot]), "s").record(0)
    assert read.request.body == body


def test_subjects_are_found_by_their_beginning():
    """Erasure would miss a segment that holds the person."""
    starts = header().subject_starts()
    assert starts == {segment.subject_start(name * 16) for name in ("aa", "bb")}
    bare = segment.SegmentHeader(
        collector="c", sequence=1, window_start_ns=0, window_length_ns=1
    )
    assert bare.subject_starts() == set()


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.segment")))
def test_segments_of_past_releases_still_read(name):
    """What was recorded last year could not be replayed any more."""
    read = segment.read((GOLDEN / name).read_bytes(), name)
    assert list(read) == snapshots()
    assert read.header.reservoirs == header().reservoirs
    assert read.header.collector == "shop-7f9c"
    assert read.header.window_start_ns == header().window_start_ns


def test_there_is_a_golden_segment():
    """The test above would pass by having nothing to read."""
    assert list(GOLDEN.glob("*.segment"))
