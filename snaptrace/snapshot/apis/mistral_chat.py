"""Mistral chat completions, `POST /chat/completions`: OpenAI's form with own fields.

Source: Mistral API reference, chat completion, as of 2026. Own are `random_seed` (for
`seed`), `safe_prompt`, `prompt_mode`, a message's `prefix`, the tool choice `any`, and
parts that hold a bare URL or base64 text where OpenAI has an object.
"""

from collections.abc import Mapping
from typing import ClassVar

from snaptrace.snapshot.apis import inline
from snaptrace.snapshot.apis.openai_chat import OpenAiChat, parse_part, render_part
from snaptrace.snapshot.conversation import MediaPart, Part, ReasoningPart, TextPart
from snaptrace.snapshot.model import Json, MediaRef

_AUDIO_MIME = "audio/*"  # the API takes bare base64 and looks at the bytes


class MistralChat(OpenAiChat):
    """See `contract.Api`."""

    name = "mistral_chat"
    thinking_inside: ClassVar[bool] = True
    params: ClassVar[Mapping[str, str]] = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_tokens": "max_tokens",
        "stop_sequences": "stop",
        "seed": "random_seed",
        "choice_count": "n",
        "frequency_penalty": "frequency_penalty",
        "presence_penalty": "presence_penalty",
        "reasoning_level": "reasoning_effort",
    }

    def parse_part(self, raw: Json) -> Part:
        """Return one content part; `bare` marks a field that held no object."""
        kind = raw.get("type") if isinstance(raw, dict) else None
        if not isinstance(raw, dict) or not isinstance(kind, str):
            return parse_part(raw)
        rest = {key: value for key, value in raw.items() if key not in ("type", kind)}
        value = raw.get(kind)
        if kind == "document_url" and (ref_url := _address(value)):
            ref, url = ref_url
            return MediaPart(kind="document", ref=ref, url=url, extra=rest)
        if kind == "image_url" and (ref_url := _address(value)):
            ref, url = ref_url
            own = {**rest, "bare": True}
            return MediaPart(kind="image", ref=ref, url=url, extra=own)
        if kind == "input_audio" and (ref_url := _address(value)):
            ref, url = ref_url
            if ref is None and not url.startswith(("http:", "https:", "data:")):
                ref, url = inline.from_base64(value, _AUDIO_MIME)
            return MediaPart(
                kind="audio", ref=ref, url=url, mime=_AUDIO_MIME, extra=rest
            )
        if kind == "thinking" and (text := _thought(value)) is not None:
            return ReasoningPart(text=text, extra=rest)
        return parse_part(raw)

    def render_part(self, part: Part, lost: list[str]) -> Json:
        """Return one content part in this API's own form."""
        if isinstance(part, ReasoningPart):
            text = {"type": "text", "text": part.text}
            return {"type": "thinking", "thinking": [text], **part.extra}
        if not isinstance(part, MediaPart) or part.file_id:
            return render_part(part, lost)
        extra = dict(part.extra)
        if part.kind == "document":
            return {
                "type": "document_url",
                "document_url": inline.data_url(part),
                **extra,
            }
        if part.kind == "audio":
            extra.pop("format", None)
            data = inline.base64_text(part)
            value = part.url if data is None else data
            return {"type": "input_audio", "input_audio": value, **extra}
        if extra.pop("bare", False):
            return {"type": "image_url", "image_url": inline.data_url(part), **extra}
        return render_part(part, lost)


def _address(value: Json) -> tuple[MediaRef | None, str] | None:
    ref, url = inline.from_url(value)
    return (ref, url) if ref is not None or url else None


def _thought(value: Json) -> str | None:
    """Return the text of a list that holds one piece of thinking, else None."""
    if not isinstance(value, list) or len(value) != 1:
        return None
    part = parse_part(value[0])
    return part.text if isinstance(part, TextPart) and not part.extra else None
