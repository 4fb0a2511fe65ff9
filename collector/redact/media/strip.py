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
from collections.abc import Callable

from collector.redact.media.pdf import strip_pdf
from collector.redact.media.strip_in_place import (
    strip_heif,
    strip_matroska,
    strip_ogg,
    strip_tiff,
)

Strip = Callable[[bytes], bytes | None]

_NO_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs acTL fcTL fdAT hIST"
    b" cICP mDCV cLLI".split()
)
_WAV_KEPT = frozenset((b"fmt ", b"data", b"fact"))
_FLAC_KEPT = frozenset((0, 3))  # STREAMINFO, SEEKTABLE
_MP4_PARENTS = frozenset((b"moov", b"trak", b"moof", b"traf"))
_MP4_DROPPED = frozenset((b"udta", b"meta", b"uuid", b"XMP_"))
_MP4_BRANDS = frozenset((b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc"))
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
    if data[4:8] == b"ftyp":
        try:
            return _mp4(data)
        except (struct.error, IndexError, ValueError):
            return None
    return None


def _jpeg(data: bytes) -> bytes | None:
    out, at, orientation = [b"\xff\xd8"], 2, b""
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
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = orientation or _orientation(segment[10:])
        if _is_jpeg_kept(marker, segment):
            out.append(segment)
        at = end
        if marker == 0xDA:
            found = _NO_MARKER.search(data, at)
            until = found.start() if found else len(data)
            out.append(data[at:until])
            at = until
    if orientation:
        # Which way is up changes what a model sees, so that one tag stays.
        out.insert(1, orientation)
    return b"".join((*out, b"\xff\xd9"))


def _is_jpeg_kept(marker: int, segment: bytes) -> bool:
    if marker == 0xFE or 0xE0 <= marker <= 0xEF:
        return (
            (marker == 0xE0 and segment[4:8] == b"JFIF")
            or (marker == 0xE2 and segment[4:15] == b"ICC_PROFILE")
            or (marker == 0xEE and segment[4:9] == b"Adobe")
        )
    return True


def _orientation(tiff: bytes) -> bytes:
    """Return an Exif segment that holds the orientation alone; empty if upright."""
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        at = struct.unpack_from(order + "I", tiff, 4)[0]
        for index in range(struct.unpack_from(order + "H", tiff, at)[0]):
            tag, _, _, value = struct.unpack_from(
                order + "HHIH", tiff, at + 2 + 12 * index
            )
            if tag == 0x0112 and 2 <= value <= 8:
                body = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01"
                body += struct.pack(">HH", value, 0) + bytes(4)
                return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    except (KeyError, struct.error):
        return b""
    return b""


def _png(data: bytes) -> bytes | None:
    out, at = [data[:8]], 8
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + size
        if kind in _PNG_KEPT:
            out.append(data[at:end])
        at = end
        if kind == b"IEND":
            return b"".join(out)
    return None


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
    form = data[8:12]
    if form not in (b"WAVE", b"WEBP"):
        return None
    out, at = [], 12
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
        if form == b"WAVE" and kind not in _WAV_KEPT:
            continue
        if form == b"WEBP":
            if kind in (b"EXIF", b"XMP "):
                continue
            if kind == b"VP8X":
                body = bytes([body[0] & ~0x0C]) + body[1:]
        out.append(struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) % 2))
    chunks = b"".join(out)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + form + chunks


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
    if data[8:12] in _MP4_BRANDS:
        return strip_heif(data)  # there the meta box holds the picture itself
    out = bytearray(data)
    return bytes(out) if _mp4_boxes(out, 0, len(out), 0) else None


def _mp4_boxes(out: bytearray, at: int, end: int, depth: int) -> bool:
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", out, at)
        head = 8
        if size == 1 and at + 16 <= end:
            size, head = struct.unpack_from(">Q", out, at + 8)[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            return False
        if kind in _MP4_DROPPED:
            out[at + 4 : at + 8] = b"free"
            out[at + head : at + size] = bytes(size - head)
        elif (
            kind in _MP4_PARENTS
            and depth < _MP4_DEPTH
            and not _mp4_boxes(out, at + head, at + size, depth + 1)
        ):
            return False
        at += size
    return True


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
    (b"RIFF", _riff),
    (b"fLaC", _flac),
    ((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"), _mp3),
    (b"%PDF-", strip_pdf),
    ((b"II*\0", b"MM\0*"), strip_tiff),
    (b"\x1a\x45\xdf\xa3", strip_matroska),
    (b"OggS", strip_ogg),
    (b"PK\x03\x04", _office),
)
