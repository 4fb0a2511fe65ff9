"""Cohere chat, `POST /v2/chat`.

Source: Cohere API reference, chat, v2, as of 2026. Messages and tools have OpenAI's
form; sampling parameters, tool choice and the schema of an answer have their own.
"""

from collections.abc import Mapping
from typing import ClassVar

from msgspec.structs import replace

from snaptrace.snapshot.apis.openai_chat import OpenAiChat, parse_part, render_part
from snaptrace.snapshot.conversation import Conversation, Part, ReasoningPart
from snaptrace.snapshot.model import Json

_CHOICES = {"REQUIRED": "required", "NONE": "none"}
_CHOICES_BACK = {word: own for own, word in _CHOICES.items()}


class CohereChat(OpenAiChat):
    """See `contract.Api`."""

    name = "cohere_chat"
    thinking_inside: ClassVar[bool] = True
    params: ClassVar[Mapping[str, str]] = {
        "temperature": "temperature",
        "top_p": "p",
        "top_k": "k",
        "max_tokens": "max_tokens",
        "stop_sequences": "stop_sequences",
        "seed": "seed",
        "frequency_penalty": "frequency_penalty",
        "presence_penalty": "presence_penalty",
    }

    def path(self, model: str) -> str:
        """Return the path; the model is named in the body."""
        del model
        return "/v2/chat"

    def parse_part(self, raw: Json) -> Part:
        """Return one content part; a model's thinking is one here."""
        if isinstance(raw, dict) and raw.get("type") == "thinking":
            rest = {k: v for k, v in raw.items() if k not in ("type", "thinking")}
            if isinstance(raw.get("thinking"), str):
                return ReasoningPart(text=raw["thinking"], extra=rest)
        return parse_part(raw)

    def render_part(self, part: Part, lost: list[str]) -> Json:
        """Return one content part."""
        if isinstance(part, ReasoningPart):
            return {"type": "thinking", "thinking": part.text, **part.extra}
        return render_part(part, lost)

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a chat body."""
        found = super().parse(body)
        extra = dict(found.extra)
        asked = extra.get("response_format")
        schema = None
        if (
            isinstance(asked, dict)
            and set(asked) == {"type", "json_schema"}
            and asked["type"] == "json_object"
            and asked["json_schema"] is not None
        ):
            schema = asked["json_schema"]
            del extra["response_format"]
        choice = found.tool_choice
        if isinstance(choice, str):
            choice = _CHOICES.get(choice, choice)
        return replace(
            found,
            output_schema=schema,
            output_schema_name="",
            tool_choice=choice,
            extra=extra,
        )

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        extra = dict(conversation.extra)
        if conversation.output_schema is not None:
            schema = {"type": "json_object", "json_schema": conversation.output_schema}
            extra["response_format"] = schema
        choice = conversation.tool_choice
        if isinstance(choice, str):
            choice = _CHOICES_BACK.get(choice, choice)
        plain = replace(
            conversation, output_schema=None, tool_choice=choice, extra=extra
        )
        return super().render(plain)
