"""Which way is up: the one tag of a picture's metadata that changes what a model sees.

Sources: Exif 2.32, 4.6 (tag 274); PNG 3rd ed., 11.3.5.2 (`eXIf`); WebP container
specification (`EXIF`, `XMP `); XMP specification part 2, 3.1 (`tiff:Orientation`).
"""

import re
import struct

_TAG = 0x0112
_MOST_TAGS = 1024  # of one folder
_EXIF = b"Exif\0\0"
_XMP = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([2-8])(?![0-9])")
# ImageMagick's PNG files: a text of hex digits behind a name and a length.
_RAW_PROFILE = re.compile(rb"Raw profile type (?:exif|APP1)\0")
_HEX = re.compile(rb"\n\s*[0-9]+\n([0-9a-fA-F\s]+)")


def told_by_exif(exif: bytes) -> int:
    """Return the orientation that a TIFF block names, 2 to 8; 0 if upright or none."""
    tiff = exif.removeprefix(_EXIF)
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        at = struct.unpack_from(order + "I", tiff, 4)[0]
        count = struct.unpack_from(order + "H", tiff, at)[0]
        for index in range(min(count, _MOST_TAGS)):
            tag, kind, _, value = struct.unpack_from(
                order + "HHI4s", tiff, at + 2 + 12 * index
            )
            if tag == _TAG:
                return _in_range(_number(order, kind, value))
    except (KeyError, struct.error):
        return 0
    return 0


def told_by_xmp(packet: bytes) -> int:
    """Return the orientation that an XMP packet names, 2 to 8; 0 if upright or none."""
    found = _XMP.search(packet)
    return int(found[1]) if found else 0


def told_by_text(text: bytes) -> int:
    """Return the orientation in a text of a PNG file: XMP, or Exif in hex digits."""
    if _RAW_PROFILE.match(text) and (found := _HEX.search(text)):
        digits = b"".join(found[1].split()).decode("ascii")
        return told_by_exif(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    return told_by_xmp(text)


def as_tiff(orientation: int) -> bytes:
    """Return a TIFF block that holds the orientation and nothing else."""
    head = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01"
    return head + struct.pack(">HH", orientation, 0) + bytes(4)


def _number(order: str, kind: int, value: bytes) -> int:
    """Read a tag's value; writers use a byte or a long where a short belongs."""
    if kind == 1:
        return value[0]
    form = "I" if kind == 4 else "H"
    return int(struct.unpack_from(order + form, value)[0])


def _in_range(value: int) -> int:
    return value if 2 <= value <= 8 else 0
