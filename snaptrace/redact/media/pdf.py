"""Takes metadata and attachments out of PDF files without moving a byte.

The cross-reference table counts bytes, so what is changed keeps its length; a deflated
stream may be packed anew where it still fits. Words that a page shows are read by
`pdf_words`, and never rewritten. Source: ISO 32000-1, 7.3.4, 7.5.7, 7.11.4, 14.3.
"""

import re
import zlib
from collections.abc import Callable, Iterator

Change = Callable[[bytes], bytes]
Strip = Callable[[bytes], bytes | None]
_MOST_BYTES = 64 * 2**20  # of all streams, once unpacked
_STREAM = re.compile(rb"(?<=>>)\s*stream\r?\n")
_DICTIONARY_BYTES = 2048  # before `stream`, in which its filter stands
_END = b"endstream"
# Of whole streams: XMP in any encoding, and files within the file.
_BLANKED_STREAMS = re.compile(
    rb"/Type\s*/(?:Metadata|EmbeddedFile)\b|/Subtype\s*/XML\b"
)
_JPEG_ALONE = re.compile(rb"/Filter\s*(?:\[\s*)?/DCT(?:Decode)?\s*(?:\]|/|>|$)")
_EOF = b"%%EOF"
# What names people and places of work. Producer, Creator and dates tell of software:
# a document that holds no more than those is left as it was sent.
_KEYS = rb"/(?:Author|Keywords|Subject|Company|Manager|SourceModified|LastModifiedBy)"
# Fillers that writers put where nobody set a value.
_NOBODY = rb"(?!(?:anonymous|unknown|unspecified|untitled)?\))"
_TEXT = re.compile(
    _KEYS + rb"\s*\(" + _NOBODY + rb"((?:[^\\()]|\\[\s\S]){1,4096})(?:\)|\Z)"
)
_HEX = re.compile(_KEYS + rb"\s*<([0-9A-Fa-f\s]{1,8192})(?:>|\Z)")
_PACKETS = (
    (b"<?xpacket begin", b"<?xpacket end"),
    (b"<x:xmpmeta", b"</x:xmpmeta"),
)


def strip_pdf(data: bytes, strip_picture: Strip) -> bytes | None:
    """Return the file without names in its metadata; None if it is encrypted.

    `strip_picture` takes metadata out of the photographs in it.
    """
    if b"/Encrypt" in data:
        return None
    end = data.rfind(_EOF)
    if end >= 0:
        tail = data[end + len(_EOF) :]
        data = data[: end + len(_EOF)] + tail[: len(tail) - len(tail.lstrip(b"\r\n"))]
    return _rewritten(_without_streams(data, strip_picture), _blanked)


def _streams(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end, dictionary) of every stream; one without an end comes last."""
    at = 0
    for head in _STREAM.finditer(data):
        if head.start() < at:
            continue
        at = data.find(_END, head.end())
        at = len(data) if at < 0 else at
        told = data[max(head.start() - _DICTIONARY_BYTES, 0) : head.start()]
        yield head.end(), at, told[told.rfind(b" obj") + 1 :]


def _without_streams(data: bytes, strip_picture: Strip) -> bytes:
    """Blank streams that no page shows, and metadata of photographs."""
    out = bytearray(data)
    for start, end, told in _streams(data):
        if _BLANKED_STREAMS.search(told):
            out[start:end] = b" " * (end - start)
        elif _JPEG_ALONE.search(told) and (photo := strip_picture(data[start:end])):
            # Behind its end mark nothing of a JPEG is read.
            out[start:end] = photo[: end - start].ljust(end - start, b"\n")
    return bytes(out)


def _rewritten(data: bytes, change: Change) -> bytes | None:
    """Apply `change` to every deflated stream and to all the rest."""
    out = bytearray(data)
    left = _MOST_BYTES
    for start, end, told in _streams(data):
        if b"FlateDecode" not in told or b"/Image" in told:
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
    return change(bytes(out))


def _blanked(plain: bytes) -> bytes:
    def blank(match: re.Match[bytes]) -> bytes:
        start, end = match.start(1) - match.start(), match.end(1) - match.start()
        whole = match[0]
        fill = b"0" if whole[end : end + 1] == b">" else b" "
        return whole[:start] + fill * (end - start) + whole[end:]

    plain = _HEX.sub(blank, _TEXT.sub(blank, plain))
    for first, last in _PACKETS:
        plain = _without_packets(plain, first, last)
    return plain


def _without_packets(plain: bytes, first: bytes, last: bytes) -> bytes:
    """Blank all that stands between two signs, with them; one cut off, to its end."""
    start = plain.find(first)
    if start < 0:
        return plain
    out = bytearray(plain)
    newest = plain.rfind(last)  # so that no search for an end runs in vain
    while start >= 0:
        if start <= newest:
            end = plain.find(last, start)
            end = plain.find(b">", end) + 1 or len(plain)
        elif (end := plain.find(_END, start)) < 0:
            end = len(plain)
        out[start:end] = b" " * (end - start)
        start = plain.find(first, end)
    return bytes(out)
