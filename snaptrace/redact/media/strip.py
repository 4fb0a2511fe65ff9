"""Takes metadata out of media without touching a pixel, a sample or a glyph.

Formats are rewritten box by box; nothing is decoded, so nothing can blow up in
memory. `None` means: this format, or this file, cannot be cleaned here.
Sources: ITU T.81 and Exif 2.32; PNG 3rd ed. 4.7; GIF89a; RIFF and WebP container
specification; ID3v2.4, APEv2; RFC 9639 (FLAC); ISO 14496-12 and -14; ECMA-376.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from snaptrace.redact.media import orientation
from snaptrace.redact.media.pdf import strip_pdf
from snaptrace.redact.media.strip_in_place import (
    holds_picture,
    strip_heif,
    strip_matroska,
    strip_ogg,
    strip_tiff,
)

Strip = Callable[[bytes], bytes | None]

_PDF_WITHIN = 1024  # bytes; readers look so far for its sign
_SOI = b"\xff\xd8"
_NO_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs acTL fcTL fdAT hIST"
    b" cICP mDCV cLLI".split()
)
_PNG_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_PNG_TEXT_BYTES = 2**18  # of one text, in which the orientation is looked for
_CHUNK_NAME = re.compile(rb"[A-Za-z][\x20-\x7e]{3}")
_WEBP_EXIF, _WEBP_METADATA = 0x08, 0x0C  # flags of its first chunk
_WAV_KEPT = frozenset((b"fmt ", b"data", b"fact"))
_FLAC_KEPT = frozenset((0, 3))  # STREAMINFO, SEEKTABLE
_MP4_PARENTS = frozenset((b"moov", b"trak", b"moof", b"traf"))
_MP4_DROPPED = frozenset((b"udta", b"meta", b"uuid", b"XMP_"))
_MP4_DEPTH = 8
_ZIP_MOST_BYTES = 64 * 2**20
_ZIP_MOST_FILES = 4096


def strip(data: bytes) -> bytes | None:
    """Return the medium without metadata; None if that cannot be done here.

    A file that has none comes back as it is. Damaged files give None.
    """
    for starts, one in _FORMATS:
        if data.startswith(starts):
            try:
                return one(data)
            except (struct.error, IndexError, ValueError):
                return None
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return _pdf(data)
    if data[4:8] == b"ftyp":
        try:
            return _mp4(data)
        except (struct.error, IndexError, ValueError):
            return None
    return None


def _jpeg(data: bytes) -> bytes | None:
    out, at, by_exif, by_xmp = [b"\xff\xd8"], 2, 0, 0
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            break
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        segment = data[at:end]
        if marker == 0xE1:
            by_exif = by_exif or orientation.told_by_exif(segment[4:])
            by_xmp = by_xmp or orientation.told_by_xmp(segment)
        if _is_jpeg_kept(marker, segment):
            out.append(segment)
        at = end
        if marker == 0xDA:
            found = _NO_MARKER.search(data, at)
            until = found.start() if found else len(data)
            out.append(data[at:until])
            at = until
    if told := by_exif or by_xmp:
        # Which way is up changes what a model sees, so that one tag stays.
        body = b"Exif\0\0" + orientation.as_tiff(told)
        out.insert(1, b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    return b"".join((*out, b"\xff\xd9"))


def _is_jpeg_kept(marker: int, segment: bytes) -> bool:
    if marker == 0xFE or 0xE0 <= marker <= 0xEF:
        return (
            (marker == 0xE0 and segment[4:8] == b"JFIF")
            or (marker == 0xE2 and segment[4:15] == b"ICC_PROFILE")
            or (marker == 0xEE and segment[4:9] == b"Adobe")
        )
    return True


def _png(data: bytes) -> bytes | None:
    out, at, first = [data[:8]], 8, 0
    by_exif = by_text = 0
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + size
        if kind == b"eXIf":
            by_exif = by_exif or orientation.told_by_exif(data[at + 8 : end - 4])
        elif kind in _PNG_TEXTS:
            by_text = by_text or orientation.told_by_text(
                _png_text(kind, data[at + 8 : end - 4])
            )
        if kind in _PNG_KEPT:
            first = first or (len(out) if kind == b"IDAT" else 0)
            out.append(data[at:end])
        at = end
        if kind == b"IEND":
            if told := by_exif or by_text:
                out.insert(first or 1, _png_chunk(b"eXIf", orientation.as_tiff(told)))
            return b"".join(out)
    return b"".join(out)  # cut off: what is there of it


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def _png_text(kind: bytes, body: bytes) -> bytes:
    """Return a text chunk's name and words, unpacked so far as they are needed."""
    word, _, rest = body.partition(b"\0")
    if kind == b"iTXt" and len(rest) >= 2:
        is_packed, rest = rest[0] == 1, rest[2:].split(b"\0", 2)[-1]
    else:
        is_packed, rest = kind == b"zTXt", rest[kind == b"zTXt" :]
    if is_packed:
        try:
            rest = zlib.decompressobj().decompress(rest, _PNG_TEXT_BYTES)
        except zlib.error:
            return b""
    return word + b"\0" + rest[:_PNG_TEXT_BYTES]


def _gif(data: bytes) -> bytes | None:
    at = 13 + (3 << (data[10] % 8 + 1) if data[10] & 0x80 else 0)
    out = [data[:at]]
    while at < len(data):
        start, kind = at, data[at]
        if kind == 0x3B:
            return b"".join((*out, b";"))
        if kind == 0x21:
            label, at = data[at + 1], _gif_blocks(data, at + 2)
            name = data[start + 3 : start + 14]
            animated = label == 0xFF and name in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
            if label in (0xF9, 0x01) or animated:
                out.append(data[start:at])
        elif kind == 0x2C:
            flags = data[at + 9]
            at += 10 + (3 << (flags % 8 + 1) if flags & 0x80 else 0)
            at = _gif_blocks(data, at + 1)
            out.append(data[start:at])
        else:
            return None
    return None


def _gif_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _riff(data: bytes) -> bytes | None:
    if data[8:12] == b"WAVE":
        return _wav(data)
    return _webp(data) if data[8:12] == b"WEBP" else None


def _chunks(data: bytes, at: int = 12) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, where its content begins, its size) of a RIFF file's chunks."""
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        yield kind, at + 8, size
        at += 8 + size + size % 2


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) % 2)


def _wav(data: bytes) -> bytes:
    """Return format and samples. Who writes to a pipe does not know their length."""
    out, told = [], 0
    for kind, at, size in _chunks(data):
        if kind == b"ds64":
            told = struct.unpack_from("<Q", data, at + 8)[0]
        if kind not in _WAV_KEPT:
            continue
        if kind == b"data":
            if size == 0xFFFFFFFF and told:
                size = told  # noqa: PLW2901 - beyond 32 bits, RF64 says it elsewhere
            if size == 0 and not _is_chain(data, at):
                size = len(data) - at  # noqa: PLW2901
        out.append(_chunk(kind, data[at : at + size]))
        if at + size >= len(data):
            break
    chunks = b"".join(out)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def _is_chain(data: bytes, at: int) -> bool:
    """Return whether further chunks begin here, and reach to the end of the file."""
    for kind, start, size in _chunks(data, at):
        if not _CHUNK_NAME.fullmatch(kind) or start + size > len(data):
            return False
    return True


def _webp(data: bytes) -> bytes:
    out: list[bytes] = []
    by_exif = by_xmp = 0
    for kind, at, size in _chunks(data):
        body = data[at : at + size]
        if kind == b"EXIF":
            by_exif = by_exif or orientation.told_by_exif(body)
        elif kind == b"XMP ":
            by_xmp = by_xmp or orientation.told_by_xmp(body)
        elif kind != b"VP8X" or out:
            out.append(_chunk(kind, body))
        else:
            out.append(_chunk(kind, bytes([body[0] & ~_WEBP_METADATA]) + body[1:]))
    if (told := by_exif or by_xmp) and out[0].startswith(b"VP8X"):
        out[0] = out[0][:8] + bytes([out[0][8] | _WEBP_EXIF]) + out[0][9:]
        out.append(_chunk(b"EXIF", orientation.as_tiff(told)))
    chunks = b"".join(out)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _mp3(data: bytes) -> bytes | None:
    while data.startswith(b"ID3") and len(data) > 10:
        size = 0
        for byte in data[6:10]:
            size = size << 7 | byte & 0x7F
        data = data[10 + size + (10 if data[5] & 0x10 else 0) :]
    if data[-128:-125] == b"TAG":
        data = data[:-128]
    if data[-32:-24] == b"APETAGEX":
        size, _, flags = struct.unpack_from("<III", data, len(data) - 20)
        data = data[: len(data) - size - (32 if flags & 0x80000000 else 0)]
    return data or None


def _flac(data: bytes) -> bytes | None:
    blocks, at, last = [], 4, False
    while not last:
        last, kind = bool(data[at] & 0x80), data[at] & 0x7F
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        if kind in _FLAC_KEPT:
            blocks.append((kind, data[at + 1 : at + 4 + size]))
        at += 4 + size
    heads = (
        bytes([kind | (0x80 if index == len(blocks) - 1 else 0)]) + block
        for index, (kind, block) in enumerate(blocks)
    )
    return b"".join((b"fLaC", *heads, data[at:]))


def _mp4(data: bytes) -> bytes | None:
    """Blank metadata boxes in place: offsets into the media data stay right."""
    out = bytearray(data)
    # In a picture, or a row of them, a meta box holds the picture itself.
    dropped = _MP4_DROPPED
    if holds_picture(data):
        cleaned = strip_heif(data)
        if cleaned is None:
            return None
        out, dropped = bytearray(cleaned), _MP4_DROPPED - {b"meta"}
    return bytes(out) if _mp4_boxes(out, 0, len(out), dropped) else None


def _mp4_boxes(
    out: bytearray, at: int, end: int, dropped: frozenset[bytes], depth: int = 0
) -> bool:
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", out, at)
        head = 8
        if size == 1 and at + 16 <= end:
            size, head = struct.unpack_from(">Q", out, at + 8)[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            return False
        if kind in dropped:
            out[at + 4 : at + 8] = b"free"
            out[at + head : at + size] = bytes(size - head)
        elif (
            kind in _MP4_PARENTS
            and depth < _MP4_DEPTH
            and not _mp4_boxes(out, at + head, at + size, _MP4_DROPPED, depth + 1)
        ):
            return False
        at += size
    return True


def _pdf(data: bytes) -> bytes | None:
    return strip_pdf(data, lambda photo: _jpeg(photo) if photo[:2] == _SOI else None)


_OFFICE_PARTS = {
    "docProps/core.xml": b'<?xml version="1.0"?><cp:coreProperties xmlns:cp="http://'
    b'schemas.openxmlformats.org/package/2006/metadata/core-properties"/>',
    "docProps/app.xml": b'<?xml version="1.0"?><Properties xmlns="http://schemas.'
    b'openxmlformats.org/officeDocument/2006/extended-properties"/>',
    "docProps/custom.xml": b'<?xml version="1.0"?><Properties xmlns="http://schemas.'
    b'openxmlformats.org/officeDocument/2006/custom-properties"/>',
    # OpenDocument's.
    "meta.xml": b'<?xml version="1.0"?><office:document-meta xmlns:office="urn:oasis:'
    b'names:tc:opendocument:xmlns:office:1.0" office:version="1.2"/>',
}


def _office(data: bytes) -> bytes | None:
    """Exchange the property parts of an Office document; other archives: None."""
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            infos = old.infolist()
            total = sum(info.file_size for info in infos)
            names = {info.filename for info in infos}
            if not any(n.startswith("docProps/") for n in names) and (
                "meta.xml" not in names
            ):
                return None
            if total > _ZIP_MOST_BYTES or len(infos) > _ZIP_MOST_FILES:
                return None
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
                for info in infos:
                    name = zipfile.ZipInfo(info.filename)
                    # OpenDocument wants its `mimetype` first and as it is.
                    name.compress_type = info.compress_type
                    part = _OFFICE_PARTS.get(info.filename)
                    new.writestr(name, old.read(info) if part is None else part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        return None
    return made.getvalue()


_FORMATS: tuple[tuple[bytes | tuple[bytes, ...], Strip], ...] = (
    (b"\xff\xd8\xff", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    ((b"GIF87a", b"GIF89a"), _gif),
    ((b"RIFF", b"RF64", b"BW64"), _riff),
    (b"fLaC", _flac),
    ((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"), _mp3),
    (b"%PDF-", _pdf),
    ((b"II*\0", b"MM\0*"), strip_tiff),
    (b"\x1a\x45\xdf\xa3", strip_matroska),
    (b"OggS", strip_ogg),
    (b"PK\x03\x04", _office),
)
