"""Takes values out of the words of documents whose words can be written anew.

Plain text and its relatives (CSV, JSON, HTML, SVG, mail), the parts of Office and
OpenDocument files, and strings of PDF files. A PDF that spells its words with glyph
numbers, and pixels and sound, keep what they show: for those there are plug-ins and
`drop_media`.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable

from collector.redact.media.pdf import clean_pdf
from collector.redact.media.strip import strip

Clean = Callable[[str], str]
_MOST_BYTES = 64 * 2**20  # of an archive's files, once unpacked
_MOST_FILES = 4096
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HEAD = 4096
_PRINTABLE = re.compile(rb"[\x20-\x7e]{8,}")
_PRINTABLE_WIDE = re.compile(rb"(?:[\x20-\x7e]\x00){8,}")
_WORDS = re.compile(r"\.(?:xml|rels|txt|html?|xhtml|opf|ncx|csv|json)$")
_AUTHORS = re.compile(
    r'( (?:w|w15|p|p15|x|office|dc):?(?:author|initials|userId)=")[^"]*"'
)


def text_of(data: bytes) -> tuple[str, str] | None:
    """Return (text, charset) if the bytes are text; None for anything else."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        charset = "utf-16"
    elif _CONTROLS.search(data[:_HEAD]):
        return None
    else:
        charset = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return data.decode(charset), charset
    except UnicodeDecodeError:
        # Old 8-bit text: any byte is a sign, so ask that most look like letters.
        plain = sum(byte < 0x80 for byte in data[:_HEAD])
        if charset != "utf-8" or plain < 0.7 * len(data[:_HEAD]):
            return None
        return data.decode("latin-1"), "latin-1"


def words_in(data: bytes) -> str:
    """Return what can be read in the bytes of an unknown format, line by line."""
    runs = [run.decode("ascii") for run in _PRINTABLE.findall(data)]
    runs += (run[::2].decode("ascii") for run in _PRINTABLE_WIDE.findall(data))
    return "\n".join(runs)


def clean_document(data: bytes, clean: Clean) -> bytes | None:
    """Return the document without what `clean` takes out of its words.

    None: something was found that cannot be taken out in place; it must not be kept.
    """
    if data.startswith(b"PK\x03\x04"):
        return _archive(data, clean)
    if data.startswith(b"%PDF-"):
        return clean_pdf(data, clean)
    found = text_of(data)
    if found is None:
        return data
    text, charset = found
    made = clean(text)
    return data if made == text else made.encode(charset)


def _archive(data: bytes, clean: Clean) -> bytes | None:
    made = io.BytesIO()
    changed = False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old:
            infos = old.infolist()
            total = sum(info.file_size for info in infos)
            if total > _MOST_BYTES or len(infos) > _MOST_FILES:
                return None
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
                for info in infos:
                    part = old.read(info)
                    name = clean(info.filename)
                    kept = _part(info.filename, part, clean)
                    changed = changed or kept != part or name != info.filename
                    slot = zipfile.ZipInfo(name)
                    slot.compress_type = info.compress_type
                    new.writestr(slot, kept)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        return None  # encrypted, or damaged: nobody can say what it holds
    except zlib.error:
        return None
    return made.getvalue() if changed else data


def _part(name: str, part: bytes, clean: Clean) -> bytes:
    if not _WORDS.search(name.lower()):
        return strip(part) or part  # a picture with its own metadata
    try:
        text = part.decode()
    except UnicodeDecodeError:
        return part
    return _AUTHORS.sub(r'\1"', clean(text)).encode()
