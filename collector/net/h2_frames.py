"""HTTP/2 frames, for client and server. No I/O.

Source: RFC 9113. What HEADERS carry is in `h2_hpack.py`.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA: Final = 0x0
HEADERS: Final = 0x1
PRIORITY: Final = 0x2
RST_STREAM: Final = 0x3
SETTINGS: Final = 0x4
PUSH_PROMISE: Final = 0x5
PING: Final = 0x6
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8
CONTINUATION: Final = 0x9

END_STREAM: Final = 0x1
ACK: Final = 0x1  # of SETTINGS and PING
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
WITH_PRIORITY: Final = 0x20

HEADER_TABLE_SIZE: Final = 0x1
ENABLE_PUSH: Final = 0x2
MAX_CONCURRENT_STREAMS: Final = 0x3
INITIAL_WINDOW_SIZE: Final = 0x4
MAX_FRAME_SIZE: Final = 0x5
MAX_HEADER_LIST_SIZE: Final = 0x6

NO_ERROR: Final = 0x0
PROTOCOL_ERROR: Final = 0x1
FLOW_CONTROL_ERROR: Final = 0x3
STREAM_CLOSED: Final = 0x5
FRAME_SIZE_ERROR: Final = 0x6
REFUSED_STREAM: Final = 0x7
CANCEL: Final = 0x8
COMPRESSION_ERROR: Final = 0x9
ENHANCE_YOUR_CALM: Final = 0xB

FIRST_WINDOW: Final = 65_535  # until settings say otherwise
FIRST_FRAME_SIZE: Final = 16_384  # the largest frame that either side may send
LARGEST_WINDOW: Final = 2**31 - 1

_MAX_BLOCK_BYTES: Final = 131_072  # beyond the list, so that it is read to its end

HEAD: Final = struct.Struct(">BHBBI")  # length in 8 + 16 bits, kind, flags, stream
_SETTING: Final = struct.Struct(">HI")


class ProtocolError(Exception):
    """The peer violated HTTP/2: the connection has to be closed.

    `code` is the error code sent to the peer (RFC 9113, 7).
    """

    def __init__(self, why: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(why)
        self.code = code


Taker = Callable[[int, int, bytes], None]  # flags, stream, payload


class FrameReader:
    """Splits a byte stream into frames and passes each to its handler.

    A frame waits until it is whole, except the data of a body: that is handed on as it
    comes, so that at most one other frame is ever kept here.
    """

    def __init__(
        self, handlers: Mapping[int, Taker], take_unknown: Callable[[], None]
    ) -> None:
        """Hand frames to `handlers`, by kind, and count those of other kinds."""
        self._takers, self._take_unknown = handlers, take_unknown
        self._unread = b""
        self._split: tuple[int, int, int] | None = None  # DATA: flags, stream, missing
        self._block: tuple[int, int, bytearray] | None = None  # flags, stream, headers

    def take(self, data: bytes) -> None:
        """Take what came in.

        Raises:
            ProtocolError: a frame too large, or in the wrong place.
        """
        at = 0
        if self._split is not None:
            at = self._take_split(data)
        elif self._unread:
            data = self._unread + data
        self._unread = b""
        end, unpack, head_size = len(data), HEAD.unpack_from, HEAD.size
        while end - at >= head_size:
            high, low, kind, flags, stream = unpack(data, at)
            start, size = at + head_size, high << 16 | low
            if size > FIRST_FRAME_SIZE:
                raise ProtocolError("a frame too large", FRAME_SIZE_ERROR)
            if self._block is not None and kind != CONTINUATION:
                raise ProtocolError("headers were not finished")
            stream &= 0x7FFFFFFF
            if start + size > end:
                if kind == DATA and not flags & PADDED and start < end:
                    piece, at = data[start:], end
                    self._split = flags, stream, size - len(piece)
                    self._takers[DATA](flags & ~END_STREAM, stream, piece)
                break
            at = start + size
            if (take := self._takers.get(kind)) is not None:
                take(flags, stream, data[start:at])
            else:
                self._take_unknown()
        self._unread = data[at:]

    @property
    def is_in_block(self) -> bool:
        """Whether a header block is incomplete: only CONTINUATION may follow."""
        return self._block is not None

    def begin_block(self, flags: int, stream: int, block: bytes) -> None:
        """Start a header block with the fragment from HEADERS."""
        self._block = flags, stream, bytearray(block)

    def continue_block(
        self, flags: int, stream: int, payload: bytes
    ) -> tuple[int, bytes] | None:
        """Add a CONTINUATION; return the flags of HEADERS and the block once complete.

        Raises:
            ProtocolError: it continues nothing, or has no end.
        """
        if self._block is None or self._block[1] != stream:
            raise ProtocolError("CONTINUATION of nothing")
        first_flags, _, block = self._block
        block += payload
        if len(block) > _MAX_BLOCK_BYTES:
            raise ProtocolError("headers do not end", ENHANCE_YOUR_CALM)
        if not flags & END_HEADERS:
            return None
        self._block = None
        return first_flags, bytes(block)

    def _take_split(self, data: bytes) -> int:
        """Take more of a frame that was cut short; return where it ends."""
        assert self._split is not None
        flags, stream, missing = self._split
        if len(data) < missing:
            self._split = flags, stream, missing - len(data)
            self._takers[DATA](flags & ~END_STREAM, stream, data)
            return len(data)
        self._split = None
        self._takers[DATA](flags, stream, data[:missing])
        return missing


def head(size: int, kind: int, flags: int, stream: int) -> bytes:
    """Return the nine-byte frame header for a payload of this size."""
    return HEAD.pack(size >> 16, size & 0xFFFF, kind, flags, stream)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a complete frame."""
    return head(len(payload), kind, flags, stream) + payload


def block_frames(flags: int, stream: int, block: bytes) -> bytes:
    """Encode a header block as HEADERS, plus CONTINUATION frames where it is long."""
    size = FIRST_FRAME_SIZE
    if len(block) <= size:
        return frame(HEADERS, flags, stream, block)
    pieces = [block[at : at + size] for at in range(0, len(block), size)]
    frames = [frame(HEADERS, flags & ~END_HEADERS, stream, pieces[0])]
    frames += [frame(CONTINUATION, 0, stream, piece) for piece in pieces[1:-1]]
    frames.append(frame(CONTINUATION, END_HEADERS, stream, pieces[-1]))
    return b"".join(frames)


def number_frame(kind: int, stream: int, number: int) -> bytes:
    """Return a frame whose payload is one 32-bit number: RST_STREAM, WINDOW_UPDATE."""
    return frame(kind, 0, stream, number.to_bytes(4, "big"))


def settings_frame(settings: Iterable[tuple[int, int]]) -> bytes:
    """Return a SETTINGS frame."""
    payload = b"".join(_SETTING.pack(*setting) for setting in settings)
    return frame(SETTINGS, 0, 0, payload)


def read_settings(payload: bytes) -> list[tuple[int, int]]:
    """Read the payload of a SETTINGS frame.

    Raises:
        ProtocolError: not a whole number of settings, or a value that none may have.
    """
    if len(payload) % _SETTING.size:
        raise ProtocolError("SETTINGS of an odd size", FRAME_SIZE_ERROR)
    settings = list(_SETTING.iter_unpack(payload))
    for setting, value in settings:
        if setting == INITIAL_WINDOW_SIZE and value > LARGEST_WINDOW:
            raise ProtocolError("a window", FLOW_CONTROL_ERROR)
        if setting == ENABLE_PUSH and value > 1:
            raise ProtocolError("neither yes nor no")
        if setting == MAX_FRAME_SIZE and not FIRST_FRAME_SIZE <= value < 2**24:
            raise ProtocolError("a size of frames")
    return settings


def without_padding(flags: int, payload: bytes) -> bytes:
    """Return the content of a DATA or HEADERS frame without padding and priority.

    Raises:
        ProtocolError: more padding than payload.
    """
    start, end = 0, len(payload)
    if flags & PADDED:
        start, end = 1, end - (payload[0] if payload else 0)
    if flags & WITH_PRIORITY:
        start += 5
    if start > end:
        raise ProtocolError("more padding than payload")
    return payload[start:end]
