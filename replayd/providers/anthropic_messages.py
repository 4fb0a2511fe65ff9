"""Anthropic Messages and servers that speak it.

Source: Anthropic API reference, messages, version header 2023-06-01, as of 2026.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.platforms import VERTEX_VERSION
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    ToolCall,
)
from snaptrace.streams import anthropic_messages as streamed
from snaptrace.streams import sse, usage
from snaptrace.streams.values import (
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
)

VERSION = "2023-06-01"
MOST_OUTPUT_TOKENS = 4096  # the API wants a number; for calls of APIs that do not
_STOPS: dict[str, tuple[Outcome, AnswerOutcome, str]] = {
    "end_turn": ("answered", "answered", "stop"),
    "stop_sequence": ("answered", "answered", "stop"),
    "tool_use": ("answered", "answered", "tool_calls"),
    "max_tokens": ("truncated", "truncated", "length"),
    "model_context_window_exceeded": ("truncated", "truncated", "length"),
    "refusal": ("refused", "refused", "content_filter"),
}


class AnthropicMessages(JsonPost):
    """See `contract.Provider`."""

    name = "anthropic_messages"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model and a bound of its answer."""
        body["model"] = model
        if overrides.stream:
            body["stream"] = True
        body.setdefault("max_tokens", MOST_OUTPUT_TOKENS)
        if overrides.system is not None:
            body["system"] = overrides.system
        if overrides.platform.name == "vertex":  # which names the model in the path
            del body["model"]
            body["anthropic_version"] = VERTEX_VERSION
        return body

    def headers(self, body: Body) -> Mapping[str, str]:
        """Return the version; beta names go into their header."""
        betas = [as_text(name) for name in as_list(body.pop("betas", None))]
        version = {"anthropic-version": VERSION}
        return version | ({"anthropic-beta": ",".join(betas)} if betas else {})

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the API key's own header."""
        return {"x-api-key": key}

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response, streamed or not."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        if sse.is_stream(headers, body):
            return read_message(streamed.joined(sse.events(body)))
        return read_message(decoded(body))


def read_message(found: dict[str, Any] | None) -> Reading:
    """Type a message, as Bedrock has it too."""
    if error := (found or {}).get("error"):
        return fault_in_answer(error)
    if not found or not isinstance(found.get("content"), list):
        return Reading(outcome="malformed", detail="no_content")
    if not as_text(found.get("stop_reason")):
        return Reading(outcome="malformed", detail="no_stop_reason")
    return _read(found)


def _read(found: dict[str, Any]) -> Reading:
    blocks = [as_object(block) for block in as_list(found.get("content"))]
    stop = as_text(found.get("stop_reason"))
    outcome, said, finish = _STOPS.get(stop, ("answered", "answered", stop))
    model = as_text(found.get("model"))
    text = "".join(
        as_text(b.get("text")) for b in blocks if b.get("type", "text") == "text"
    )
    answer = Answer(
        outcome=said,
        text=text,
        tool_calls=tuple(_calls(blocks)),
        finish_reason=finish,
        model=model,
        response_id=as_text(found.get("id")),
        usage=usage.of_anthropic(found.get("usage")),
    )
    return Reading(outcome=outcome, answer=answer, served_model=model)


def _calls(blocks: list[dict[str, Any]]) -> Iterator[ToolCall]:
    for block in blocks:
        if block.get("type") == "tool_use":
            yield ToolCall(
                name=as_text(block.get("name")),
                arguments=json_text(block.get("input")),
                id=as_text(block.get("id")),
            )
