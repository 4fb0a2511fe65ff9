"""Tells by their end that a text or a medium was cut on its way. Pure.

Exporters, SDKs and backends cut at round lengths, and some say so. A file that is whole
ends as its format says; providers refuse most of those that do not.
"""

import re

_SIGNED = re.compile(
    r"(?:\.{3}|…)?\s*[\[(<{]\s*(?:\.{3}|…)?\s*"
    r"(?i:(?:\d[\d,.]*\s+(?:more\s+)?(?:chars?|characters|bytes|tokens)\s+)?"
    r"(?:truncated|trimmed|cut off|omitted|snipped)"
    r"|\+?\d[\d,.]*\s+more\s+(?:chars?|characters|bytes|tokens))"
    r"[^\])>}\n]{0,40}[\])>}]\s*"
)
_SIGN_WITHIN = 96  # characters at the end of a text in which a sign stands
_DOTS = ("...", "…")
_LEAST = 1000  # characters; many shorter texts have a round length by chance
_LEAST_DOTTED = 100
_POWERS = frozenset(2**power for power in range(7, 24))
_LEADING = (1, 2, 4, 5, 8, 10, 12, 15, 16, 20, 25, 30, 32, 50, 64)
_ROUND = _POWERS | {lead * 10**power for lead in _LEADING for power in (2, 3, 4, 5)}
_TAIL = 4096  # bytes behind a file's end that writers leave there
_STUB = 512  # bytes of a picture that shows nothing
_STREAMED = 0x7FFFFFFF  # a size that the writer did not know


def is_cut_text(text: str) -> bool:
    """Return whether a text ends as those do that something cut."""
    size = len(text)
    if size < _LEAST_DOTTED:
        return text.endswith((")", "]", ">", "}")) and _is_signed(text)
    if size >= _LEAST and size in _ROUND:
        return True
    for dots in _DOTS:
        if text.endswith(dots):
            return size in _ROUND or size - len(dots) in _ROUND
    return text.rstrip()[-1:] in (")", "]", ">", "}") and _is_signed(text)


def _is_signed(text: str) -> bool:
    tail = text[-_SIGN_WITHIN:]
    return any(
        _SIGNED.fullmatch(tail, start) is not None
        for start, sign in enumerate(tail)
        if sign in "[(<{"
    )


def is_cut_medium(data: bytes) -> bool:
    """Return whether a file of a format with an end has none."""
    head = data[:12]
    if head.startswith(b"\x89PNG"):
        return b"IEND" not in data[-_TAIL:]
    if head.startswith(b"\xff\xd8\xff"):
        return len(data) > _STUB and b"\xff\xd9" not in data[-_TAIL:]
    if head.startswith(b"%PDF"):
        return b"%%EOF" not in data[-_TAIL:]
    if head.startswith((b"GIF87a", b"GIF89a")):
        return b";" not in data[-_TAIL:]
    if head.startswith(b"RIFF") and head[8:] in (b"WEBP", b"WAVE"):
        size = int.from_bytes(head[4:8], "little")
        return 0 < size < _STREAMED and size + 7 > len(data)
    if head[4:8] == b"ftyp":
        return _lacks_box(data)
    return False


def _lacks_box(data: bytes) -> bool:
    """Return whether the last box of an ISO file is longer than the file."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        if size < 8:
            return False  # to the end of the file, or no box
        place += size
    return place > len(data)
