"""The part of the Chat Completions wire that the demo's server speaks.

Source: OpenAI API reference, "Create chat completion". Unknown keys are skipped.
"""

import base64
import binascii
from typing import Annotated, Any

from msgspec import Meta, Struct

from snaptrace.demo.errors import UnreadableMediaError


class TextPart(Struct, frozen=True, tag="text"):
    """Plain text."""

    text: str


class ImageUrl(Struct, frozen=True):
    """Where an image is; this server reads data URLs only."""

    url: str


class ImagePart(Struct, frozen=True, tag="image_url"):
    """An image."""

    image_url: ImageUrl


class InputAudio(Struct, frozen=True):
    """Sound in base64."""

    data: str
    format: str


class AudioPart(Struct, frozen=True, tag="input_audio"):
    """A sound."""

    input_audio: InputAudio


Part = TextPart | ImagePart | AudioPart


class Message(Struct, frozen=True):
    """One turn."""

    role: str
    content: str | list[Part] | None = None


class ChatRequest(Struct, frozen=True):
    """Request to the model."""

    model: str
    messages: Annotated[list[Message], Meta(min_length=1, max_length=256)]
    stream: bool | None = False
    n: int | None = 1
    max_tokens: int | None = None
    max_completion_tokens: int | None = None


def newest_question(request: ChatRequest) -> tuple[Part, ...]:
    """The parts of the last user turn; empty when no turn is the user's."""
    for message in reversed(request.messages):
        if message.role == "user":
            if isinstance(message.content, str):
                return (TextPart(message.content),)
            return tuple(message.content or ())
    return ()


def image_bytes(part: ImagePart) -> bytes:
    """The decoded data URL.

    Raises:
        UnreadableMediaError: another kind of URL, or broken base64.
    """
    header, comma, body = part.image_url.url.partition(",")
    if not (comma and header.startswith("data:image/") and header.endswith(";base64")):
        raise UnreadableMediaError("image_url must be a base64 data URL of an image")
    return _unbase64(body, "image_url")


def audio_bytes(part: AudioPart) -> bytes:
    """The decoded sound.

    Raises:
        UnreadableMediaError: another format than wav, or broken base64.
    """
    if part.input_audio.format != "wav":
        raise UnreadableMediaError("input_audio.format must be wav")
    return _unbase64(part.input_audio.data, "input_audio")


def completion(
    *, name: str, model: str, created_at_s: int, answer: str, request: ChatRequest
) -> dict[str, Any]:
    """The response body, cut to the number of tokens (here: words) asked for."""
    limit = request.max_completion_tokens or request.max_tokens
    words = answer.split()
    cut = limit is not None and len(words) > limit
    content = " ".join(words[:limit]) if cut else answer
    asked = sum(_token_count(message) for message in request.messages)
    said = len(content.split())
    return {
        "id": name,
        "object": "chat.completion",
        "created": created_at_s,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None},
                "logprobs": None,
                "finish_reason": "length" if cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": said,
            "total_tokens": asked + said,
        },
    }


def error_body(message: str, kind: str, code: str) -> dict[str, Any]:
    """An error in the shape that the provider's SDKs read."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _token_count(message: Message) -> int:
    if isinstance(message.content, str):
        return len(message.content.split())
    per_medium = 85  # a flat price, as providers charge for a small image
    return sum(
        len(part.text.split()) if isinstance(part, TextPart) else per_medium
        for part in message.content or ()
    )


def _unbase64(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableMediaError(f"{field} is not base64") from error
