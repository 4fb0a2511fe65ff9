"""Takes values out of the parts of ZIP archives: Office, OpenDocument, EPUB, others.

A part is read by its bytes, not by its name. One that nobody can read (macros, embedded
objects, vector pictures, printer settings) is emptied: what a page says is elsewhere.
"""

import html
import io
import re
import zipfile
import zlib
from collections.abc import Callable

from snaptrace.redact.media.charsets import text_of
from snaptrace.redact.media.strip import strip

Clean = Callable[[str], str]
CleanPart = Callable[[bytes, Clean, "Left"], bytes | None]
_MOST_LEVELS = 3
_FONTS = (".odttf", ".ttf", ".otf", ".fntdata", ".woff", ".woff2")
_AUTHORS = re.compile(
    r'( (?:w|w15|p|p15|x|office|dc):?(?:author|initials|userId)=")[^"]*"'
)
# Paragraphs of Word and of drawings, and the pieces of text in them.
_PARAGRAPH = re.compile(r"<(w|a):p[ >](?:(?!<\1:p[ >])[\s\S]){1,200000}?</\1:p>")
_RUN = re.compile(r"(<(?:w|a):t(?: [^<>]{0,200})?>)([^<]*)(</(?:w|a):t>)")
_END = b"PK\x05\x06"
_END_BYTES = 22  # of the record that ends an archive, without its comment
_DAMAGE = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
)


class Left:
    """Unpacking budget of one medium, over all archives within it."""

    def __init__(self, pace: Callable[[], None]) -> None:
        self.pace = pace
        self.bytes, self.files, self.levels = 64 * 2**20, 4096, _MOST_LEVELS
        self.characters = 16 * 2**20  # of words, each of which is searched

    def take_words(self, text: str) -> bool:
        """Take a text's characters; False if there are not so many left."""
        self.characters -= len(text)
        return self.characters >= 0


def clean_archive(
    data: bytes, clean: Clean, clean_part: CleanPart, left: Left
) -> bytes | None:
    """Return the archive with its parts cleaned; None where that cannot be said."""
    if left.levels <= 0:
        return None
    left.levels -= 1
    try:
        return _cleaned(data, clean, clean_part, left)
    except _DAMAGE:
        return None  # encrypted, or damaged: nobody can say what it holds
    finally:
        left.levels += 1


def _cleaned(
    data: bytes, clean: Clean, clean_part: CleanPart, left: Left
) -> bytes | None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        infos = old.infolist()
        left.bytes -= sum(info.file_size for info in infos)
        left.files -= len(infos)
        if left.bytes < 0 or left.files < 0:
            return None
        changed = _says_more(data, old)
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
            for info in infos:
                left.pace()
                part = old.read(info)
                name = clean(info.filename)
                kept = _part(info.filename, part, clean, clean_part, left)
                if kept is None:
                    return None
                changed = changed or kept != part or name != info.filename
                slot = zipfile.ZipInfo(name)
                slot.compress_type = info.compress_type
                new.writestr(slot, kept)
    return made.getvalue() if changed else data


def _says_more(data: bytes, old: zipfile.ZipFile) -> bool:
    """Return whether words may stand around the parts: comments, and what is behind."""
    infos = old.infolist()
    end = data.rfind(_END)
    return (
        bool(old.comment)
        or any(info.comment or info.extra for info in infos)
        or end + _END_BYTES != len(data)
        or min((info.header_offset for info in infos), default=0) != 0
    )


def _part(
    name: str, part: bytes, clean: Clean, clean_part: CleanPart, left: Left
) -> bytes | None:
    if not part or name.lower().endswith(_FONTS):
        return part
    found = text_of(part)
    if found is None:
        stripped = strip(part)
        inner = None if stripped is None else clean_part(stripped, clean, left)
        if inner is None and part.startswith(b"PK\x03\x04"):
            inner = clean_archive(part, clean, clean_part, left)
        return b"" if inner is None else inner
    text, charset = found
    if not left.take_words(text):
        return None
    made = clean(text)
    if "<" in made:
        made = _PARAGRAPH.sub(lambda one: _paragraph(one, clean), made)
        made = _AUTHORS.sub(r'\1"', made)
    return part if made == text else made.encode(charset)


def _paragraph(one: re.Match[str], clean: Clean) -> str:
    """Clean a paragraph whose words are split over runs; the first takes them all."""
    runs = list(_RUN.finditer(one[0]))
    if len(runs) < 2:
        return one[0]
    told = "".join(html.unescape(run[2]) for run in runs)
    made = clean(told)
    if made == told:
        return one[0]
    waiting = [html.escape(made, quote=False)]

    def filled(run: re.Match[str]) -> str:
        return run[1] + (waiting.pop() if waiting else "") + run[3]

    return _RUN.sub(filled, one[0])
