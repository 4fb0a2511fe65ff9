"""Rewrites strings and metadata of PDF files without moving a byte.

The cross-reference table counts bytes, so what is changed keeps its length; a deflated
stream may be packed anew where it still fits. Source: ISO 32000-1, 7.3.4, 7.5.7, 14.3.
"""

import re
import zlib
from collections.abc import Callable

Change = Callable[[bytes], bytes]
_MOST_BYTES = 64 * 2**20  # of all streams, once unpacked
_STREAM = re.compile(rb"(?<=>>)\s*stream\r?\n")
_DICTIONARY_BYTES = 2048  # before `stream`, in which its filter stands
_END = b"endstream"
_STRING = re.compile(rb"\(((?:[^\\()]|\\[\s\S]){3,4000})\)")
# What names people and places of work. Producer, Creator and dates tell of software:
# a document that holds no more than those is left as it was sent.
_KEYS = rb"/(?:Author|Keywords|Subject|Company|Manager|SourceModified|LastModifiedBy)"
# Fillers that writers put where nobody set a value.
_NOBODY = rb"(?!(?:anonymous|unknown|unspecified|untitled)?\))"
_TEXT = re.compile(_KEYS + rb"\s*\(" + _NOBODY + rb"((?:[^\\()]|\\[\s\S]){1,4096})\)")
_HEX = re.compile(_KEYS + rb"\s*<([0-9A-Fa-f\s]{1,8192})>")
_XMP = re.compile(rb"<\?xpacket begin[\s\S]{0,1000000}?<\?xpacket end[^>]{0,20}\?>")
_XMP_BARE = re.compile(rb"<x:xmpmeta[\s\S]{0,1000000}?</x:xmpmeta>")


def strip_pdf(data: bytes) -> bytes | None:
    """Return the file without the names in its metadata; None if it is encrypted."""
    return None if b"/Encrypt" in data else _rewritten(data, _blanked)


def clean_pdf(data: bytes, clean: Callable[[str], str]) -> bytes | None:
    """Return the file with its strings cleaned; None where one does not fit any more.

    A file that spells its words with glyph numbers keeps what it shows.
    """

    def change(plain: bytes, *, is_fixed: bool) -> bytes:
        def exchanged(match: re.Match[bytes]) -> bytes:
            text = match[1].decode("latin-1")
            made = clean(text)
            if made == text:
                return match[0]
            kept = made.encode("latin-1", "replace").translate(None, b"()\\")
            if is_fixed:
                kept = kept[: len(match[1])].ljust(len(match[1]))
            return b"(" + kept + b")"

        return _STRING.sub(exchanged, plain)

    made = _rewritten(data, lambda plain: change(plain, is_fixed=False), is_raw=False)
    return None if made is None else change(made, is_fixed=True)


def _rewritten(data: bytes, change: Change, *, is_raw: bool = True) -> bytes | None:
    """Apply `change` to every deflated stream and, `is_raw`, to all the rest."""
    out = bytearray(data)
    left = _MOST_BYTES
    for head in _STREAM.finditer(data):
        start, end = head.end(), data.find(_END, head.end())
        told = data[max(head.start() - _DICTIONARY_BYTES, 0) : head.start()]
        told = told[told.rfind(b" obj") + 1 :]
        if end < 0 or b"FlateDecode" not in told or b"/Image" in told:
            continue
        inflate = zlib.decompressobj()
        try:
            plain = inflate.decompress(data[start:end], left)
        except zlib.error:
            continue
        left -= len(plain)
        if left <= 0:
            return None
        made = change(plain)
        if made == plain:
            continue
        again = zlib.compress(made, 9)
        if len(again) > end - start:
            return None
        # What stands behind the end of a deflated stream is passed over.
        out[start:end] = again.ljust(end - start, b"\n")
    return change(bytes(out)) if is_raw else bytes(out)


def _blanked(plain: bytes) -> bytes:
    def blank(match: re.Match[bytes]) -> bytes:
        start, end = match.start(1) - match.start(), match.end(1) - match.start()
        whole = match[0]
        fill = b"0" if whole[end : end + 1] == b">" else b" "
        return whole[:start] + fill * (end - start) + whole[end:]

    plain = _HEX.sub(blank, _TEXT.sub(blank, plain))
    for pattern in (_XMP, _XMP_BARE):
        plain = pattern.sub(lambda match: b" " * len(match[0]), plain)
    return plain
