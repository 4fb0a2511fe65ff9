"""HTTP/2 frames and header blocks, as far as a client needs them. Pure: no I/O.

Sources: RFC 9113 (frames), RFC 7541 (header blocks).
"""

import struct
from collections.abc import Iterable
from typing import Final

import hpack

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA: Final = 0x0
HEADERS: Final = 0x1
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
CANCEL: Final = 0x8

FIRST_WINDOW: Final = 65_535  # until settings say otherwise
FIRST_FRAME_SIZE: Final = 16_384  # the largest frame that either side may send
LARGEST_WINDOW: Final = 2**31 - 1

HEAD: Final = struct.Struct(">BHBBI")  # length in 8 + 16 bits, kind, flags, stream
_SETTING: Final = struct.Struct(">HI")
_KNOWN_BLOCKS: Final = 256
_KNOWN_BLOCK_BYTES: Final = 1024
_MAX_HEADERS_BYTES: Final = 65_536


class ProtocolError(Exception):
    """The other side does not keep to HTTP/2: the connection has to end."""


def head(size: int, kind: int, flags: int, stream: int) -> bytes:
    """Return the nine bytes before a payload of this size."""
    return HEAD.pack(size >> 16, size & 0xFFFF, kind, flags, stream)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a whole frame."""
    return head(len(payload), kind, flags, stream) + payload


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
        ProtocolError: not a whole number of settings.
    """
    if len(payload) % _SETTING.size:
        raise ProtocolError("SETTINGS of an odd size")
    return list(_SETTING.iter_unpack(payload))


def without_padding(flags: int, payload: bytes) -> bytes:
    """Return what a DATA or HEADERS frame carries, padding and priority taken off.

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


def header_field(name: bytes, value: bytes) -> bytes:
    """Encode a header so that it stands for itself on every connection.

    Never indexed: no table on either side remembers it, which suits secrets and lets
    blocks be put together from parts. RFC 7541, 6.2.3.
    """
    return b"\x10" + _string(name) + _string(value)


def _string(text: bytes) -> bytes:
    size = len(text)
    if size < 127:
        return bytes((size,)) + text
    encoded = bytearray((127,))
    size -= 127
    while size > 127:
        encoded.append(size & 0x7F | 0x80)
        size >>= 7
    encoded.append(size)
    return bytes(encoded) + text


class HeaderReader:
    """Reads the header blocks of one connection, in order.

    We ask the other side to keep no table. Where it does not, a block that was seen
    before means the same again, so most blocks are looked up and not read.
    """

    def __init__(self) -> None:
        self._decoder = hpack.Decoder(max_header_list_size=_MAX_HEADERS_BYTES)
        self._known: dict[bytes, dict[str, str]] = {}

    def read(self, block: bytes) -> dict[str, str]:
        """Return the headers of a block; those that come twice are joined by a comma.

        Raises:
            ProtocolError: not a header block, or an unreasonable one.
        """
        known = self._known.get(block)
        if known is not None:
            return known
        try:
            pairs = self._decoder.decode(block, raw=True)
        except hpack.HPACKError as error:
            raise ProtocolError(type(error).__name__) from None
        headers: dict[str, str] = {}
        for raw_name, raw_value in pairs:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        if self._stands_alone(block):
            if len(self._known) >= _KNOWN_BLOCKS:
                self._known.clear()
            self._known[block] = headers
        return headers

    def _stands_alone(self, block: bytes) -> bool:
        """Tell whether a block neither used nor changed a table."""
        changes_table_size = bool(block) and block[0] & 0xE0 == 0x20
        table = self._decoder.header_table.dynamic_entries
        return not (table or changes_table_size or len(block) > _KNOWN_BLOCK_BYTES)
