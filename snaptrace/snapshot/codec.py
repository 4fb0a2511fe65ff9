"""Msgpack encoding of records, with `MediaRef` as an extension type."""

from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from snaptrace.snapshot.ids import snapshot_id
from snaptrace.snapshot.model import Fidelity, MediaRef, Snapshot

T = TypeVar("T", bound=Struct)

MEDIA_REF: Final = 1  # msgpack extension type
_FORMS: Final[tuple[Literal["base64", "data_url"], ...]] = ("base64", "data_url")


def _out(value: object) -> msgspec.msgpack.Ext:
    if isinstance(value, MediaRef):
        data = bytes([_FORMS.index(value.form)]) + msgspec.msgpack.encode(value.index)
        return msgspec.msgpack.Ext(MEDIA_REF, data)
    raise NotImplementedError(f"{type(value).__name__} is no part of a record")


def _in(code: int, data: memoryview) -> MediaRef:
    if code != MEDIA_REF:
        raise ValueError(f"extension type {code} is not known")
    form, index = data[0], msgspec.msgpack.decode(data[1:], type=int)
    return MediaRef(index, _FORMS[form])


_encoder = msgspec.msgpack.Encoder(enc_hook=_out)


def encode(value: Struct) -> bytes:
    """Serialise a Struct as a msgpack map."""
    return _encoder.encode(value)


class Decoder(Generic[T]):
    """Decodes one type of Struct; unknown fields are skipped."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
            kind, ext_hook=_in
        )

    def decode(self, data: bytes | memoryview) -> T:
        """Parse the Struct.

        Raises:
            ValueError: the bytes are no such thing (`msgspec.DecodeError` is one).
        """
        try:
            value: T = self._decoder.decode(data)
        except IndexError:
            raise ValueError("an empty or unknown media reference") from None
        return value


_snapshots = Decoder(Snapshot)
# Trace id, span id, rank, span rank: random bytes, which only cost where they stand
# between text, and by which a sample is drawn without decompressing anything.
KEYS_BYTES: Final = 16 + 8 + 7 + 7
_NO_KEYS: Final = bytes(KEYS_BYTES)


class Packed(NamedTuple):
    """A stored snapshot: its keys, and the map without the fields they hold."""

    keys: bytes  # KEYS_BYTES of them
    record: bytes


def pack_snapshot(snapshot: Snapshot) -> Packed:
    """Return the stored form. An id that is not of OTLP's size stays in the map."""
    snapshot = _stored_level(snapshot)
    try:
        trace_id, span_id = _ids(snapshot)
    except ValueError:
        return Packed(_NO_KEYS, encode(snapshot))
    keys = b"".join(
        (
            trace_id,
            span_id,
            snapshot.rank.to_bytes(7, "big"),
            snapshot.span_rank.to_bytes(7, "big"),
        )
    )
    bare = msgspec.structs.replace(
        snapshot, snapshot_id="", trace_id="", span_id="", rank=0, span_rank=0
    )
    return Packed(keys, encode(bare))


def unpack_snapshot(packed: Packed) -> Snapshot:
    """Parse a snapshot's stored form; ValueError if it is malformed."""
    keys = packed.keys
    snapshot = _known_level(_snapshots.decode(packed.record))
    if snapshot.snapshot_id:
        return snapshot
    trace_id, span_id = keys[:16], keys[16:24]
    return msgspec.structs.replace(
        snapshot,
        snapshot_id=snapshot_id(trace_id, span_id),
        trace_id=trace_id.hex(),
        span_id=span_id.hex(),
        rank=int.from_bytes(keys[24:31], "big"),
        span_rank=int.from_bytes(keys[31:38], "big"),
    )


# Levels that the first releases do not know. They refuse a whole segment for one
# unknown word, and replay nothing that is `unreplayable`.
_NEWER_LEVELS: Final = frozenset({"unverified"})


def _stored_level(snapshot: Snapshot) -> Snapshot:
    level = snapshot.fidelity.level
    if level not in _NEWER_LEVELS:
        return snapshot
    fidelity = msgspec.structs.replace(
        snapshot.fidelity, level="unreplayable", newer_level=level
    )
    return msgspec.structs.replace(snapshot, fidelity=fidelity)


def _known_level(snapshot: Snapshot) -> Snapshot:
    """A level of a release to come stays what it was stored as."""
    newer = snapshot.fidelity.newer_level
    if newer not in _NEWER_LEVELS:
        return snapshot
    fidelity: Fidelity = msgspec.structs.replace(
        snapshot.fidelity, level=newer, newer_level=""
    )
    return msgspec.structs.replace(snapshot, fidelity=fidelity)


def _ids(snapshot: Snapshot) -> tuple[bytes, bytes]:
    """Return trace and span id as bytes; ValueError if the text says more than they."""
    trace_id, span_id = (
        bytes.fromhex(snapshot.trace_id),
        bytes.fromhex(snapshot.span_id),
    )
    if (
        (trace_id.hex(), span_id.hex()) != (snapshot.trace_id, snapshot.span_id)
        or (len(trace_id), len(span_id)) != (16, 8)
        or snapshot.snapshot_id != snapshot_id(trace_id, span_id)
    ):
        raise ValueError("ids that are not of OTLP's form")
    return trace_id, span_id
