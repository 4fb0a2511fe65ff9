"""What kind of medium some bytes are, told by their first bytes. Pure.

Sources: the magic numbers in the formats' own specifications (PNG 5.2, JFIF, GIF89a,
RIFF, ISO 14496-12 `ftyp`, Matroska, Ogg RFC 3533, FLAC RFC 9639, ID3v2, PDF 7.5.2).
"""

from typing import NamedTuple

from snaptrace.snapshot.model import MediaKind

_ENOUGH_BYTES = 64  # every signature below lies within


class Sniffed(NamedTuple):
    """A medium's kind and its usual media type."""

    kind: MediaKind
    mime: str


_PREFIXES: tuple[tuple[bytes, Sniffed], ...] = (
    (b"\x89PNG\r\n\x1a\n", Sniffed("image", "image/png")),
    (b"\xff\xd8\xff", Sniffed("image", "image/jpeg")),
    (b"GIF87a", Sniffed("image", "image/gif")),
    (b"GIF89a", Sniffed("image", "image/gif")),
    (b"II*\x00", Sniffed("image", "image/tiff")),
    (b"MM\x00*", Sniffed("image", "image/tiff")),
    (b"%PDF-", Sniffed("document", "application/pdf")),
    (b"ID3", Sniffed("audio", "audio/mpeg")),
    (b"fLaC", Sniffed("audio", "audio/flac")),
    (b"\x1aE\xdf\xa3", Sniffed("video", "video/webm")),
    (b"FLV\x01", Sniffed("video", "video/x-flv")),
    (b"{\\rtf", Sniffed("document", "application/rtf")),
    (b"#!AMR", Sniffed("audio", "audio/amr")),
)
_RIFF: dict[bytes, Sniffed] = {
    b"WAVE": Sniffed("audio", "audio/wav"),
    b"WEBP": Sniffed("image", "image/webp"),
    b"AVI ": Sniffed("video", "video/x-msvideo"),
}
_FTYP: dict[bytes, Sniffed] = {
    b"avif": Sniffed("image", "image/avif"),
    b"heic": Sniffed("image", "image/heic"),
    b"heix": Sniffed("image", "image/heic"),
    b"mif1": Sniffed("image", "image/heif"),
    b"M4A ": Sniffed("audio", "audio/mp4"),
    b"M4B ": Sniffed("audio", "audio/mp4"),
    b"qt  ": Sniffed("video", "video/quicktime"),
}
_MPEG_AUDIO_SYNC = (0xFFFB, 0xFFF3, 0xFFF2, 0xFFFA)
_AAC_ADTS_SYNC = (0xFFF1, 0xFFF9)
_FAMILIES: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
_DOCUMENT_MIMES = ("text/", "application/")


def sniff(data: bytes) -> Sniffed | None:
    """Return what the bytes are, or None where they do not say."""
    head = data[:_ENOUGH_BYTES]
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _FTYP.get(head[8:12], Sniffed("video", "video/mp4"))
    if head[:4] == b"OggS":
        is_video = b"theora" in head
        return (
            Sniffed("video", "video/ogg") if is_video else Sniffed("audio", "audio/ogg")
        )
    if head[:2] == b"BM" and len(data) > 26 and head[6:10] == b"\0\0\0\0":
        return Sniffed("image", "image/bmp")
    sync = int.from_bytes(head[:2], "big")
    if sync in _MPEG_AUDIO_SYNC:
        return Sniffed("audio", "audio/mpeg")
    if sync in _AAC_ADTS_SYNC:
        return Sniffed("audio", "audio/aac")
    return None


def kind_of_mime(mime: str) -> MediaKind | None:
    """Return the kind that a media type claims, or None for an unknown one."""
    family = mime.partition("/")[0].strip().lower()
    if found := _FAMILIES.get(family):
        return found
    if mime.lower().startswith(_DOCUMENT_MIMES):
        return "document"
    return None


_ENDINGS: tuple[tuple[MediaKind, str], ...] = (
    ("image", "png jpg jpeg gif webp bmp svg avif heic tiff"),
    ("audio", "wav mp3 ogg flac m4a aac opus"),
    ("video", "mp4 webm mov avi mkv"),
    ("document", "pdf doc docx txt csv html md"),
)
_EXTENSIONS: dict[str, MediaKind] = {
    ending: kind for kind, endings in _ENDINGS for ending in endings.split()
}


def kind_of_url(url: str) -> MediaKind | None:
    """Return the kind that the end of a URL's path suggests, or None."""
    path = url.partition("?")[0].partition("#")[0]
    return _EXTENSIONS.get(path.rpartition(".")[2].lower())
