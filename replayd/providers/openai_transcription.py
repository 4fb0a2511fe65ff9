"""OpenAI audio transcription: a form with a file goes out, text comes back.

Source: OpenAI API reference, audio transcriptions, as of 2026; RFC 7578 for the form.
"""

import hashlib
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import msgspec

from replayd.providers.contract import Overrides, ProviderRequest, Reading, Refusal
from replayd.providers.preparation.prepare import Body, merged, sendable
from replayd.providers.wire.encode import media_refs
from replayd.providers.wire.faults import fault
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import Answer, Json, Snapshot
from snaptrace.streams.usage import of_responses
from snaptrace.streams.values import as_text, decoded

_SUFFIX = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/webm": "webm",
}


class OpenAiTranscription(JsonPost):
    """See `contract.Provider`."""

    name = "openai_transcription"

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        model: str,
        overrides: Overrides,
    ) -> ProviderRequest | Refusal:
        """Return the form, the recorded sound in its `file` field."""
        found = sendable(self.name, snapshot, model, overrides)
        if isinstance(found, Refusal):
            return found
        body = merged({**found.body, "model": model}, overrides.params)
        ref = next(media_refs(body.pop("file", None)), None)
        if ref is None or ref.index not in media:
            return Refusal(reason="media_missing", paths=("file",))
        data, mime = media[ref.index], snapshot.media[ref.index].mime
        boundary = hashlib.blake2b(data, digest_size=16).hexdigest()
        return ProviderRequest(
            method="POST",
            path=self.platform_path(model, overrides),
            body=_form(boundary, body, data, mime),
            content_type=f"multipart/form-data; boundary={boundary}",
        )

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response: JSON with a `text`, or the bare text formats."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        if headers.get("content-type", "").startswith("text/plain"):
            text = body.decode("utf-8", "replace").strip()
            return Reading(outcome="answered", answer=Answer(text=text))
        found = decoded(body)
        if found is None or not isinstance(found.get("text"), str):
            return Reading(outcome="malformed", detail="no_text")
        answer = Answer(
            text=found["text"],
            model=as_text(found.get("model")),
            usage=of_responses(found.get("usage")),
        )
        return Reading(outcome="answered", answer=answer)


def _form(boundary: str, body: Body, data: bytes, mime: str) -> bytes:
    suffix = _SUFFIX.get(mime, "bin")
    head = _head(boundary, f'file"; filename="audio.{suffix}')
    head += f"Content-Type: {mime or 'application/octet-stream'}\r\n\r\n".encode()
    fields = [
        _head(boundary, name) + b"\r\n" + text + b"\r\n" for name, text in _fields(body)
    ]
    return b"".join([*fields, head, data, f"\r\n--{boundary}--\r\n".encode()])


def _head(boundary: str, name: str) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"\r\n'
    return f"--{boundary}\r\n{disposition}".encode()


def _fields(body: Mapping[str, Json]) -> Iterator[tuple[str, bytes]]:
    for name, value in body.items():
        # Names were allow-listed; only values are free text.
        if isinstance(value, list | tuple):
            for item in value:
                yield f"{name}[]", _text(item)
        elif value is not None:
            yield name, _text(value)


def _text(value: Json) -> bytes:
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)
