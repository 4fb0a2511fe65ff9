"""Transport codings of request bodies, undone within a bound.

The bound is on the result, so a small body that unfolds to gigabytes costs at most
the limit. Concatenated gzip members and zstd frames are read to the end.
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
# What the decoder has to allocate whatever the content is: 8 MiB, RFC 9659.
_ZSTD_OPTIONS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}


def decompress(body: bytes, coding: str, limit_bytes: int) -> bytes:
    """Undo `gzip`, `zstd` or `deflate`.

    Raises:
        BodyTooLargeError: the result would pass `limit_bytes`.
        BodyUndecodableError: unknown coding, damaged or truncated data.
    """
    try:
        if coding == "gzip":
            bits = zlib.MAX_WBITS | 16
            return _members(body, lambda: zlib.decompressobj(bits), limit_bytes)
        if coding == "deflate":
            # RFC 9110 means zlib's wrapping; raw deflate is what some clients send.
            wrapped = len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0
            bits = zlib.MAX_WBITS if wrapped and body[0] & 15 == 8 else -zlib.MAX_WBITS
            return _members(body, lambda: zlib.decompressobj(bits), limit_bytes)
        if coding == "zstd":
            return _members(
                body, lambda: zstd.ZstdDecompressor(None, _ZSTD_OPTIONS), limit_bytes
            )
    except (zlib.error, zstd.ZstdError):
        raise BodyUndecodableError(f"damaged {coding} data") from None
    raise BodyUndecodableError("unknown content coding")


def _members(body: bytes, decoder: Callable[[], Any], limit_bytes: int) -> bytes:
    """Read members until the end; a decoder stops at its own member's end."""
    parts: list[bytes] = []
    size = 0
    while body:
        member = decoder()
        part = member.decompress(body, limit_bytes - size + 1)
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLargeError(limit_bytes)
        if not member.eof:
            raise BodyUndecodableError("truncated compressed data")
        parts.append(part)
        body = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)
