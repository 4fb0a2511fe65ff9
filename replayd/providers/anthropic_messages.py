"""Anthropic Messages and servers that speak it.

Source: Anthropic API reference, messages, version header 2023-06-01, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from replayd.model import Outcome
from replayd.providers import sse
from replayd.providers.contract import Overrides, ProviderRequest, Reading, Refusal
from replayd.providers.faults import fault
from replayd.providers.prepare import Body, prepare
from replayd.providers.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
)
from snaptrace.snapshot.apis import APIS
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    Snapshot,
    ToolCall,
    Usage,
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


class AnthropicMessages:
    """See `contract.Provider`."""

    name = "anthropic_messages"

    def request(
        self,
        snapshot: Snapshot,
        media: dict[int, bytes],
        model: str,
        overrides: Overrides,
    ) -> ProviderRequest | Refusal:
        """Return the body with the arm's model; beta names go into their header."""
        betas: list[str] = []

        def fit(body: Body) -> Body:
            body["model"] = model
            if overrides.stream:
                body["stream"] = True
            body.setdefault("max_tokens", MOST_OUTPUT_TOKENS)
            betas.extend(as_text(name) for name in as_list(body.pop("betas", None)))
            if overrides.system is not None:
                body["system"] = overrides.system
            return body

        body = prepare(self.name, snapshot, media, overrides, fit)
        if isinstance(body, Refusal):
            return body
        headers = {"anthropic-version": VERSION}
        if betas:
            headers["anthropic-beta"] = ",".join(betas)
        path = APIS[self.name].path(model)
        return ProviderRequest(method="POST", path=path, body=body, headers=headers)

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the API key's own header."""
        return {"x-api-key": key}

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response, streamed or not."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = _joined(body) if sse.is_stream(headers) else decoded(body)
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
        usage=_usage(found.get("usage")),
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


def _usage(value: object) -> Usage:
    usage = as_object(value)
    fresh = as_count(usage.get("input_tokens"))
    read = as_count(usage.get("cache_read_input_tokens"))
    written = as_count(usage.get("cache_creation_input_tokens"))
    return Usage(
        # The API counts cached input apart; a snapshot's count includes it.
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=as_count(usage.get("output_tokens")),
        cached_tokens=read,
    )


def _joined(body: bytes) -> dict[str, Any]:
    """Return the message that a finished stream of events adds up to."""
    whole: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    for event in sse.events(body):
        index = as_count(event.get("index")) or 0
        kind = event.get("type")
        if kind == "message_start":
            whole = dict(as_object(event.get("message")))
        elif kind == "content_block_start":
            blocks[index] = {**as_object(event.get("content_block")), "json": ""}
        elif kind == "content_block_delta":
            _add(blocks.setdefault(index, {"json": ""}), as_object(event.get("delta")))
        elif kind == "message_delta":
            usage = {**as_object(whole.get("usage")), **as_object(event.get("usage"))}
            whole |= {**as_object(event.get("delta")), "usage": usage}
    whole["content"] = [_block(blocks[index]) for index in sorted(blocks)]
    return whole


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    block["text"] = as_text(block.get("text")) + as_text(delta.get("text"))
    block["json"] += as_text(delta.get("partial_json"))


def _block(block: dict[str, Any]) -> dict[str, Any]:
    if text := block.pop("json"):
        try:
            block["input"] = msgspec.json.decode(text)
        except msgspec.DecodeError:
            block["input"] = text
    return block
