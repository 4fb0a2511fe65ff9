"""Cohere chat, v2.

Source: Cohere API reference, chat and chat with streaming, v2, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault
from replayd.providers.wire.json_post import JsonPost, with_system
from snaptrace.snapshot.model import Answer, AnswerOutcome, ToolCall
from snaptrace.streams import cohere_chat as streamed
from snaptrace.streams import sse, usage
from snaptrace.streams.values import (
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
)

_FINISH: dict[str, tuple[Outcome, AnswerOutcome, str]] = {
    "COMPLETE": ("answered", "answered", "stop"),
    "STOP_SEQUENCE": ("answered", "answered", "stop"),
    "TOOL_CALL": ("answered", "answered", "tool_calls"),
    "MAX_TOKENS": ("truncated", "truncated", "length"),
    "ERROR": ("server_error", "error", "error"),
    "TIMEOUT": ("timeout", "error", "timeout"),
    "ERROR_TOXIC": ("refused", "filtered", "content_filter"),
}


class CohereChat(JsonPost):
    """See `contract.Provider`."""

    name = "cohere_chat"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model; the API wants `stream` said."""
        body |= {"model": model, "stream": overrides.stream}
        if overrides.system is not None:
            body["messages"] = with_system(body.get("messages"), overrides.system)
        return body

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response, streamed or not."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = streamed.joined(body) if sse.is_stream(headers, body) else decoded(body)
        if not found or not isinstance(found.get("message"), dict):
            return Reading(outcome="malformed", detail="no_message")
        if not (stop := as_text(found.get("finish_reason"))):
            return Reading(outcome="malformed", detail="no_finish_reason")
        return _read(found, stop)


def _read(found: dict[str, Any], stop: str) -> Reading:
    message = as_object(found.get("message"))
    outcome, said, finish = _FINISH.get(stop, ("answered", "answered", stop.lower()))
    pieces = map(as_object, as_list(message.get("content")))
    text = "".join(as_text(piece.get("text")) for piece in pieces)
    answer = Answer(
        outcome=said,
        text=text,
        tool_calls=tuple(_calls(message)),
        finish_reason=finish,
        response_id=as_text(found.get("id")),
        usage=usage.of_cohere(found.get("usage")),
    )
    return Reading(outcome=outcome, answer=answer)


def _calls(message: dict[str, Any]) -> Iterator[ToolCall]:
    for call in map(as_object, as_list(message.get("tool_calls"))):
        function = as_object(call.get("function"))
        if name := as_text(function.get("name")):
            arguments = json_text(function.get("arguments"))
            yield ToolCall(name=name, arguments=arguments, id=as_text(call.get("id")))
