"""A Responses request put together from its input and the response's echo of it.

The API answers with most of what it was asked, defaults filled in. Where only the
answer was recorded, a value that differs from its default was sent; one that equals
it may have been sent or not, and the model was asked the same either way.
"""

from typing import Any

import msgspec

from collector.recognise.dialects.contract import Candidate
from collector.recognise.dialects.readers.json_values import as_dict, as_text
from snaptrace.snapshot.apis import APIS, UnmappableError
from snaptrace.snapshot.conversation import Conversation, TextPart
from snaptrace.snapshot.model import Json

_DEFAULTS: dict[str, Json] = {
    "instructions": None,
    "temperature": 1.0,
    "top_p": 1.0,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "truncation": "disabled",
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "service_tier": "default",
    "previous_response_id": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "safety_identifier": None,
    "background": False,
    "store": True,
    "top_logprobs": 0,
    "user": None,
}
# What an echo does not hold, and what it holds whether or not it was sent.
LOST = (
    "include",
    "prompt",
    "extra_body",
    "context_management",
    *_DEFAULTS,
    "text.verbosity",
)


_ITEM_FIELDS = (
    "input.id",
    "input.status",
    "input.type",
    "input.call_id",
    "input.name",
    "input.arguments",
    "input.output",
    "input.content.detail",
    "input.content.filename",
)


def body_of_echo(given: Json, echo: dict[str, Any]) -> dict[str, Any]:
    """Return the request body: `given` is its input, `echo` the response."""
    body: dict[str, Any] = {"model": as_text(echo.get("model")), "input": given}
    for key, default in _DEFAULTS.items():
        value = echo.get(key)
        if value is not None and value != default:
            body[key] = value
    tools = echo.get("tools")
    if isinstance(tools, list):
        body["tools"] = [_without_nulls(tool) for tool in tools]
    if text := _text(as_dict(echo.get("text"))):
        body["text"] = text
    if reasoning := _without_nulls(as_dict(echo.get("reasoning"))):
        body["reasoning"] = reasoning
    return body


def complete(candidate: Candidate, echo: dict[str, Any]) -> None:
    """Turn a call's messages and the response's echo into its body."""
    conversation = candidate.conversation
    if conversation is None:
        return
    bare = msgspec.structs.replace(conversation, tools=(), params={}, extra={})
    try:
        given = APIS["openai_responses"].render(bare)
    except UnmappableError:
        return
    body = body_of_echo(given["input"], echo)
    body["model"] = candidate.model or body["model"]
    if instructions := given.get("instructions"):
        body["instructions"] = instructions
    if not body.get("tools"):
        body.pop("tools", None)
    candidate.model = body["model"]
    candidate.api = "openai_responses"
    candidate.conversation, candidate.body = None, body
    candidate.lost = (*LOST, *_ITEM_FIELDS)
    if has_gaps(conversation):
        candidate.reasons += ("content_dropped",)


def has_gaps(conversation: Conversation) -> bool:
    """Detect empty messages: calls and results, which have no role, became them."""
    return any(
        not any(not isinstance(part, TextPart) or part.text for part in message.parts)
        for message in conversation.messages
    )


def _text(text: dict[str, Any]) -> dict[str, Any]:
    form = as_dict(text.get("format"))
    own: dict[str, Any] = {}
    if form.get("type") == "json_schema":
        renamed = {("schema" if k == "schema_" else k): v for k, v in form.items()}
        own["format"] = _without_nulls(renamed)
    elif form.get("type") == "json_object":
        own["format"] = {"type": "json_object"}
    if text.get("verbosity") not in (None, "medium"):
        own["verbosity"] = text["verbosity"]
    return own


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict):
        return value
    return {key: inner for key, inner in value.items() if inner is not None}
