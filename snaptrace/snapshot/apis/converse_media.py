"""Media blocks of Amazon Bedrock Converse, which Nova's own bodies share.

Source: the service model `bedrock-runtime` 2023-09-30 in botocore 1.44.5: `ImageBlock`,
`DocumentBlock`, `AudioBlock`, `VideoBlock` and their formats.
"""

from snaptrace.snapshot.apis import inline
from snaptrace.snapshot.conversation import MediaPart
from snaptrace.snapshot.model import Json, MediaKind

KINDS: dict[str, MediaKind] = {
    "image": "image",
    "document": "document",
    "audio": "audio",
    "video": "video",
}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_MIMES: dict[str, dict[str, str]] = {
    "image": {
        "png": "image/png",
        "jpeg": "image/jpeg",
        "gif": "image/gif",
        "webp": "image/webp",
    },
    "document": {
        "pdf": "application/pdf",
        "csv": "text/csv",
        "doc": "application/msword",
        "docx": f"{_OFFICE}.wordprocessingml.document",
        "xls": "application/vnd.ms-excel",
        "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
        "html": "text/html",
        "txt": "text/plain",
        "md": "text/markdown",
    },
    "audio": {
        "mp3": "audio/mpeg",
        "wav": "audio/wav",
        "flac": "audio/flac",
        "ogg": "audio/ogg",
        "opus": "audio/opus",
        "aac": "audio/aac",
        "m4a": "audio/mp4",
        "webm": "audio/webm",
        "pcm": "audio/pcm",
    },
    "video": {
        "mp4": "video/mp4",
        "webm": "video/webm",
        "mov": "video/quicktime",
        "mkv": "video/x-matroska",
        "mpeg": "video/mpeg",
        "flv": "video/x-flv",
        "wmv": "video/x-ms-wmv",
        "three_gp": "video/3gpp",
    },
}
_FORMATS = {
    kind: {mime: word for word, mime in table.items()} for kind, table in _MIMES.items()
}
_SPELT = {
    "image/jpg": "image/jpeg",
    "audio/x-wav": "audio/wav",
    "audio/mp3": "audio/mpeg",
}


def mime_of(kind: str, word: Json) -> str:
    """Return the media type that a format's name stands for, "" if none."""
    return _MIMES[kind].get(word, "") if isinstance(word, str) else ""


def parse(kind: str, value: dict[str, Json]) -> MediaPart | None:
    """Return the medium of a block; None for a source that holds no bytes."""
    own = dict(value)
    source = own.pop("source", None)
    if not isinstance(source, dict) or len(source) != 1:
        return None
    mime = mime_of(kind, own.get("format"))
    if "bytes" in source:
        ref, url = inline.from_base64(source["bytes"], mime or f"{kind}/*")
        if ref is None and not url:
            return None
        return MediaPart(kind=KINDS[kind], ref=ref, url=url, mime=mime, extra=own)
    place = source.get("s3Location")
    uri = place.get("uri") if isinstance(place, dict) else None
    if not isinstance(place, dict) or not isinstance(uri, str):
        return None
    if owner := {key: inner for key, inner in place.items() if key != "uri"}:
        own["s3Location"] = owner
    return MediaPart(kind=KINDS[kind], url=uri, mime=mime, extra=own)


def render(part: MediaPart, lost: list[str]) -> Json:
    """Return the block of a medium; `lost` gains the path of what has no place."""
    extra = dict(part.extra)
    owner = extra.pop("s3Location", {})
    data = inline.base64_text(part)
    source: dict[str, Json]
    if data is not None:
        source = {"bytes": data}
    elif part.url.startswith("s3://"):
        source = {"s3Location": {"uri": part.url, **owner}}
    else:
        lost.append(f"messages.content.{part.kind}.source")
        source = {}
    named = part.kind != "document" or bool(inline.mime_of(part))
    if named and "format" not in extra:
        extra = {"format": format_of(part, lost), **extra}
    return {part.kind: {**extra, "source": source}}


def format_of(part: MediaPart, lost: list[str]) -> str:
    """Return the API's name for a medium's type; `lost` gains one it cannot take."""
    mime = inline.mime_of(part)
    found = _FORMATS[part.kind].get(_SPELT.get(mime, mime), "")
    if not found:
        lost.append(f"messages.content.{part.kind}.format")
    return found
