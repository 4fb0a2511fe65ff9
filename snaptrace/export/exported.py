"""One call on its way out: its messages as other tools write them, media included."""

import base64
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import Struct

from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.conversation import (
    Conversation,
    MediaPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from snaptrace.snapshot.model import Json, MediaRef, Snapshot

# What tools call the kinds of sound and film; the rest is taken from the media type.
_FORMATS: Final = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "video/quicktime": "mov"}
_UNKNOWN_TYPES: Final = {
    "image": "image/png",
    "audio": "audio/wav",
    "video": "video/mp4",
    "document": "application/pdf",
}


class Exported(Struct, frozen=True, dict=True):
    """A snapshot, its probability, and the bytes of its media that are there."""

    snapshot: Snapshot
    probability: float | None
    blobs: Mapping[int, bytes]  # by `MediaRef.index`

    @cached_property
    def conversation(self) -> Conversation:
        """The typed view of the request; empty where it has none."""
        request = self.snapshot.request
        api = APIS.get(request.api)
        if api is None or request.body is None:
            return Conversation(model=request.model, messages=())
        return api.parse(request.body)

    @property
    def answer_text(self) -> str:
        """Text of the recorded answer, or of the refusal."""
        return self.snapshot.answer.text or self.snapshot.answer.refusal

    @property
    def question(self) -> str:
        """The text of the newest user turn."""
        users = [m for m in self.conversation.messages if m.role == "user"]
        return _texts(users[-1].parts) if users else ""

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """Calls of the answer, in the OpenAI shape."""
        return [
            _call(call.id or f"call_{place}", call.name, call.arguments)
            for place, call in enumerate(self.snapshot.answer.tool_calls)
        ]

    def metadata(self) -> dict[str, Any]:
        """Return what has no field of its own in other tools."""
        snapshot = self.snapshot
        return {
            "snapshot_id": snapshot.snapshot_id,
            "trace_id": snapshot.trace_id,
            "service": snapshot.service,
            "route": snapshot.route,
            "modality": snapshot.modality,
            "model": snapshot.answer.model or snapshot.request.model,
            "recorded_at_ns": snapshot.ended_at_ns,
            "fidelity": snapshot.fidelity.level,
            "inclusion_probability": self.probability,
            "redaction_version": snapshot.redaction.version,
            "media_left_out": self.left_out(),
        }

    def left_out(self) -> int:
        """Return how many media of the request are not in what is written."""
        refs = [p.ref for p in _media_of(self.conversation) if p.ref is not None]
        return sum(ref.index not in self.blobs for ref in refs)

    def chat_messages(self) -> list[dict[str, Any]]:
        """Return the messages as OpenAI's chat API takes them."""
        return [
            written
            for message in self.conversation.messages
            for written in self._chat(message)
        ]

    def _chat(self, message: Message) -> list[dict[str, Any]]:
        results = [p for p in message.parts if isinstance(p, ToolResultPart)]
        if results:
            return [
                {"role": "tool", "tool_call_id": r.id, "content": _texts(r.content)}
                for r in results
            ]
        role = "system" if message.role == "developer" else message.role
        calls = [
            _call(part.id, part.name, part.arguments)
            for part in message.parts
            if isinstance(part, ToolCallPart)
        ]
        content: Any = _texts(message.parts)
        if any(isinstance(part, MediaPart) for part in message.parts):
            content = [c for part in message.parts if (c := self._chat_part(part))]
        return [
            {
                "role": role,
                "content": content,
                **({"tool_calls": calls} if calls else {}),
            }
        ]

    def _chat_part(self, part: Part) -> dict[str, Any] | None:
        if isinstance(part, TextPart):
            return {"type": "text", "text": part.text}
        if not isinstance(part, MediaPart):
            return None
        where = self.address(part)
        if where is None:
            return {"type": "text", "text": self.placeholder(part)}
        if part.kind == "image":
            return {"type": "image_url", "image_url": {"url": where}}
        if part.kind == "audio" and where.startswith("data:"):
            data = where.partition(",")[2]
            sound = {"data": data, "format": self.format(part)}
            return {"type": "input_audio", "input_audio": sound}
        return {"type": "file", "file": {"file_data": where}}

    def mime(self, part: MediaPart) -> str:
        """Return a medium's type, as recorded or the likeliest of its kind."""
        stored = self.snapshot.media[part.ref.index].mime if part.ref else ""
        return part.mime or stored or _UNKNOWN_TYPES[part.kind]

    def format(self, part: MediaPart) -> str:
        """Return the short name of a medium's type, as `wav`."""
        mime = self.mime(part)
        return _FORMATS.get(mime, mime.partition("/")[2])

    def address(self, part: MediaPart) -> str | None:
        """Return a medium as a data URL or where it was; None if it is not there."""
        if part.ref is None:
            return part.url or None
        data = self.blobs.get(part.ref.index)
        if data is None:
            return None
        return f"data:{self.mime(part)};base64,{base64.b64encode(data).decode()}"

    def placeholder(self, part: MediaPart) -> str:
        """Return what stands where a medium is not written."""
        if part.ref is None:
            return f"[{part.kind}: {part.file_id or 'not recorded'}]"
        medium = self.snapshot.media[part.ref.index]
        return f"[{part.kind}: snaptrace:media:{medium.digest or medium.state}]"


def _media_of(conversation: Conversation) -> list[MediaPart]:
    return [
        part
        for message in conversation.messages
        for part in message.parts
        if isinstance(part, MediaPart)
    ]


def _texts(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def _call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def decoded(arguments: str) -> dict[str, Any]:
    """Return a call's arguments as an object; {} where they are none."""
    try:
        found = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def with_media(snapshot: Snapshot, blobs: Mapping[int, bytes]) -> Json:
    """Return the request body with inline media, or their digest where absent."""

    def filled(value: Json) -> Json:
        if isinstance(value, MediaRef):
            medium = snapshot.media[value.index]
            data = blobs.get(value.index)
            if data is None:
                return f"snaptrace:media:{medium.digest or medium.state}"
            text = base64.b64encode(data).decode()
            if value.form == "data_url":
                return f"data:{medium.mime};base64,{text}"
            return text
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [filled(item) for item in value]
        return value

    return filled(snapshot.request.body)
