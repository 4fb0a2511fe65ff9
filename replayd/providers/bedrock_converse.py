"""Amazon Bedrock Converse, whole and as Amazon's event stream.

Source: the service model `bedrock-runtime` 2023-09-30 in botocore 1.44.5.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire import aws_eventstream
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.joining import MOST_PARTS, JoinedText
from replayd.providers.wire.json_post import JsonPost
from replayd.providers.wire.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
    mended_object,
)
from snaptrace.snapshot.model import Answer, AnswerOutcome, ToolCall, Usage

_CUT: tuple[Outcome, AnswerOutcome, str] = ("truncated", "truncated", "length")
_FILTERED: tuple[Outcome, AnswerOutcome, str] = (
    "refused",
    "filtered",
    "content_filter",
)
_BROKEN: tuple[Outcome, AnswerOutcome, str] = ("malformed", "error", "error")
_STOPS: dict[str, tuple[Outcome, AnswerOutcome, str]] = {
    "end_turn": ("answered", "answered", "stop"),
    "stop_sequence": ("answered", "answered", "stop"),
    "tool_use": ("answered", "answered", "tool_calls"),
    "max_tokens": _CUT,
    "model_context_window_exceeded": _CUT,
    "guardrail_intervened": _FILTERED,
    "content_filtered": _FILTERED,
    "malformed_model_output": _BROKEN,
    "malformed_tool_use": _BROKEN,
}
# A failure after the head of a stream was sent: its name, and the status it would have.
FAILURES: dict[str, int] = {
    "internalServerException": 500,
    "modelStreamErrorException": 500,
    "serviceUnavailableException": 503,
    "modelTimeoutException": 408,
    "throttlingException": 429,
    "validationException": 400,
}


class BedrockConverse(JsonPost):
    """See `contract.Provider`."""

    name = "bedrock_converse"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body without a model, which is named in the path."""
        del model
        if overrides.system is not None:
            body["system"] = [{"text": overrides.system}]
        return body

    def path(self, model: str, overrides: Overrides) -> str:
        """Return the path, which names the model, and the way of delivery."""
        path = super().path(model, overrides)
        return f"{path}-stream" if overrides.stream else path

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response, streamed or not."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found: dict[str, Any] | None
        if aws_eventstream.is_stream(headers):
            found = _joined(body)
            if isinstance(failed := found.get("failed"), Reading):
                return failed
        else:
            found = decoded(body)
        message = as_object(as_object((found or {}).get("output")).get("message"))
        if not found or not isinstance(message.get("content"), list):
            return Reading(outcome="malformed", detail="no_content")
        if not (stop := as_text(found.get("stopReason"))):
            return Reading(outcome="malformed", detail="no_stop_reason")
        return read_message(message, stop, found.get("usage"))


def failure(kind: str, event: dict[str, Any]) -> Reading:
    """Type a failure that a stream ended with."""
    status = str(FAILURES[kind])
    return fault_in_answer({"status": status, "message": event.get("message")})


def read_message(message: dict[str, Any], stop: str, usage: object) -> Reading:
    """Type a message in Converse's form, which Nova's own bodies share."""
    outcome, said, finish = _STOPS.get(stop, ("answered", "answered", stop))
    blocks = [as_object(block) for block in as_list(message.get("content"))]
    answer = Answer(
        outcome=said,
        text="".join(as_text(block.get("text")) for block in blocks),
        tool_calls=tuple(_calls(blocks)),
        finish_reason=finish,
        usage=_usage(usage),
    )
    return Reading(outcome=outcome, answer=answer)


def _calls(blocks: list[dict[str, Any]]) -> Iterator[ToolCall]:
    for block in blocks:
        call = as_object(block.get("toolUse"))
        if name := as_text(call.get("name")):
            yield ToolCall(
                name=name,
                arguments=json_text(call.get("input")),
                id=as_text(call.get("toolUseId")),
            )


def _usage(value: object) -> Usage:
    usage = as_object(value)
    fresh = as_count(usage.get("inputTokens"))
    read = as_count(usage.get("cacheReadInputTokens"))
    written = as_count(usage.get("cacheWriteInputTokens"))
    return Usage(
        # The API counts cached input apart; a snapshot's count includes it.
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=as_count(usage.get("outputTokens")),
        cached_tokens=read,
        cache_written_tokens=written,
    )


class _Block:
    """One content block of a stream: its text, or a call and the call's input."""

    def __init__(self) -> None:
        self.call: dict[str, Any] = {}
        self.text, self.input = JoinedText(), JoinedText()

    def whole(self) -> dict[str, Any]:
        if self.call:
            return {"toolUse": {**self.call, "input": self.input.whole or {}}}
        return {"text": self.text.whole}


def _joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream adds up to, or how it failed."""
    blocks: dict[int, _Block] = {}
    whole: dict[str, Any] = {}
    for kind, event in aws_eventstream.events(body):
        if kind in FAILURES:
            return {"failed": failure(kind, event)}
        if kind == "messageStop":
            whole["stopReason"] = event.get("stopReason")
        elif kind == "metadata":
            whole["usage"] = event.get("usage")
        if kind not in ("contentBlockStart", "contentBlockDelta"):
            continue
        index = as_count(event.get("contentBlockIndex")) or 0
        block = blocks.setdefault(index, _Block())
        block.call |= as_object(as_object(event.get("start")).get("toolUse"))
        delta = as_object(event.get("delta"))
        block.text.add(as_text(delta.get("text")))
        block.input.add(as_text(as_object(delta.get("toolUse")).get("input")))
        if len(blocks) > MOST_PARTS:
            return {}
    content = [blocks[index].whole() for index in sorted(blocks)]
    whole["output"] = {"message": {"content": content}}
    return mended_object(whole)
