"""Records as bytes: msgpack, with `MediaRef` as an extension type."""

from typing import Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from snaptrace.snapshots.model import MediaRef, Snapshot

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
    """Return the msgpack map of a Struct."""
    return _encoder.encode(value)


class Decoder(Generic[T]):
    """Decodes one kind of Struct; unknown fields are skipped."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
            kind, ext_hook=_in
        )

    def decode(self, data: bytes | memoryview) -> T:
        """Return the Struct.

        Raises:
            ValueError: the bytes are no such thing (`msgspec.DecodeError` is one).
        """
        try:
            value: T = self._decoder.decode(data)
        except IndexError:
            raise ValueError("an empty or unknown media reference") from None
        return value


_snapshots = Decoder(Snapshot)


def decode_snapshot(data: bytes | memoryview) -> Snapshot:
    """Return a snapshot; ValueError if the bytes are none."""
    return _snapshots.decode(data)
