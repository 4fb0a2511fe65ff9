"""OpenAI's endpoints that take one input and no messages.

Source: OpenAI API reference as of 2026: embeddings, completions, images, audio and
moderations. The view is one user message with what was given; the rest is `extra`.
"""

from snaptrace.snapshot.apis import inline
from snaptrace.snapshot.apis.contract import UnmappableError
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
    TextPart,
)
from snaptrace.snapshot.model import Json

_PARAMS: dict[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "stop_sequences": "stop",
    "seed": "seed",
    "choice_count": "n",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}


class OpenAiSingle:
    """One such endpoint; see `contract.Api`."""

    def __init__(self, name: str, operation: str, path: str, field: str) -> None:
        self.name, self.operation = name, operation
        self._path, self._field = path, field

    def path(self, model: str) -> str:
        """Return the path; the model is named in the body."""
        del model
        return self._path

    def parse(self, body: Json) -> Conversation:
        """Return the typed view: one user message per input."""
        rest: dict[str, Json] = dict(body) if isinstance(body, dict) else {}
        model = rest.pop("model", "")
        given = rest.pop(self._field, None)
        inputs: list[Json] = list(given) if isinstance(given, list | tuple) else [given]
        parts = tuple(self._part(one) for one in inputs if one is not None)
        params = {
            otel: rest.pop(own)
            for otel, own in _PARAMS.items()
            if rest.get(own) is not None
        }
        if isinstance(given, list | tuple):
            rest["inputs"] = len(given)
        return Conversation(
            model=model if isinstance(model, str) else "",
            messages=(Message(role="user", parts=parts),) if parts else (),
            params=params,
            extra=rest,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        parts = [part for message in conversation.messages for part in message.parts]
        values = [_value(part) for part in parts]
        extra = dict(conversation.extra)
        many = extra.pop("inputs", None)
        body: dict[str, Json] = {"model": conversation.model}
        if many is not None or len(values) > 1:
            body[self._field] = values
        elif values:
            body[self._field] = values[0]
        lost = [name for name in conversation.params if name not in _PARAMS]
        for otel, value in conversation.params.items():
            if otel in _PARAMS:
                body[_PARAMS[otel]] = value
        body.update(extra)
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body

    def _part(self, value: Json) -> Part:
        if isinstance(value, str):
            return TextPart(text=value)
        ref, _ = inline.from_base64(value, "")
        if ref is not None:
            return MediaPart(kind="audio", ref=ref)
        return GenericPart(value=value)


def _value(part: Part) -> Json:
    if isinstance(part, TextPart):
        return part.text
    if isinstance(part, MediaPart):
        return part.ref
    return part.value if isinstance(part, GenericPart) else None


EMBEDDINGS = OpenAiSingle("openai_embeddings", "embeddings", "/embeddings", "input")
COMPLETIONS = OpenAiSingle(
    "openai_completions", "text_completion", "/completions", "prompt"
)
IMAGE_GENERATION = OpenAiSingle(
    "openai_image_generation", "image_generation", "/images/generations", "prompt"
)
SPEECH = OpenAiSingle("openai_speech", "speech", "/audio/speech", "input")
TRANSCRIPTION = OpenAiSingle(
    "openai_transcription", "transcription", "/audio/transcriptions", "file"
)
MODERATION = OpenAiSingle("openai_moderation", "moderation", "/moderations", "input")
