"""A LangChain chat model's call: messages and invocation parameters -> the request.

Several conventions record both as LangChain has them. Its clients rename parameters on
the way, choose between OpenAI's two APIs, and keep settings of their own beside the
API's; of those names only what the API's catalogue knows was sent.
"""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.bodies import langchain_json
from collector.recognise.dialects.readers.json_values import as_dict, as_text
from collector.recognise.dialects.readers.losses import has_orphans
from collector.recognise.dialects.readers.parts import read_tools
from collector.recognise.dialects.readers.target import chat_api
from snaptrace.snapshot.apis.fields import all_but, is_field
from snaptrace.snapshot.conversation import (
    Conversation,
    GenericPart,
    MediaPart,
    Message,
    Part,
)
from snaptrace.snapshot.model import Json

# With any of these its OpenAI client takes the Responses API.
_RESPONSES_ONLY = ("reasoning", "include", "truncation", "previous_response_id", "text")


def fill(
    candidate: Candidate,
    messages: list[Message],
    arguments: dict[str, Any],
    *,
    responses: bool,
    tools: Json = None,
    javascript: bool = False,
) -> None:
    """Put the request together; `responses` if the answer came from that API."""
    candidate.of_langchain = True
    params, rest = langchain_json.read_arguments(arguments)
    candidate.model = as_text(arguments.get("model")) or as_text(
        arguments.get("model_name")
    )
    speaks = candidate.provider or as_text(arguments.get("_type"))
    asked = (
        rest.pop("use_responses_api", None) is True
        or any(rest.get(key) is not None for key in _RESPONSES_ONLY)
        or any(_is_item(part) for message in messages for part in message.parts)
    )
    candidate.api = chat_api(speaks, responses=responses or asked)
    kind = as_text(arguments.get("_type"))
    if candidate.api == "bedrock_converse" and "converse" not in kind:
        candidate.api_source = "guessed"
    if candidate.api == "openai_responses":
        messages = _without_items(candidate, messages)
        # Some of its releases write the type of a message out, or what an item had.
        candidate.lost += ("input.type", "input.id", "input.status")
    elif candidate.api.startswith("openai"):
        candidate.lost += ("messages.name",)
    elif candidate.api == "anthropic_messages":
        # Newer releases say of every result whether the tool failed.
        candidate.lost += ("messages.content.is_error",)
    elif candidate.api == "bedrock_converse":
        candidate.lost += ("messages.content.toolResult.status",)
    offered = read_tools(rest.pop("tools", None) or tools)
    form = rest.get("response_format")
    if isinstance(form, str) or (isinstance(form, dict) and _is_class(form)):
        # A class, or its own schema, stands where the SDK sent one made of it.
        candidate.missing += ("response_format",)
        del rest["response_format"]
    rest |= as_dict(rest.pop("model_kwargs", None))
    beside = as_dict(rest.pop("extra_body", None))
    extra = {k: v for k, v in rest.items() if is_field(candidate.api, k)} | beside
    candidate.conversation = Conversation(
        model=candidate.model,
        messages=tuple(messages),
        tools=tuple(offered),
        params=params,
        extra=extra,
    )
    if has_orphans([part for message in messages for part in message.parts]):
        candidate.reasons += ("content_dropped",)
    javascript = javascript or candidate.scope.startswith("@")
    langchain_json.as_sent(candidate, javascript=javascript)
    _note_translation(candidate, messages)


def _is_item(part: Part) -> bool:
    """Detect a call as the Responses API gave it, kept beside the framework's own."""
    return (
        isinstance(part, GenericPart)
        and isinstance(part.value, dict)
        and part.value.get("type") == "function_call"
        and "call_id" in part.value
    )


def _without_items(candidate: Candidate, messages: list[Message]) -> list[Message]:
    """Leave out what stands there twice; the items' own ids are gone with it."""
    kept = []
    for message in messages:
        parts = tuple(part for part in message.parts if not _is_item(part))
        if len(parts) < len(message.parts):
            candidate.missing += ("input.id",)
        kept.append(msgspec.structs.replace(message, parts=parts))
    return kept


# LangChain's clients for them send parameters under the names that they are given.
_PLAIN = ("openai_chat", "openai_responses", "anthropic_messages", "openai_embeddings")
_OWN_WORDS = ("openai", "azure", "anthropic")
# Where other clients put an output schema; most rewrite it, too.
_SCHEMA_PLACES = {
    "gemini_generate_content": (
        "generationConfig.responseJsonSchema",
        "generationConfig.responseSchema",
    ),
    "bedrock_converse": ("toolConfig.toolChoice",),
    "cohere_chat": ("response_format",),
}


def _note_translation(candidate: Candidate, messages: list[Message]) -> None:
    """Name what clients for further providers translate, add or drop by themselves."""
    speaks = (candidate.provider or candidate.emitter).lower()
    plain = any(word in speaks for word in _OWN_WORDS)
    if candidate.api in _PLAIN and plain:
        return
    carried = ("model", "messages", "contents", "system", "systemInstruction", "tools")
    candidate.lost += all_but(candidate.api, carried)
    candidate.missing += _SCHEMA_PLACES.get(candidate.api, ())
    media = any(isinstance(part, MediaPart) for m in messages for part in m.parts)
    if candidate.api == "cohere_chat" and media:
        candidate.missing += ("messages.content",)


def _is_class(form: dict[str, Any]) -> bool:
    return form.get("type") not in ("json_schema", "json_object", "text")
