"""Decompression of request bodies: gzip, zstd and deflate, bounded in size and time.

The bound is on the result, so a small body that unfolds to gigabytes costs at most the
limit. Concatenated gzip members and zstd frames are read to the end, up to a number of
them that no client needs; work is linear in the bytes received.
"""

import sys
import zlib
from collections.abc import Callable
from typing import Any, Final

from collector.errors import BodyTooLargeError, BodyUndecodableError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODINGS: Final = ("gzip", "zstd", "deflate")
# Concatenated members. Clients send one; appending writers send a few.
MEMBERS: Final = 256
# Input given to a member after the first, doubled while it asks for more: what it
# leaves unused is copied, so an empty member must not be handed the rest of the body.
_FIRST_STEP_BYTES: Final = 256
_LARGEST_STEP_BYTES: Final = 2**20
# What the decoder has to allocate whatever the content is: 8 MiB, RFC 9659.
_ZSTD_OPTIONS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}


def decompress(body: bytes, coding: str, limit_bytes: int) -> bytes:
    """Decompress `gzip`, `zstd` or `deflate`.

    Raises:
        BodyTooLargeError: the result would pass `limit_bytes`.
        BodyUndecodableError: unknown coding, damaged or truncated data, or more than
            `MEMBERS` members.
    """
    decompression = Decompression(body, coding, limit_bytes)
    while not decompression.run(limit_bytes + 1):
        pass
    return decompression.result()


class Decompression:
    """Decompresses one body in slices so that the event loop is not blocked.

    Safe to move between threads from one `run` to the next.
    """

    def __init__(self, body: bytes, coding: str, limit_bytes: int) -> None:
        """Take a whole body.

        Raises:
            BodyUndecodableError: unknown coding.
        """
        self._body, self._limit_bytes = memoryview(body), limit_bytes
        self._coding = coding
        self._make = _decoder_of(body, coding)
        self._member: Any = None
        self._members = self._at = self._step = 0
        self._tail = b""  # input that zlib left for want of room
        self._is_full = False  # the last output filled its room: there may be more
        self._parts: list[bytes] = []
        self.size_bytes = 0  # of the result so far

    def run(self, most_bytes: int) -> bool:
        """Decompress up to `most_bytes` more; return whether the body is finished.

        Raises:
            BodyTooLargeError: the result would pass the limit.
            BodyUndecodableError: damaged or truncated data, or too many members.
        """
        room = most_bytes
        try:
            while self._member is not None or self._at < len(self._body):
                if room <= 0:
                    return False
                room -= self._advance(
                    min(room, self._limit_bytes - self.size_bytes + 1)
                )
        except (zlib.error, zstd.ZstdError):
            raise BodyUndecodableError(f"damaged {self._coding} data") from None
        return True

    def result(self) -> bytes:
        """Return the decompressed body; call only after `run` returned true."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _advance(self, room: int) -> int:
        """Give the current member some input; return the bytes it produced."""
        member = self._member
        if member is None:
            member = self._member = self._next_member()
        out = member.decompress(self._input(), room)
        self._is_full = len(out) >= room
        if out:
            self._parts.append(out)
            self.size_bytes += len(out)
        if self.size_bytes > self._limit_bytes:
            raise BodyTooLargeError(self._limit_bytes)
        if member.eof:
            self._at -= len(member.unused_data)
            self._member, self._tail, self._is_full = None, b"", False
        else:
            self._tail = getattr(member, "unconsumed_tail", b"")
        return len(out)

    def _next_member(self) -> Any:  # noqa: ANN401 - decoders of two libraries
        self._members += 1
        if self._members > MEMBERS:
            raise BodyUndecodableError("too many concatenated members")
        is_first = self._members == 1
        self._step = len(self._body) if is_first else _FIRST_STEP_BYTES
        return self._make()

    def _input(self) -> bytes | memoryview:
        if self._tail or self._is_full:
            return self._tail
        if self._at >= len(self._body):
            raise BodyUndecodableError("truncated compressed data")
        piece = self._body[self._at : self._at + self._step]
        self._at += len(piece)
        self._step = min(2 * self._step, _LARGEST_STEP_BYTES)
        return piece


def _decoder_of(body: bytes, coding: str) -> Callable[[], Any]:
    if coding == "gzip":
        return lambda: zlib.decompressobj(zlib.MAX_WBITS | 16)
    if coding == "deflate":
        # RFC 9110 means zlib's wrapping; raw deflate is what some clients send.
        is_wrapped = len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0
        bits = zlib.MAX_WBITS if is_wrapped and body[0] & 15 == 8 else -zlib.MAX_WBITS
        return lambda: zlib.decompressobj(bits)
    if coding == "zstd":
        return lambda: zstd.ZstdDecompressor(None, _ZSTD_OPTIONS)
    raise BodyUndecodableError("unknown content coding")
