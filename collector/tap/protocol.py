"""Relay-to-sampler wire protocol: length, header and body over a socket pair.

    4 bytes   length of the header, big endian
    4 bytes   length of the body
    header    msgpack, one of the structs below
    body      bytes as they are: an OTLP request, metrics, JSON

Requests travel on one pair and control on another, so that a question is not stuck
behind megabytes of telemetry. Both ends are ours and of one release.
"""

import asyncio
import struct
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from collector.errors import CollectorError
from collector.otlp.signals import OtlpRequest

_LENGTHS: Final = struct.Struct(">II")
_MAX_HEADER_BYTES: Final = 1 << 20


class TornFrameError(CollectorError):
    """The peer died within a frame; drop the frame and reconnect."""


class RequestHeader(Struct, frozen=True, tag="request"):
    """A tapped request; the body follows."""

    signal: str
    encoding: str
    received_at_ns: int


class Ask(Struct, frozen=True, tag="ask"):
    """Message from relay to sampler. `what`: configure, metrics, seal."""

    what: str
    deadline_seconds: float = 0.0


class Tell(Struct, frozen=True, tag="tell"):
    """Message from sampler to relay. `what`: ready, metrics, status, sealed, failed."""

    what: str
    why: str = ""  # of status: why the store is not writable; of failed: the cause


Header = RequestHeader | Ask | Tell
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Header).decode


def pack(header: Header, body: bytes = b"") -> bytes:
    """Return lengths and header; the body is sent after it, without a copy."""
    encoded = _encode(header)
    return _LENGTHS.pack(len(encoded), len(body)) + encoded


async def read(reader: asyncio.StreamReader) -> tuple[Header, bytes] | None:
    """Read one frame; None at the end of the stream.

    Raises:
        TornFrameError: the stream ended inside a frame, or is no stream of frames.
    """
    try:
        lengths = await reader.readexactly(_LENGTHS.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise TornFrameError("end inside a frame") from None
        return None
    except ConnectionError:
        return None
    header_bytes, body_bytes = _LENGTHS.unpack(lengths)
    if header_bytes > _MAX_HEADER_BYTES:
        raise TornFrameError("no frame")
    try:
        header = _decode(await reader.readexactly(header_bytes))
        body = await reader.readexactly(body_bytes) if body_bytes else b""
    except (asyncio.IncompleteReadError, ConnectionError):
        raise TornFrameError("end inside a frame") from None
    except msgspec.DecodeError as error:
        raise TornFrameError(str(error)) from None
    return header, body


class MessageReader:
    """Extracts frames from a stream read in large chunks."""

    def __init__(self) -> None:
        self._unread = bytearray()

    @property
    def is_torn(self) -> bool:
        """Whether the stream would end within a frame if it ended here."""
        return bool(self._unread)

    def take(self, piece: bytes) -> Iterator[tuple[Header, bytes]]:
        """Yield the frames completed by this chunk; the iterator must be exhausted.

        Raises:
            TornFrameError: this is no stream of frames.
        """
        unread = self._unread
        unread += piece
        at, end = 0, len(unread)
        with memoryview(unread) as view:
            while at + _LENGTHS.size <= end:
                header_bytes, body_bytes = _LENGTHS.unpack_from(view, at)
                if header_bytes > _MAX_HEADER_BYTES:
                    raise TornFrameError("no frame")
                body_at = at + _LENGTHS.size + header_bytes
                if body_at + body_bytes > end:
                    break
                try:
                    header = _decode(view[at + _LENGTHS.size : body_at])
                except msgspec.DecodeError as error:
                    raise TornFrameError(str(error)) from None
                at = body_at + body_bytes
                yield header, bytes(view[body_at:at])
        del unread[:at]


def request_of(header: RequestHeader, body: bytes) -> OtlpRequest:
    """Rebuild the tapped request; headers are not transferred."""
    return OtlpRequest(
        signal=header.signal,
        encoding="json" if header.encoding == "json" else "protobuf",
        body=body,
        received_at_ns=header.received_at_ns,
    )
