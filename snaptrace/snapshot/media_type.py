"""Media kind from content (magic bytes). No I/O.

Sources: the magic numbers in the formats' own specifications (PNG 5.2, JFIF, GIF89a,
RIFF, ISO 14496-12 `ftyp`, Matroska, Ogg RFC 3533, FLAC RFC 9639, ID3v2, PDF 7.5.2).
"""

import re
from typing import Final, NamedTuple

from snaptrace.snapshot.model import MediaKind

_ENOUGH_BYTES = 64  # every signature below lies within
_MOST_BRANDS = 32
_TRACKS_BYTES = 2**16  # of a container's head, in which its tracks are named

# Of files that a viewer opens.
SUFFIXES: Final = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/mpeg": ".mp3",
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "video/mp4": ".mp4",
    "application/pdf": ".pdf",
}


class Sniffed(NamedTuple):
    """A medium's kind and its usual media type."""

    kind: MediaKind
    mime: str
    others: frozenset[MediaKind] = frozenset()  # what its container may hold as well

    def mime_as(self, kind: MediaKind) -> str:
        """Return the container's media type for content of `kind`."""
        if kind == self.kind or kind not in self.others:
            return self.mime
        return f"{kind}/{self.mime.partition('/')[2]}"


_SOUND: frozenset[MediaKind] = frozenset(("audio",))
_FILM: frozenset[MediaKind] = frozenset(("video",))
_PREFIXES: tuple[tuple[bytes, Sniffed], ...] = (
    (b"\x89PNG\r\n\x1a\n", Sniffed("image", "image/png")),
    (b"\xff\xd8\xff", Sniffed("image", "image/jpeg")),
    (b"GIF87a", Sniffed("image", "image/gif")),
    (b"GIF89a", Sniffed("image", "image/gif")),
    (b"II*\x00", Sniffed("image", "image/tiff")),
    (b"MM\x00*", Sniffed("image", "image/tiff")),
    (b"II+\x00", Sniffed("image", "image/tiff")),
    (b"MM\x00+", Sniffed("image", "image/tiff")),
    (b"\xff\x0a", Sniffed("image", "image/jxl")),
    (b"\x00\x00\x00\x0cJXL ", Sniffed("image", "image/jxl")),
    (b"\x00\x00\x00\x0cjP  ", Sniffed("image", "image/jp2")),
    (b"\x00\x00\x01\x00", Sniffed("image", "image/x-icon")),
    (b"8BPS", Sniffed("image", "image/vnd.adobe.photoshop")),
    (b"%PDF-", Sniffed("document", "application/pdf")),
    (b"ID3", Sniffed("audio", "audio/mpeg")),
    (b"fLaC", Sniffed("audio", "audio/flac")),
    (b"FLV\x01", Sniffed("video", "video/x-flv", _SOUND)),
    (b"{\\rtf", Sniffed("document", "application/rtf")),
    (b"#!AMR", Sniffed("audio", "audio/amr")),
    (b".snd", Sniffed("audio", "audio/basic")),
    (b"caff", Sniffed("audio", "audio/x-caf")),
    (b"MThd", Sniffed("audio", "audio/midi")),
    (b"wvpk", Sniffed("audio", "audio/x-wavpack")),
    (b"MAC ", Sniffed("audio", "audio/x-ape")),
    (b"0&\xb2u\x8ef\xcf\x11", Sniffed("video", "video/x-ms-asf", _SOUND)),
    (b"\x00\x00\x01\xba", Sniffed("video", "video/mpeg", _SOUND)),
    (b"\x00\x00\x01\xb3", Sniffed("video", "video/mpeg")),
)
_RIFF_FORMS = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_RIFF: dict[bytes, Sniffed] = {
    b"WAVE": Sniffed("audio", "audio/wav"),
    b"WEBP": Sniffed("image", "image/webp"),
    b"AVI ": Sniffed("video", "video/x-msvideo", _SOUND),
}
_IFF_SOUND = (b"AIFF", b"AIFC")
_FTYP_DEFAULT = Sniffed("video", "video/mp4", _SOUND)
_FTYP: dict[bytes, Sniffed] = {
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis"), Sniffed("image", "image/heic")
    ),
    **dict.fromkeys(
        (b"hevc", b"hevx", b"hevm", b"hevs"), Sniffed("image", "image/heic-sequence")
    ),
    **dict.fromkeys((b"mif1", b"mif2"), Sniffed("image", "image/heif")),
    b"msf1": Sniffed("image", "image/heif-sequence"),
    **dict.fromkeys((b"avif", b"avis"), Sniffed("image", "image/avif")),
    **dict.fromkeys((b"avci", b"avcs"), Sniffed("image", "image/avci")),
    b"crx ": Sniffed("image", "image/x-canon-cr3"),
    **dict.fromkeys(
        (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "),
        Sniffed("audio", "audio/mp4", _FILM),
    ),
    b"qt  ": Sniffed("video", "video/quicktime", _SOUND),
    **dict.fromkeys(
        (b"3gp%d" % number for number in range(1, 10)),
        Sniffed("video", "video/3gpp", _SOUND),
    ),
    **dict.fromkeys(
        (b"3ge6", b"3ge7", b"3ge9", b"3gg6", b"3gg9", b"3gs7", b"3gr6", b"3gh9"),
        Sniffed("video", "video/3gpp", _SOUND),
    ),
    **dict.fromkeys(
        (b"3g2a", b"3g2b", b"3g2c"), Sniffed("video", "video/3gpp2", _SOUND)
    ),
}
_WEBM = Sniffed("video", "video/webm", _SOUND)
_OGG = Sniffed("audio", "audio/ogg", _FILM)
_OGG_FILMS = (b"theora", b"BBCD", b"VP80", b"daala", b"video\0\0\0")
# `moov` may come last; QuickTime names a component where ISO has zeros.
_ISO_TRACK = re.compile(rb"hdlr\0\0\0\0(?:\0\0\0\0|mhlr)(soun|vide)")
_ONLY_SOUND: tuple[set[bytes], ...] = ({b"A"}, {b"soun"})
_WEBM_TRACK = re.compile(rb"\x86[\x80-\xff]([AV])_")
_MPEG_AUDIO_SYNC = frozenset(
    # Layers 2 and 3 of MPEG-1, -2 and -2.5; with and without a check.
    (*range(0xFFFA, 0xFFFE), *range(0xFFF2, 0xFFF6), *range(0xFFE2, 0xFFE6))
)
_AAC_ADTS_SYNC = (0xFFF0, 0xFFF1, 0xFFF8, 0xFFF9)
_AAC_LATM_SYNC = 0x56E0
_FAMILIES: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
_DOCUMENT_MIMES = ("text/", "application/")


def sniff(data: bytes) -> Sniffed | None:
    """Return the detected kind, or None if it cannot be determined."""
    head = data[:_ENOUGH_BYTES]
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    if head[:4] in _RIFF_FORMS:
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in _IFF_SOUND:
        return Sniffed("audio", "audio/aiff")
    if head[4:8] == b"ftyp":
        return _iso_media(data)
    if head[:4] == b"\x1aE\xdf\xa3":
        return _only_sound(_WEBM, set(_WEBM_TRACK.findall(data, 0, _TRACKS_BYTES)))
    if head[:4] == b"OggS":
        is_video = any(sign in data[:4096] for sign in _OGG_FILMS)
        return Sniffed("video", "video/ogg", _SOUND) if is_video else _OGG
    if head[:2] == b"BM" and len(data) > 26 and head[6:10] == b"\0\0\0\0":
        return Sniffed("image", "image/bmp")
    if head[:1] == b"G" and data[188:189] == b"G" and data[376:377] in (b"G", b""):
        return Sniffed("video", "video/mp2t", _SOUND)
    return _by_sync(int.from_bytes(head[:2], "big"))


def told_kind(
    found: Sniffed | None, named: MediaKind | None, claimed: MediaKind | None
) -> MediaKind:
    """Return the kind of a medium.

    Its bytes decide before its media type (`named`) and the field it stood in
    (`claimed`); where their container may hold several kinds, those choose among them.
    """
    if found is None:
        return named or claimed or "document"
    for kind in (named, claimed):
        if kind == found.kind or kind in found.others:
            return kind
    return found.kind


def _iso_media(data: bytes) -> Sniffed:
    """Detect ISO files by their brands: the major one, then the compatible ones."""
    size = min(int.from_bytes(data[:4], "big"), 16 + 4 * _MOST_BRANDS)
    major = _FTYP.get(data[8:12])
    if major is not None and major.kind == "image":
        return major
    brands = {data[at : at + 4] for at in range(16, size, 4)}
    pictures = [_FTYP[brand] for brand in sorted(brands & _FTYP.keys())]
    picture = next((found for found in pictures if found.kind == "image"), None)
    if major is None and picture is not None and b"vide" not in data[:_TRACKS_BYTES]:
        return picture
    found = major or _FTYP_DEFAULT
    return _only_sound(found, set(_ISO_TRACK.findall(data)))


def _only_sound(found: Sniffed, tracks: set[bytes]) -> Sniffed:
    """Take a container for sound where its tracks are named and none is a film."""
    if found.kind == "video" and tracks in _ONLY_SOUND:
        return Sniffed("audio", found.mime.replace("video/", "audio/"), _FILM)
    return found


def _by_sync(sync: int) -> Sniffed | None:
    if sync in _MPEG_AUDIO_SYNC:
        return Sniffed("audio", "audio/mpeg")
    if sync in _AAC_ADTS_SYNC or sync & 0xFFE0 == _AAC_LATM_SYNC:
        return Sniffed("audio", "audio/aac")
    return None


def kind_of_mime(mime: str) -> MediaKind | None:
    """Return the kind of a media type, or None if unknown."""
    family = mime.partition("/")[0].strip().lower()
    if found := _FAMILIES.get(family):
        return found
    if mime.lower().startswith(_DOCUMENT_MIMES):
        return "document"
    return None


_ENDINGS: tuple[tuple[MediaKind, str], ...] = (
    ("image", "png jpg jpeg gif webp bmp svg avif heic heif heics tif tiff jxl"),
    ("audio", "wav mp3 ogg oga flac m4a aac opus weba aif aiff amr wma mpga"),
    ("video", "mp4 webm mov avi mkv m4v ogv 3gp mpg mpeg wmv"),
    ("document", "pdf doc docx xls xlsx ppt pptx odt txt csv html md"),
)
_PLAYED = ("audio", "video")
_EXTENSIONS: dict[str, MediaKind] = {
    ending: kind for kind, endings in _ENDINGS for ending in endings.split()
}


def kind_of_url(url: str, claimed: MediaKind | None = None) -> MediaKind | None:
    """Return the kind suggested by a URL path's extension, else the claimed one.

    Sound and film share their containers, so between these the claim decides.
    """
    path = url.partition("?")[0].partition("#")[0]
    found = _EXTENSIONS.get(path.rpartition(".")[2].lower())
    if found in _PLAYED and claimed in _PLAYED:
        return claimed
    return found or claimed
