"""Anthropic Messages and servers that speak it.

Source: Anthropic API reference, messages, version header 2023-06-01, as of 2026.
"""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.platforms import VERTEX_VERSION
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire import sse
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.joining import MOST_PARTS, JoinedText
from replayd.providers.wire.json_post import JsonPost
from replayd.providers.wire.lenient_json import lenient, mended_text
from replayd.providers.wire.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
    mended_object,
)
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
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
            return read_message(joined(sse.events(body)))
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
        cache_written_tokens=written,
    )


class _JoinedBlocks:
    """The content blocks of one message, from their events."""

    def __init__(self) -> None:
        self._blocks: list[_JoinedBlock] = []
        self._open: dict[int | None, _JoinedBlock] = {}
        self.too_many = False

    def begin(self, index: int | None, block: dict[str, Any]) -> "_JoinedBlock":
        """Begin a block; some servers give all of them one index, or none."""
        if len(self._blocks) >= MOST_PARTS:
            self.too_many = True
            return _JoinedBlock({})
        begun = _JoinedBlock(block)
        self._blocks.append(begun)
        self._open[index] = self._open[None] = begun
        return begun

    def add(self, index: int | None, delta: dict[str, Any]) -> None:
        """Join a piece to its block."""
        block = self._open.get(index) or self.begin(index, {})
        block.text.add(as_text(delta.get("text")))
        block.json.add(as_text(delta.get("partial_json")))

    def whole(self) -> list[dict[str, Any]]:
        """Return the blocks in the order in which they began."""
        return [block.whole() for block in self._blocks]


class _JoinedBlock:
    def __init__(self, start: dict[str, Any]) -> None:
        self._start, self.json = start, JoinedText()
        self.text = JoinedText(as_text(start.get("text")))

    def whole(self) -> dict[str, Any]:
        block = {**self._start, "text": self.text.whole}
        if text := mended_text(self.json.whole):
            found = lenient(text.encode())
            block["input"] = text if found is None else found
        return block


def joined(events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the message that a finished stream of events adds up to."""
    whole: dict[str, Any] = {}
    blocks = _JoinedBlocks()
    for event in events:
        index, kind = as_count(event.get("index")), event.get("type")
        if kind == "message_start":
            whole = dict(as_object(event.get("message")))
        elif kind == "message":  # the whole of it
            whole = event
        elif kind == "content_block_start":
            blocks.begin(index, as_object(event.get("content_block")))
        elif kind == "content_block_delta":
            blocks.add(index, as_object(event.get("delta")))
        elif kind == "message_delta":
            usage = {**as_object(whole.get("usage")), **_given(event.get("usage"))}
            whole |= {**_given(event.get("delta")), "usage": usage}
        elif _is_error(event) and not as_text(whole.get("stop_reason")):
            return {"error": event.get("error") or event}
    if blocks.too_many:
        return {}
    joined = blocks.whole()
    whole["content"] = joined or as_list(whole.get("content"))
    return mended_object(whole)


def _is_error(event: dict[str, Any]) -> bool:
    return event.get("type") == "error" or bool(event.get("error"))


def _given(value: object) -> dict[str, Any]:
    """Return the fields that hold something: a null takes nothing back."""
    return {k: v for k, v in as_object(value).items() if v is not None}
