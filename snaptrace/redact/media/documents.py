"""Takes values out of the words of documents whose words can be written anew.

Plain text and its relatives (CSV, JSON, HTML, SVG, mail) and the parts of archives.
Others are read, and dropped where something is found: PDF, RTF's and mail's escapes,
packed files. Pixels and sound keep what they show: for those there are plug-ins and
`drop_media`.
"""

import quopri
import re
from collections.abc import Callable

from snaptrace.redact.media.archive import Left, clean_archive
from snaptrace.redact.media.charsets import is_pdf, text_of, words_in
from snaptrace.redact.media.pdf_words import UnreadablePdfError, words_of

Clean = Callable[[str], str]
_QUOTED = re.compile(r"=[0-9A-F]{2}")
_RTF_HEX = re.compile(
    r"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,5}) ?\??|\\[a-z]{1,32}-?\d{0,8} ?"
)
_RTF_INFO = "{\\info"
_GZIP = b"\x1f\x8b"


def clean_document(
    data: bytes,
    clean: Clean,
    *,
    keeps_opaque: bool = True,
    pace: Callable[[], None] = lambda: None,
) -> bytes | None:
    """Return the document without what `clean` takes out of its words.

    None: something was found that cannot be taken out in place, or, unless
    `keeps_opaque`, the document shows words that nobody can read. `pace` is called
    between pieces of work.
    """
    return _cleaned(data, clean, Left(pace), keeps_opaque=keeps_opaque)


def _cleaned(
    data: bytes, clean: Clean, left: Left, *, keeps_opaque: bool
) -> bytes | None:
    def clean_part(part: bytes, clean: Clean, left: Left) -> bytes | None:
        return _cleaned(part, clean, left, keeps_opaque=keeps_opaque)

    if data.startswith(b"PK\x03\x04"):
        return clean_archive(data, clean, clean_part, left)
    if is_pdf(data):
        return (
            data
            if _may_keep_pdf(data, clean, left, keeps_opaque=keeps_opaque)
            else None
        )
    if data.startswith(_GZIP):
        return None if _says(words_in(data), clean) else data
    found = text_of(data)
    if found is None:
        return data
    text, charset = found
    if not left.take_words(text):
        return None
    made = clean(_without_rtf_info(text))
    if any(_says(other, clean) for other in _other_readings(made)):
        return None
    return data if made == text else made.encode(charset)


def _may_keep_pdf(data: bytes, clean: Clean, left: Left, *, keeps_opaque: bool) -> bool:
    try:
        words = words_of(data, left.pace)
    except UnreadablePdfError:
        return keeps_opaque and not _says(words_in(data), clean)
    if words.is_opaque and not keeps_opaque:
        return False
    # Fonts give many readings of the same strings; each is searched once.
    for text in dict.fromkeys(words.texts):
        if not left.take_words(text) or _says(text, clean):
            return False
    return True


def _says(text: str, clean: Clean) -> bool:
    return bool(text) and clean(text) != text


def _other_readings(text: str) -> list[str]:
    """Return what a text says once the escapes of its format are undone."""
    found = []
    if text.startswith("{\\rtf"):
        found.append(_RTF_HEX.sub(_rtf_sign, text))
    if _QUOTED.search(text):
        plain = quopri.decodestring(text.encode(errors="replace"))
        found.append(plain.decode(errors="replace"))
    return found


def _rtf_sign(found: re.Match[str]) -> str:
    if found[1]:
        return bytes([int(found[1], 16)]).decode("latin-1")
    if found[2]:
        return chr(int(found[2]) & 0xFFFF)
    return ""


def _without_rtf_info(text: str) -> str:
    """Cut RTF's group of author, company and dates."""
    start = text.find(_RTF_INFO)
    if start < 0 or not text.startswith("{\\rtf"):
        return text
    depth = 0
    for brace in re.finditer(r"\\.|[{}]", text[start:]):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if not depth and brace[0] == "}":
            return text[:start] + text[start + brace.end() :]
    return text[:start] + "}"
