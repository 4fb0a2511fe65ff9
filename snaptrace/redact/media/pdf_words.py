"""Text of a PDF: shown words, form values, notes, attachments, anything readable.

Read, never rewritten: a writer splits words to set them closer and numbers its glyphs
anew, so a value taken out of one place would stay in the next (ADR 41). Source: ISO
32000-1, 7.3 (objects), 7.4 (filters), 9.6 to 9.10 (fonts, ToUnicode).
"""

import re
import zlib
from base64 import a85decode
from binascii import unhexlify
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from snaptrace.redact.media.glyph_names import ASCII_NAMES

_MOST_BYTES = 32 * 2**20  # of all streams but pictures, once unpacked
_MOST_WORDS = 16 * 2**20  # characters, over all fonts
_MOST_FONTS = 64
_MOST_SIGNS = 2**17  # of one font's ranges
_MOST_FILTERS = 8
_DICTIONARY_BYTES = 4096  # before `stream`
_STREAM = re.compile(rb"(?<=>>)\s{0,8}stream\r?\n?")
_END = b"endstream"
_FILTERS = re.compile(rb"/(?:Filter|F)\s*(\[[^\]]{0,512}\]|/\w{1,40})")
_NAME = re.compile(rb"/(\w{1,40})")
# Pixels and glyphs; a JPEG's own metadata are taken out before.
_UNREAD_FILTERS = frozenset(
    (b"DCTDecode", b"DCT", b"JPXDecode", b"CCITTFaxDecode", b"CCF", b"JBIG2Decode")
)
_UNREAD_KINDS = re.compile(
    rb"/Subtype\s*/(?:Image|Type1C|CIDFontType0C|OpenType)|/Type\s*/XRef|/Length1\b"
    rb"|/Alternate\b"
)
_TYPE0 = re.compile(rb"/Subtype\s*/Type0\b")
_DIFFERENCE = re.compile(rb"(\d{1,5})|/([\w.]{1,60})")
# (what begins a table's rows, what ends them, hex strings in a row)
_TABLES = (
    (b"beginbfchar", b"endbfchar", 2),
    (b"beginbfrange", b"endbfrange", 3),
)
_BF_HEX = re.compile(rb"<([0-9A-Fa-f\s]{1,64})>|(\[)|(\])")
# Signs of a content stream that matter: strings, and what moves to another line.
_TOKEN = re.compile(
    rb"\\[\s\S]|[()]|<([0-9A-Fa-f\s]{2,65536})>|(?<![\w.])(-?\d+\.?\d*)(?=[\s(<\]])"
    rb"|\b(T[dDm*]|ET|Tj|TJ)(?![\w*])"
)
_CODE = re.compile(rb"<<|\bobj\b|\b(?:BT|cm|re|Tf|Do|gs|endcmap|xref)\b")
# Comments, and names that are more than a word.
_ASIDE = re.compile(rb"%[^\r\n]{6,4000}|/[\w.#\-]{0,200}(?:@|#40)[\w.#\-]{1,200}")
_GAP = -180  # thousandths of an em between two strings, from which it is a blank
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_OCTAL = re.compile(rb"\\([0-7]{1,3})|\\(\r\n|[\s\S])")


class UnreadablePdfError(ValueError):
    """The file cannot be read far enough to say what it holds."""


class PdfWords(NamedTuple):
    """Text that was read, in as many readings as there are fonts."""

    texts: tuple[str, ...]
    is_opaque: bool  # glyphs are shown that no table explains


def words_of(data: bytes, pace: Callable[[], None] = lambda: None) -> PdfWords:
    """Return everything that can be read in a PDF; call `pace` before each piece.

    Raises:
        UnreadablePdfError: encrypted, damaged, or more than may be unpacked.
    """
    if b"/Encrypt" in data:
        raise UnreadablePdfError("encrypted")
    streams, rest = _streams(data)
    pieces = [rest, *streams]
    fonts = list(islice((f for piece in pieces for f in _fonts_in(piece)), _MOST_FONTS))
    found: list[str] = []
    size = 0
    for piece in pieces:
        pace()
        strings = list(_strings(piece))
        for text in _readings(strings, fonts, piece):
            size += len(text)
            if size > _MOST_WORDS:
                raise UnreadablePdfError("too many words")
            found.append(text)
    objects = b"\n".join(pieces)
    # Of an embedded font nobody says what its glyphs mean.
    untold = len(_TYPE0.findall(objects)) > objects.count(b"/ToUnicode")
    return PdfWords(tuple(found), untold)


def _streams(data: bytes) -> tuple[list[bytes], bytes]:
    """Return unpacked streams, and the file without them."""
    found: list[bytes] = []
    rest: list[bytes] = []
    left, at = _MOST_BYTES, 0
    for head in _STREAM.finditer(data):
        if head.start() < at:
            continue
        end = data.find(_END, head.end())
        end = len(data) if end < 0 else end
        rest.append(data[at : head.start()])
        told = data[max(head.start() - _DICTIONARY_BYTES, at) : head.start()]
        told = told[told.rfind(b" obj") + 1 :]
        plain = _unpacked(data[head.end() : end], told, left)
        at = end
        if plain is not None:
            left -= len(plain)
            found.append(plain)
    rest.append(data[at:])
    return found, b"\n".join(rest)


def _unpacked(body: bytes, told: bytes, left: int) -> bytes | None:
    """Return a stream's bytes; None for pixels and glyphs."""
    named = _FILTERS.search(told)
    filters = _NAME.findall(named[1]) if named else []
    if _UNREAD_KINDS.search(told) or not _UNREAD_FILTERS.isdisjoint(filters):
        return None
    for name in filters[:_MOST_FILTERS]:
        body = _filtered(name, body, left)
    return body


def _filtered(name: bytes, body: bytes, left: int) -> bytes:
    try:
        if name in (b"FlateDecode", b"Fl"):
            plain = zlib.decompressobj().decompress(body, left + 1)
            if len(plain) > left:
                raise UnreadablePdfError("too large")
            return plain
        if name in (b"ASCII85Decode", b"A85"):
            text = body.strip().removeprefix(b"<~").partition(b"~")[0]
            return a85decode(text)
        if name in (b"ASCIIHexDecode", b"AHx"):
            return _from_hex(body.partition(b">")[0])
    except (zlib.error, ValueError):
        raise UnreadablePdfError(name.decode("latin-1")) from None
    raise UnreadablePdfError(name.decode("latin-1"))


def _from_hex(digits: bytes) -> bytes:
    digits = b"".join(digits.split())
    return unhexlify(digits + b"0" * (len(digits) % 2))


class _Font(NamedTuple):
    """Meaning of a font's codes."""

    width: int  # bytes of a code
    signs: dict[int, str]


def _fonts_in(piece: bytes) -> Iterator[_Font]:
    if b"beginbf" in piece:
        yield _to_unicode(piece)
    for found in _between(piece, b"/Differences", b"]"):
        signs: dict[int, str] = {}
        code = 0
        for number, name in _DIFFERENCE.findall(found):
            if number:
                code = int(number)
            else:
                signs[code] = _sign(name)
                code += 1
        yield _Font(1, signs)


def _between(piece: bytes, first: bytes, last: bytes) -> Iterator[bytes]:
    """Yield what stands between two signs, in linear time."""
    start = piece.find(first)
    while start >= 0 and (end := piece.find(last, start)) >= 0:
        yield piece[start + len(first) : end]
        start = piece.find(first, end)


def _sign(name: bytes) -> str:
    text = name.decode("latin-1")
    if len(text) == 1:
        return text
    if text in ASCII_NAMES:
        return ASCII_NAMES[text]
    found = re.fullmatch(r"(?:uni|u)([0-9A-Fa-f]{4,6})", text)
    return chr(min(int(found[1], 16), 0x10FFFF)) if found else "\ufffd"


def _to_unicode(piece: bytes) -> _Font:
    font = _Table()
    for first, last, step in _TABLES:
        for rows in _between(piece, first, last):
            font.take(_BF_HEX.findall(rows), step)
    return _Font(font.width, font.signs)


class _Table:
    """A font's ToUnicode table while it is read."""

    def __init__(self) -> None:
        self.signs: dict[int, str] = {}
        self.width, self._left = 1, _MOST_SIGNS

    def take(self, marks: list[tuple[bytes, bytes, bytes]], step: int) -> None:
        """Take rows of `step` hex strings, of which the last may be a list."""
        at = 0
        while at + step <= len(marks):
            codes = [_from_hex(mark[0]) for mark in marks[at : at + step]]
            self.width = max(self.width, len(codes[0]))
            first = int.from_bytes(codes[0], "big")
            if step == 2:
                self.signs[first] = _utf16(codes[1])
            elif marks[at + 2][1]:
                at = self._take_list(marks, at + 3, first)
                continue
            else:
                self._take_range(first, int.from_bytes(codes[1], "big"), codes[2])
            at += step

    def _take_list(
        self, marks: list[tuple[bytes, bytes, bytes]], at: int, first: int
    ) -> int:
        while at < len(marks) and not marks[at][2]:
            self.signs[first] = _utf16(_from_hex(marks[at][0]))
            first, at = first + 1, at + 1
        return at + 1

    def _take_range(self, first: int, last: int, data: bytes) -> None:
        target = _utf16(data)
        last = min(last, first + self._left)
        self._left = max(self._left - max(last - first, 0), 0)
        for code in range(first, last + 1) if target else ():
            sign = min(ord(target[-1]) + code - first, 0x10FFFF)
            self.signs[code] = target[:-1] + chr(sign)


def _utf16(data: bytes) -> str:
    return data.decode("utf-16-be", "replace")


def _strings(piece: bytes) -> Iterator[bytes | None]:
    """Yield the strings of a piece in order; None where a line ends."""
    depth = start = 0
    for found in _TOKEN.finditer(piece):
        token = found[0]
        if token == b"(":
            start = found.end() if not depth else start
            depth += 1
        elif token == b")":
            if depth == 1:
                yield _unescaped(piece[start : found.start()])
            depth = max(depth - 1, 0)
        elif depth or token.startswith(b"\\"):
            continue
        elif found[1] is not None:
            yield _from_hex(found[1])
        elif found[2] is not None:
            if float(found[2]) < _GAP:
                yield b" "
        elif found[3] not in (b"Tj", b"TJ"):
            yield None


def _unescaped(text: bytes) -> bytes:
    if b"\\" not in text:
        return text

    def plain(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return bytes([int(found[1], 8) & 255])
        if found[2] in (b"\n", b"\r\n"):
            return b""
        return _ESCAPES.get(found[2], found[2])

    return _OCTAL.sub(plain, text)


def _readings(
    strings: list[bytes | None], fonts: list[_Font], piece: bytes
) -> Iterator[str]:
    """Yield what a piece says under every font, with lines and without."""
    if _CODE.search(piece):
        # Numbers of coordinates and tables would pass for people's.
        yield "\n".join(text.decode("latin-1") for text in _ASIDE.findall(piece))
    else:
        yield piece.decode("latin-1")
        if b"\0" in piece:
            yield piece.replace(b"\0", b"").decode("latin-1")
    plain = [None if text is None else _as_text(text) for text in strings]
    yield from _lines(plain)
    for font in fonts:
        shown = [None if text is None else _shown(text, font) for text in strings]
        if any(shown):
            yield from _lines(shown)


def _lines(texts: list[str | None]) -> Iterator[str]:
    yield "".join("\n" if text is None else text for text in texts)
    yield "".join(text for text in texts if text is not None)


def _as_text(text: bytes) -> str:
    if text.startswith((b"\xfe\xff", b"\xff\xfe")):
        return text.decode("utf-16", "replace")
    return text.decode("utf-8" if text.isascii() else "latin-1")


def _shown(text: bytes, font: _Font) -> str:
    if text == b" ":
        return " "
    codes = (
        int.from_bytes(text[at : at + font.width], "big")
        for at in range(0, len(text), font.width)
    )
    return "".join(font.signs.get(code, "") for code in codes)
