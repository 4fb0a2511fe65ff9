"""Whether bytes are text, in which charset, and what can be read in bytes that are not.

Formats whose files may be ASCII throughout (PDF, RTF) are told before.
"""

import re
import zlib

_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HEAD = 4096
_PDF_WITHIN = 1024  # bytes; readers look so far for its sign
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
# Latin letters in two or four bytes each, without a mark.
_WIDE = (
    (re.compile(rb"(?:[\x09-\x7e]\x00){8,}"), "utf-16-le"),
    (re.compile(rb"(?:\x00[\x09-\x7e]){8,}"), "utf-16-be"),
    (re.compile(rb"(?:[\x09-\x7e]\x00\x00\x00){8,}"), "utf-32-le"),
    (re.compile(rb"(?:\x00\x00\x00[\x09-\x7e]){8,}"), "utf-32-be"),
)
_PRINTABLE = re.compile(rb"[\x20-\x7e]{8,}")
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
_MOST_PACKED = 32  # places within one file at which something packed may begin
_UNPACKED_BYTES = 2**17  # of each


def is_pdf(data: bytes) -> bool:
    """Detect a PDF, which may begin with other bytes."""
    return b"%PDF-" in data[:_PDF_WITHIN]


def text_of(data: bytes) -> tuple[str, str] | None:
    """Return (text, charset) if the bytes are text; None for anything else."""
    if is_pdf(data):
        return None
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return _decoded(data, charset)
    if _CONTROLS.search(data[:_HEAD]):
        wide = next((name for one, name in _WIDE if one.match(data)), None)
        return None if wide is None else _decoded(data, wide)
    found = _decoded(data, "utf-8")
    if found is not None:
        return found
    # Old 8-bit text: any byte is a sign, so ask that most look like letters.
    plain = sum(byte < 0x80 for byte in data[:_HEAD])
    if plain < 0.7 * len(data[:_HEAD]):
        return None
    return data.decode("latin-1"), "latin-1"


def _decoded(data: bytes, charset: str) -> tuple[str, str] | None:
    try:
        return data.decode(charset), charset
    except UnicodeDecodeError:
        return None


def words_in(data: bytes) -> str:
    """Return what can be read in the bytes of an unknown format, line by line."""
    found = _runs(data)
    for place in list(_PACKED.finditer(data))[:_MOST_PACKED]:
        found += _runs(_unpacked(data, place.start()))
    return "\n".join(found)


def _runs(data: bytes) -> list[str]:
    runs = [run.decode("ascii") for run in _PRINTABLE.findall(data)]
    for pattern, charset in _WIDE:
        runs += (run.decode(charset, "replace") for run in pattern.findall(data))
    return runs


def _unpacked(data: bytes, at: int) -> bytes:
    """Return what a deflated stream at a place holds; nothing if there is none."""
    inflate = zlib.decompressobj(wbits=47)  # zlib's frame or gzip's
    try:
        return inflate.decompress(memoryview(data)[at:], _UNPACKED_BYTES)
    except zlib.error:
        return b""
