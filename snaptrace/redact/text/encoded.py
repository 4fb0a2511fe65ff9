"""Texts and media within a text, as base64 or hex, and how to write them again."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from snaptrace.snapshot.media_type import kind_of_mime, sniff, told_kind
from snaptrace.snapshot.model import MediaKind

_LETTERS = r"[A-Za-z0-9+/_\-]"
# One word, or the lines of a wrapped one.
ENCODED = re.compile(
    rf"{_LETTERS}(?<!{_LETTERS}{_LETTERS}){_LETTERS}{{15,}}"
    rf"(?:\r?\n{_LETTERS}{{4,}})*={{0,2}}"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
_LINE_ENDS = re.compile(r"[\r\n]+")
_TASTED = 64  # characters; a picture or a digest is told from text by them
_LEAST_MEDIUM = 96  # characters; a shorter one holds no more than its head
# Signatures of two signs are found in every random text now and then.
_SURE = (
    *(
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"RIFF",
        b"RF64",
        b"II*\0",
        b"MM\0*",
        b"8BPS",
    ),
    *(b"%PDF-", b"ID3", b"fLaC", b"OggS", b"{\\rtf", b"\x1aE\xdf\xa3", b"PK\x03\x04"),
    b"\xd0\xcf\x11\xe0",
)
_DATA_URL_HEAD = re.compile(
    r"data:\s*([^,;\s]{0,127})(?:;[^,]{0,120})?,\s*\Z", re.IGNORECASE
)
LONGEST_HEAD = 256  # characters before a word in which a data URL's head may stand
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\f\r")
_PIXELS_AND_SOUND = ("image", "audio", "video")
_URL_SAFE = str.maketrans("-_", "+/")


class Encoding(Struct, frozen=True):
    """Encoding of a text."""

    is_hex: bool = False
    is_url_safe: bool = False
    is_padded: bool = False
    charset: str = "utf-8"

    def encode(self, text: str) -> str:
        """Return the text written in the same way."""
        return self.encode_bytes(text.encode(self.charset))

    def encode_bytes(self, data: bytes) -> str:
        """Return bytes written in the same way."""
        if self.is_hex:
            return data.hex()
        made = (
            base64.urlsafe_b64encode(data)
            if self.is_url_safe
            else base64.b64encode(data)
        ).decode()
        return made if self.is_padded else made.rstrip("=")


class Medium(NamedTuple):
    """A medium within a text."""

    kind: MediaKind
    mime: str
    data: bytes
    encoding: Encoding


def medium_of(word: str, before: str) -> Medium | None:
    """Return the medium that a word of base64 is; None for anything else.

    `before` is the text ahead of it, in which the head of a data URL may stand.
    """
    if len(word) < _LEAST_MEDIUM:
        return None
    letters, padded, safe = _letters(word)
    taste = _bytes_of(letters[:_TASTED])
    if taste is None:
        return None
    head = _DATA_URL_HEAD.search(before)
    mime = head[1] if head else ""
    named = kind_of_mime(mime)
    is_sure = taste.startswith(_SURE) or taste[4:8] == b"ftyp"
    if not is_sure and named not in _PIXELS_AND_SOUND:
        return None
    data = _bytes_of(letters)
    if data is None:
        return None
    kind = told_kind(sniff(data), named, None)
    return Medium(kind, mime, data, Encoding(is_url_safe=safe, is_padded=padded))


def decoded(word: str) -> Iterator[tuple[str, Encoding]]:
    """Yield the texts that a word may stand for; nothing for pictures and digests."""
    if len(word) % 2 == 0 and _HEX.fullmatch(word):
        text = _text_of(bytes.fromhex(word))
        if text is not None:
            yield text[0], Encoding(is_hex=True, charset=text[1])
    letters, padded, safe = _letters(word)
    taste = _bytes_of(letters[:_TASTED])
    if taste is None or not _is_text_like(taste):
        return
    data = _bytes_of(letters)
    if data is not None and (text := _text_of(data)) is not None:
        yield (
            text[0],
            Encoding(is_url_safe=safe, is_padded=padded, charset=text[1]),
        )


def _letters(word: str) -> tuple[str, bool, bool]:
    """Return (letters of the usual alphabet, is padded, is the URL-safe one)."""
    plain = _LINE_ENDS.sub("", word)
    letters = plain.rstrip("=")
    safe = "-" in letters or "_" in letters
    padded = plain.endswith("=") or len(letters) % 4 == 0
    return letters.translate(_URL_SAFE) if safe else letters, padded, safe


def _bytes_of(letters: str) -> bytes | None:
    if len(letters) % 4 == 1:
        letters = letters[:-1]  # cut off by a length limit
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_text_like(data: bytes) -> bool:
    """Return whether data can be text, by its first bytes; a last sign may be cut."""
    if _is_wide(data):
        return True
    for cut in range(4):
        try:
            data[: len(data) - cut].decode()
        except UnicodeDecodeError:
            continue
        return _CONTROLS.isdisjoint(data)
    return False


def _is_wide(data: bytes) -> bool:
    """Detect UTF-16 of Latin letters."""
    return len(data) > 8 and not any(data[1:33:2]) and all(data[0:33:2])


def _text_of(data: bytes) -> tuple[str, str] | None:
    charset = "utf-16-le" if _is_wide(data) else "utf-8"
    try:
        text = data.decode(charset)
    except UnicodeDecodeError:
        if charset == "utf-8" or len(data) % 2 == 0:
            return _cut_text(data)
        return data[:-1].decode(charset, "replace"), charset
    if charset == "utf-8" and not _CONTROLS.isdisjoint(data):
        return None
    return text, charset


def _cut_text(data: bytes) -> tuple[str, str] | None:
    """Return text whose last sign was cut off in the middle."""
    for cut in range(1, 4):
        try:
            return data[:-cut].decode(), "utf-8"
        except UnicodeDecodeError:
            continue
    return None
