"""Cuts inline media out of a request body, at once, and says what became of each.

The body comes back with `MediaRef` where bytes were. What a medium is, its bytes say
first, then its media type, then the field it stood in. Only fields in which an API
takes media are looked at, so no text in a prompt can be mistaken for one.
"""

import base64
import binascii
import re
from typing import Any, Literal, NamedTuple

from collector.recognise.estimate.endings import is_cut_medium, is_cut_text
from collector.recognise.masks import has_mask, is_mask
from snaptrace.snapshot.apis import converse_media
from snaptrace.snapshot.apis.inline import is_data_url, split_data_url
from snaptrace.snapshot.media_type import kind_of_mime, kind_of_url, sniff, told_kind
from snaptrace.snapshot.model import Json, Media, MediaKind, MediaRef, MediaState

_SHOWN = 64  # characters kept of what should have been a medium and is none
_MEDIA_MAX = 256  # of one call; the rest stays as it is, and the call is declared
_DEPTH_MAX = 48
_PLACEHOLDER = re.compile(
    r"\s*(?:__REDACTED__|<replaced>|<not serializable>|<non-serializable>"
    r"|<inline_data\b.*|@@@langfuseMedia:.*|\[Scrubbed due to .*|FILTERED"
    r"|redacted-by-litellm|\[REDACTED\]|\[image[:\]].*|\[audio[:\]].*"
    r"|mlflow-attachment:.*|<redacted>|REDACTED|\*{3,})\s*",
    re.DOTALL,
)
_TEXT_FIELDS = frozenset(
    (
        "content",
        "text",
        "input",
        "instructions",
        "system",
        "prompt",
        "output",
        "arguments",
    )
)
# Schemas and settings hold no media.
_WITHOUT_MEDIA = frozenset(
    ("tools", "response_format", "parameters", "schema", "text", "metadata")
)
_REDACTED_WORDS = ("__REDACTED__", "<replaced>", "[Scrubbed", "FILTERED", "redacted")
_FETCHABLE = ("http://", "https://")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{1,24}:")

_CLAIMS: dict[str, MediaKind] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "document": "document",
}
_FORMAT_MIMES = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac"}
# Field -> kind claimed by it, where its value is a URL or a data URL.
_URL_FIELDS: dict[str, MediaKind | None] = {
    "image_url": "image",
    "video_url": "video",
    "audio_url": "audio",
    "file_data": "document",
    "document_url": "document",  # Mistral
    "input_audio": "audio",  # Mistral: base64 text or a URL, no object
    "file_url": "document",
    "file_uri": None,
    "fileUri": None,
}
# A part without any of these holds no medium: most of a body is told by one look.
_MEDIA_KEYS = frozenset(
    (
        "image_url",
        "video_url",
        "audio_url",
        "input_audio",
        "inlineData",
        "inline_data",
        "source",
        "file",
        "file_id",
        *converse_media.KINDS,
    )
)


class Cut(NamedTuple):
    """A body without bytes, its media in order, and their bytes by index."""

    body: Json
    media: tuple[Media, ...]
    blobs: dict[int, bytes]
    complete: bool  # False: more media than one call may have
    redacted: tuple[str, ...] = ()  # leaf paths of texts that a sign stands for
    damaged: bool = False  # something of a text or a medium seems to be gone


def is_placeholder(text: str) -> bool:
    """Return whether a whole value is a known sign that content was taken away."""
    return len(text) < 2048 and _PLACEHOLDER.fullmatch(text) is not None


def cut(body: Json, own_ids: tuple[str, ...] = ()) -> Cut:
    """Return the body with inline media replaced by references. Never raises.

    A URL with one of `own_ids` in it was made for this very span: some hook put the
    bytes elsewhere, and the request had them inline.
    """
    cutter = _Cutter(own_ids)
    cleaned = cutter.walk(body, "", 0)
    return Cut(
        cleaned,
        tuple(cutter.media),
        cutter.blobs,
        not cutter.overflowed,
        tuple(cutter.redacted),
        cutter.damaged,
    )


class _Cutter:
    def __init__(self, own_ids: tuple[str, ...]) -> None:
        self._own_ids = own_ids
        self.media: list[Media] = []
        self.blobs: dict[int, bytes] = {}
        self.redacted: dict[str, None] = {}
        self.overflowed = False
        self.damaged = False

    def walk(self, value: Json, path: str, depth: int) -> Json:
        if depth > _DEPTH_MAX:
            return value
        if isinstance(value, dict):
            own = self._part(value, path)
            if own is not None:
                return own
            return {
                key: self._field(key, inner, f"{path}.{key}" if path else key, depth)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self.walk(item, path, depth + 1) for item in value]
        return value

    def _field(self, key: str, inner: Json, path: str, depth: int) -> Json:
        if isinstance(inner, str):
            if key in _URL_FIELDS:
                return self._url(inner, _URL_FIELDS[key], "", path)
            if path == "file" and is_data_url(inner):  # of a form
                return self._base64(inner, "audio", "", path)
            if key not in _TEXT_FIELDS:
                return self._anywhere(inner, path)
            self._text(inner, path)
            return inner
        if key == "images" and isinstance(inner, list):  # Ollama, Llama on Bedrock
            return [
                self._base64(one, "image", "", path) if isinstance(one, str) else one
                for one in inner
            ]
        if key in _WITHOUT_MEDIA:
            return inner
        if isinstance(inner, list) and key not in _TEXT_FIELDS:
            inner = [
                self._anywhere(one, path) if isinstance(one, str) else one
                for one in inner
            ]
        if key in ("arguments", "args", "input_schema") and path != "input":
            return inner
        return self.walk(inner, path, depth + 1)

    def _text(self, text: str, path: str) -> None:
        if is_mask(text):
            self.redacted[path] = None
        elif not self.damaged:
            self.damaged = has_mask(text) or is_cut_text(text)

    def _anywhere(self, text: str, path: str) -> Json:
        """Cut a data URL out of a field that no API is known to have media in."""
        if len(text) > _SHOWN and is_data_url(text):
            return self._url(text, None, "", path)
        return text

    def _part(self, part: dict[str, Any], path: str) -> Json | None:
        """Return the part with its bytes cut, or None where it is no known one."""
        if _MEDIA_KEYS.isdisjoint(part):
            return None
        for key in ("image_url", "video_url", "audio_url"):
            inner = part.get(key)
            if isinstance(inner, dict) and isinstance(inner.get("url"), str):
                kind: Any = key.removesuffix("_url")
                url = self._url(inner["url"], kind, "", f"{path}.{key}.url")
                return {**part, key: {**inner, "url": url}}
        audio = part.get("input_audio")
        if isinstance(audio, dict) and isinstance(audio.get("data"), str):
            mime = _FORMAT_MIMES.get(str(audio.get("format")), "")
            data = self._base64(
                audio["data"], "audio", mime, f"{path}.input_audio.data"
            )
            return {**part, "input_audio": {**audio, "data": data}}
        for key in ("inlineData", "inline_data"):
            inner = part.get(key)
            if isinstance(inner, dict) and isinstance(inner.get("data"), str):
                mime = str(inner.get("mimeType") or inner.get("mime_type") or "")
                data = self._base64(inner["data"], None, mime, f"{path}.{key}.data")
                return {**part, key: {**inner, "data": data}}
        return (
            self._source(part, path)
            or self._converse(part, path)
            or self._file(part, path)
        )

    def _converse(self, part: dict[str, Any], path: str) -> Json | None:
        """Return a block of Bedrock Converse with its bytes cut."""
        kind = next(iter(part)) if len(part) == 1 else ""
        block = part.get(kind) if kind in converse_media.KINDS else None
        source = block.get("source") if isinstance(block, dict) else None
        if not isinstance(block, dict) or not isinstance(source, dict):
            return None
        claimed, where = converse_media.KINDS[kind], f"{path}.{kind}.source"
        mime = converse_media.mime_of(kind, block.get("format"))
        place = source.get("s3Location")
        if isinstance(source.get("bytes"), str):
            data = self._base64(source["bytes"], claimed, mime, f"{where}.bytes")
            source = {**source, "bytes": data}
        elif isinstance(place, dict) and isinstance(place.get("uri"), str):
            self._note(claimed, mime, "external", place["uri"], f"{where}.s3Location")
        return {kind: {**block, "source": source}}

    def _source(self, part: dict[str, Any], path: str) -> Json | None:
        source, kind = part.get("source"), part.get("type")
        if not isinstance(source, dict) or not isinstance(kind, str):
            return None
        claimed = _claim(kind)
        where = f"{path}.source"
        if source.get("type") == "base64" and isinstance(source.get("data"), str):
            mime = str(source.get("media_type") or "")
            data = self._base64(source["data"], claimed, mime, f"{where}.data")
            return {**part, "source": {**source, "data": data}}
        if source.get("type") == "url" and isinstance(source.get("url"), str):
            url = self._url(source["url"], claimed, "", f"{where}.url")
            return {**part, "source": {**source, "url": url}}
        if source.get("type") == "file" and isinstance(source.get("file_id"), str):
            self._note(
                claimed, "", "provider_file", source["file_id"], f"{where}.file_id"
            )
            return part
        return None

    def _file(self, part: dict[str, Any], path: str) -> Json | None:
        """Note files that lie in somebody's account; bytes are `_field`'s matter."""
        inner = part.get("file")
        holder = inner if isinstance(inner, dict) else part
        file_id = holder.get("file_id")
        claims = ("file", "input_file", "input_image", "image_file")
        if part.get("type") in claims and isinstance(file_id, str) and file_id:
            where = f"{path}.file.file_id" if holder is inner else f"{path}.file_id"
            kind: MediaKind = (
                "image" if "image" in str(part.get("type")) else "document"
            )
            self._note(kind, "", "provider_file", file_id, where)
        return None

    def _url(self, text: str, kind: MediaKind | None, mime: str, path: str) -> Json:
        if found := split_data_url(text):
            return self._bytes(
                text, found.base64, kind, found.mime, path, form="data_url"
            )
        if is_placeholder(text) or not text:
            self._note(kind, mime, _placeholder_state(text), text, path)
        elif is_data_url(text):
            self._note(kind, mime, "truncated", text[:_SHOWN], path)
            return text[:_SHOWN]
        elif any(own_id in text for own_id in self._own_ids):
            self._note(kind_of_url(text, kind), mime, "placeholder", text, path)
        elif text.startswith(_FETCHABLE) or _SCHEME.match(text):
            self._note(kind_of_url(text, kind), mime, "external", text, path)
        else:
            # Bare base64 where a URL is expected: some servers take it.
            return self._bytes(text, text, kind, mime, path, form="base64")
        return text

    def _base64(self, text: str, kind: MediaKind | None, mime: str, path: str) -> Json:
        if is_placeholder(text) or not text:
            self._note(
                kind or kind_of_mime(mime), mime, _placeholder_state(text), text, path
            )
            return text
        if found := split_data_url(text):
            return self._bytes(
                text, found.base64, kind, found.mime or mime, path, form="data_url"
            )
        return self._bytes(text, text, kind, mime, path, form="base64")

    def _bytes(
        self,
        text: str,
        encoded: str,
        kind: MediaKind | None,
        mime: str,
        path: str,
        *,
        form: Literal["base64", "data_url"],
    ) -> Json:
        data = _decode(encoded)
        if data is None or not data:
            gone = data is not None or is_placeholder(encoded)
            state: MediaState = "redacted" if gone else "truncated"
            reference = text[:_SHOWN]
            self._note(kind or kind_of_mime(mime), mime, state, reference, path)
            # No replay can send what is left of a medium, and it may tell who made it.
            return reference
        found = sniff(data)
        self.damaged = self.damaged or is_cut_medium(data)
        what = told_kind(found, kind_of_mime(mime), kind)
        # The request's own media type is kept where it can be: a replay has to send
        # what was sent.
        named = mime or (found.mime_as(what) if found else "")
        index = self._note(what, named, "inline", "", path, size_bytes=len(data))
        if index is None:
            return text
        self.blobs[index] = data
        return MediaRef(index, form)

    def _note(
        self,
        kind: MediaKind | None,
        mime: str,
        state: MediaState,
        reference: str,
        path: str,
        *,
        size_bytes: int = 0,
    ) -> int | None:
        if len(self.media) >= _MEDIA_MAX:
            self.overflowed = True
            return None
        self.media.append(
            Media(
                kind=kind or "document",
                mime=mime,
                state=state,
                reference=reference[:4096],
                path=path,
                size_bytes=size_bytes,
            )
        )
        return len(self.media) - 1


def _claim(kind: str) -> MediaKind | None:
    return _CLAIMS.get(kind)


def _placeholder_state(text: str) -> MediaState:
    if not text or any(word in text for word in _REDACTED_WORDS):
        return "redacted"
    return "placeholder"


def _decode(text: str) -> bytes | None:
    """Return the bytes, or None where the text is no whole base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    loose = "".join(text.split()).replace("-", "+").replace("_", "/")
    if len(loose) % 4 == 1 or not loose.isascii():
        return None
    try:
        return base64.b64decode(loose + "=" * (-len(loose) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
