"""Amazon Bedrock Converse, whole and as Amazon's event stream.

Source: the service model `bedrock-runtime` 2023-09-30 in botocore 1.44.5.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import Answer, AnswerOutcome, ToolCall
from snaptrace.streams import aws_eventstream, usage
from snaptrace.streams import bedrock_converse as streamed
from snaptrace.streams.values import (
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
)

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
            found = streamed.joined(body)
            if failed := found.get("failed"):
                return failure(**failed)
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
    status = str(streamed.FAILURES[kind])
    return fault_in_answer({"status": status, "message": event.get("message")})


def read_message(message: dict[str, Any], stop: str, counts: object) -> Reading:
    """Type a message in Converse's form, which Nova's own bodies share."""
    outcome, said, finish = _STOPS.get(stop, ("answered", "answered", stop))
    blocks = [as_object(block) for block in as_list(message.get("content"))]
    answer = Answer(
        outcome=said,
        text="".join(as_text(block.get("text")) for block in blocks),
        tool_calls=tuple(_calls(blocks)),
        finish_reason=finish,
        usage=usage.of_converse(counts),
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
