"""Text that stands within a text as base64 or hex, and how to write it again."""

import base64
import binascii
import re
from collections.abc import Iterator

from msgspec import Struct

_LETTERS = r"[A-Za-z0-9+/_\-]"
# One word, or the lines of a wrapped one.
ENCODED = re.compile(
    rf"{_LETTERS}(?<!{_LETTERS}{_LETTERS}){_LETTERS}{{15,}}"
    rf"(?:\r?\n{_LETTERS}{{4,}})*={{0,2}}"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
_LINE_ENDS = re.compile(r"[\r\n]+")
_TASTED = 64  # characters; a picture or a digest is told from text by them
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\f\r")
_URL_SAFE = str.maketrans("-_", "+/")


class Encoding(Struct, frozen=True):
    """How a text was written."""

    is_hex: bool = False
    is_url_safe: bool = False
    is_padded: bool = False
    charset: str = "utf-8"

    def encode(self, text: str) -> str:
        """Return the text written in the same way."""
        data = text.encode(self.charset)
        if self.is_hex:
            return data.hex()
        made = (
            base64.urlsafe_b64encode(data)
            if self.is_url_safe
            else base64.b64encode(data)
        ).decode()
        return made if self.is_padded else made.rstrip("=")


def decoded(word: str) -> Iterator[tuple[str, Encoding]]:
    """Yield the texts that a word may stand for; nothing for pictures and digests."""
    if len(word) % 2 == 0 and _HEX.fullmatch(word):
        text = _text_of(bytes.fromhex(word))
        if text is not None:
            yield text[0], Encoding(is_hex=True, charset=text[1])
    plain = _LINE_ENDS.sub("", word)
    letters = plain.rstrip("=")
    safe = "-" in letters or "_" in letters
    if safe:
        letters = letters.translate(_URL_SAFE)
    taste = _bytes_of(letters[:_TASTED])
    if taste is None or not _is_text_like(taste):
        return
    data = _bytes_of(letters)
    if data is not None and (text := _text_of(data)) is not None:
        padded = plain.endswith("=") or len(letters) % 4 == 0
        yield (
            text[0],
            Encoding(is_url_safe=safe, is_padded=padded, charset=text[1]),
        )


def _bytes_of(letters: str) -> bytes | None:
    if len(letters) % 4 == 1:
        letters = letters[:-1]  # cut off by a length limit
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_text_like(data: bytes) -> bool:
    """Tell by its first bytes whether data can be text; a last sign may be cut."""
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
    """Tell UTF-16 of Latin letters."""
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
