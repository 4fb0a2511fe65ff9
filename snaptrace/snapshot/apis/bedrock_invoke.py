"""Amazon Bedrock InvokeModel, `POST /model/{model}/invoke`: the model's own body.

Source: Amazon Bedrock user guide, inference parameters of Anthropic Claude, Amazon Nova
and Meta Llama, as of 2026. The model is named in the path. A Claude body is that of the
Messages API without model; a Nova body is Converse's with `topK`; a Llama body is one
prompt, written in the model's template. Other bodies are kept and have no view.
"""

from msgspec.structs import replace

from snaptrace.snapshot.apis import bedrock_converse, inline
from snaptrace.snapshot.apis.anthropic_messages import AnthropicMessages
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

FAMILY = "invoke_family"  # in a view's `extra`: whose body it was
ANTHROPIC_VERSION = "bedrock-2023-05-31"
_NOVA_PARAMS = {**bedrock_converse.PARAMS, "top_k": "topK"}
_LLAMA_PARAMS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_gen_len",
}
_OF_MODEL = {"anthropic.": "anthropic", "amazon.nova": "nova", "meta.llama": "llama"}


def family_of_model(model: str) -> str:
    """Return the family that a model id names, as in `us.anthropic.…`; "" if none."""
    return next((name for sign, name in _OF_MODEL.items() if sign in model), "")


def family_of_body(body: Json) -> str:
    """Return the family whose form a body has; "other" if none of the known."""
    if not isinstance(body, dict):
        return "other"
    if "anthropic_version" in body:
        return "anthropic"
    if isinstance(body.get("prompt"), str) and "max_gen_len" in body:
        return "llama"
    if "schemaVersion" in body or (
        isinstance(body.get("messages"), list) and "inferenceConfig" in body
    ):
        return "nova"
    return "other"


class BedrockInvoke:
    """See `contract.Api`."""

    name = "bedrock_invoke"
    operation = "chat"

    def path(self, model: str) -> str:
        """Return the path, which is where the model is named."""
        return bedrock_converse.BedrockConverse().path(model)[: -len("converse")] + (
            "invoke"
        )

    def parse(self, body: Json) -> Conversation:
        """Return the typed view of a body, by the family whose form it has."""
        family = family_of_body(body)
        if family == "anthropic":
            found = AnthropicMessages().parse(body)
        elif family == "nova":
            found = bedrock_converse.parse_body(body, _NOVA_PARAMS)
        elif family == "llama":
            found = _parse_llama(body)
        else:
            rest = dict(body) if isinstance(body, dict) else {}
            found = Conversation(model="", messages=(), extra=rest)
        return replace(found, model="", extra={**found.extra, FAMILY: family})

    def render(self, conversation: Conversation) -> Json:
        """Return the body; raises UnmappableError for what has no place here."""
        extra = dict(conversation.extra)
        family = extra.pop(FAMILY, "") or family_of_model(conversation.model)
        plain = replace(conversation, extra=extra)
        lost: list[str] = []
        body: Json = None
        if family == "anthropic":
            body = dict(AnthropicMessages().render(plain))
            del body["model"]
            body.setdefault("anthropic_version", ANTHROPIC_VERSION)
        elif family == "nova":
            body = bedrock_converse.render_body(plain, _NOVA_PARAMS, lost)
        elif family == "llama":
            body = _render_llama(plain, lost)
        elif family == "other" and not conversation.messages:
            body = extra
        else:
            lost.append("model")
        if lost:
            raise UnmappableError(self.name, tuple(lost))
        return body


def _parse_llama(body: dict[str, Json]) -> Conversation:
    rest = dict(body)
    parts: list[Part] = [TextPart(text=rest.pop("prompt"))]
    images = rest.get("images")
    if images and isinstance(images, list | tuple):
        parts.extend(_parse_image(value) for value in rest.pop("images"))
    params = {
        otel: rest.pop(own)
        for otel, own in _LLAMA_PARAMS.items()
        if rest.get(own) is not None
    }
    message = Message(role="user", parts=tuple(parts))
    return Conversation(model="", messages=(message,), params=params, extra=rest)


def _parse_image(value: Json) -> Part:
    ref, url = inline.from_base64(value, "image/*")
    if ref is None and not url:
        return GenericPart(value=value)
    return MediaPart(kind="image", ref=ref, url=url, mime="image/*")


def _render_llama(conversation: Conversation, lost: list[str]) -> dict[str, Json]:
    """Return a prompt's body; turns would need the model's template, so are refused."""
    body: dict[str, Json] = {}
    images: list[Json] = []
    lost.extend(f"messages.{m.role}" for m in conversation.messages if m.role != "user")
    for part in (part for m in conversation.messages for part in m.parts):
        if isinstance(part, TextPart) and "prompt" not in body:
            body["prompt"] = part.text
        elif isinstance(part, MediaPart) and part.kind == "image":
            images.append(inline.base64_text(part))
        elif isinstance(part, GenericPart):
            images.append(part.value)
        else:
            lost.append("messages.content")
    if images:
        body["images"] = images
    lost.extend(
        name
        for name in ("tools", "tool_choice", "output_schema")
        if getattr(conversation, name)
    )
    lost.extend(name for name in conversation.params if name not in _LLAMA_PARAMS)
    params = {
        own: conversation.params[otel]
        for otel, own in _LLAMA_PARAMS.items()
        if otel in conversation.params
    }
    return {**body, **params, **conversation.extra}
