"""Formats whose metadata are blanked where they stand: offsets into them stay right.

Sources: TIFF 6.0; ISO/IEC 23008-12 and 14496-12 (`iinf`, `iloc`); RFC 8794 and 9559
(Matroska, WebM); RFC 3533 (Ogg), RFC 7845 (Opus), Vorbis I, 5.2.
"""

import struct
from collections.abc import Iterator

_TIFF_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8)  # bytes of a value, by type
_TIFF_BLANKED = frozenset(
    (
        *(270, 271, 272, 285, 305, 306, 315, 316, 33432, 700, 33723, 34377, 37510),
        *range(40091, 40096),
    )
)
_TIFF_FOLDERS = frozenset((34665, 34853, 40965))  # Exif, GPS, interoperability
_TIFF_MOST = 256  # folders
_HEIF_PERSONAL = frozenset((b"Exif", b"mime", b"uri "))
# Exif without a tag; decoders refuse a picture whose Exif is no TIFF at all.
_NO_EXIF = b"\0\0\0\0MM\0*\0\0\0\x08" + bytes(6)
_EBML_PARENTS = frozenset(
    bytes.fromhex(number)
    for number in (
        *("18538067", "1549a966", "1254c367", "7373", "67c8", "1941a469", "61a7"),
        *("1654ae6b", "ae", "1043a770", "45b9", "b6", "80"),
    )
)
# What stands directly in a segment.
_EBML_TOP = frozenset(
    bytes.fromhex(number)
    for number in (
        *("114d9b74", "1549a966", "1f43b675", "1654ae6b", "1c53bb6b", "1941a469"),
        *("1043a770", "1254c367"),
    )
)
_EBML_BLANKED = frozenset(
    bytes.fromhex(number)
    for number in (
        # Title, file name, tag name and text, attachment's name, text and data,
        # track's name, chapter's name, date.
        *("7ba9", "7384", "45a3", "4487", "4485", "466e", "467e", "465c", "536e", "85"),
        "4461",
    )
)
_EBML_DEPTH = 8
_OGG_HEAD = struct.Struct("<4sBBqIIIB")
_OGG_TAGS = (b"OpusTags", b"\x03vorbis", b"\x81theora")


def strip_tiff(data: bytes) -> bytes | None:
    """Zero what describes a picture: author, place, camera, time."""
    order = "<" if data[:2] == b"II" else ">"
    out = bytearray(data)
    folders = [(struct.unpack_from(order + "I", data, 4)[0], False)]
    for at, is_personal in folders:
        if len(folders) > _TIFF_MOST:
            return None
        count = struct.unpack_from(order + "H", data, at)[0]
        for index in range(count):
            place = at + 2 + 12 * index
            tag, kind, values = struct.unpack_from(order + "HHI", data, place)
            size = values * (_TIFF_SIZES[kind] if kind < len(_TIFF_SIZES) else 1)
            where = place + 8
            if tag in _TIFF_FOLDERS:
                folders.append((struct.unpack_from(order + "I", data, where)[0], True))
                continue
            if size > 4:
                where = struct.unpack_from(order + "I", data, where)[0]
            if (is_personal or tag in _TIFF_BLANKED) and where + size <= len(data):
                out[where : where + size] = bytes(size)
        following = struct.unpack_from(order + "I", data, at + 2 + 12 * count)[0]
        if following and not is_personal:
            folders.append((following, False))
    return bytes(out)


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, where its content begins, where it ends)."""
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        stop = end if size == 0 else at + size
        if stop < at + head or stop > end:
            raise ValueError("a box beyond its parent")
        yield kind, at + head, stop
        at = stop


def holds_picture(data: bytes) -> bool:
    """Return whether an ISO file's own meta box is a picture (HEIF, AVIF)."""
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"meta":
            inside = {name: a for name, a, _ in _boxes(data, start + 4, end)}
            at = inside.get(b"hdlr", end)
            return data[at + 8 : at + 12] == b"pict" or b"iinf" in inside
    return False


def strip_heif(data: bytes) -> bytes | None:
    """Zero the items of a HEIC or AVIF picture that are Exif or XMP."""
    out = bytearray(data)
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"uuid":
            out[start:end] = bytes(end - start)
        if kind != b"meta":
            continue
        parts = {name: (a, b) for name, a, b in _boxes(data, start + 4, end)}
        if b"iinf" not in parts or b"iloc" not in parts:
            return None
        personal = set(_personal_items(data, *parts[b"iinf"]))
        inside = parts.get(b"idat", (0, 0))[0]
        for item, offset, size in _extents(data, parts[b"iloc"][0], inside):
            if item in personal and offset + size <= len(data):
                out[offset : offset + size] = _NO_EXIF[:size].ljust(size, b"\0")
    return bytes(out)


def _personal_items(data: bytes, start: int, end: int) -> Iterator[int]:
    at = start + (6 if data[start] == 0 else 8)
    for kind, inner, _ in _boxes(data, at, end):
        if kind != b"infe":
            continue
        wide = data[inner] >= 3
        item = struct.unpack_from(">I" if wide else ">H", data, inner + 4)[0]
        named = inner + (10 if wide else 8)
        if data[named : named + 4] in _HEIF_PERSONAL:
            yield item


def _extents(data: bytes, at: int, inside: int) -> Iterator[tuple[int, int, int]]:
    """Yield (item, offset in the file, size) of everything `iloc` speaks of."""
    version, sizes = data[at], data[at + 4 : at + 6]
    offset_size, length_size = sizes[0] >> 4, sizes[0] & 15
    base_size, index_size = sizes[1] >> 4, sizes[1] & 15 if version else 0
    at += 6

    def number(size: int) -> int:
        nonlocal at
        at += size
        if at > len(data):
            raise ValueError("cut off")
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_size)
        for _ in range(number(2)):
            number(index_size)
            offset, size = base + number(offset_size), number(length_size)
            yield item, offset + (inside if method == 1 else 0), size


def strip_matroska(data: bytes) -> bytes | None:
    """Zero titles, tags, attachments and names of tracks and chapters."""
    out = bytearray(data)
    _blank_elements(out, 0, len(data), 0)
    return bytes(out)


def _blank_elements(
    out: bytearray, at: int, end: int, depth: int, *, is_open: bool = False
) -> int:
    """Blank within one element and return where it ends.

    A live stream's clusters do not know their length: the next one ends them.
    """
    while at + 2 <= end:
        start = at
        wide = 9 - out[at].bit_length()
        number = bytes(out[at : at + wide])
        if is_open and depth > 1 and number in _EBML_TOP:
            return start
        at += wide
        wide = 9 - out[at].bit_length()
        size = int.from_bytes(out[at : at + wide], "big") & (1 << 7 * wide) - 1
        is_endless = size == (1 << 7 * wide) - 1
        at += wide
        stop = end if is_endless else at + size
        if wide > 8 or stop > end:
            raise ValueError("an element beyond its parent")
        if number in _EBML_BLANKED:
            out[at:stop] = bytes(stop - at)
        elif (number in _EBML_PARENTS or is_endless) and depth < _EBML_DEPTH:
            stop = _blank_elements(out, at, stop, depth + 1, is_open=is_endless)
        at = stop
    return end


def strip_ogg(data: bytes) -> bytes | None:
    """Empty the comment header of every stream; its packet keeps its length."""
    out = bytearray(data)
    packets: dict[int, int] = {}  # stream -> packets that have begun
    tags: dict[int, list[tuple[int, int]]] = {}  # stream -> stretches of the second
    pages: list[tuple[int, int]] = []
    at = 0
    while at + _OGG_HEAD.size <= len(data):
        magic, _, flags, _, serial, _, _, count = _OGG_HEAD.unpack_from(data, at)
        if magic != b"OggS":
            return None
        body = at + _OGG_HEAD.size + count
        lacing = data[at + _OGG_HEAD.size : body]
        begun = packets.get(serial, 0) + (0 if flags & 1 else 1)
        place = body
        for value in lacing:
            if begun == 2 and value:
                tags.setdefault(serial, []).append((place, place + value))
            place += value
            begun += value < 255
        packets[serial] = begun - (1 if not lacing or lacing[-1] < 255 else 0)
        pages.append((at, place))
        at = place
    if not pages or at != len(data):
        return None
    for stretches in tags.values():
        if not _empty_comments(out, stretches):
            return None
    for start, end in pages:
        if any(start < a < end for each in tags.values() for a, _ in each):
            out[start + 22 : start + 26] = bytes(4)
            check = _ogg_check(out[start:end])
            out[start + 22 : start + 26] = struct.pack("<I", check)
    return bytes(out)


def _empty_comments(out: bytearray, stretches: list[tuple[int, int]]) -> bool:
    packet = b"".join(out[a:b] for a, b in stretches)
    magic = next((m for m in _OGG_TAGS if packet.startswith(m)), None)
    if magic is None:
        return False
    # No vendor, no comments, and the bit that Vorbis ends its header with.
    made = (magic + bytes(8) + b"\x01").ljust(len(packet), b"\0")[: len(packet)]
    at = 0
    for a, b in stretches:
        out[a:b] = made[at : at + b - a]
        at += b - a
    return True


def _ogg_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        left = value << 24
        for _ in range(8):
            left = (left << 1) ^ (0x04C11DB7 if left & 0x80000000 else 0)
        table.append(left & 0xFFFFFFFF)
    return tuple(table)


_OGG_TABLE = _ogg_table()


def _ogg_check(page: bytearray) -> int:
    check = 0
    for byte in page:
        check = (check << 8 & 0xFFFFFFFF) ^ _OGG_TABLE[check >> 24 ^ byte]
    return check
