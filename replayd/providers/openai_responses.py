"""OpenAI Responses and servers that speak it.

Source: OpenAI API reference, responses, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire.faults import fault, fault_in_answer
from replayd.providers.wire.json_post import JsonPost
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    ToolCall,
)
from snaptrace.streams import openai_responses as streamed
from snaptrace.streams import sse, usage
from snaptrace.streams.values import (
    as_list,
    as_object,
    as_text,
    decoded,
    json_text,
)


class OpenAiResponses(JsonPost):
    """See `contract.Provider`."""

    name = "openai_responses"

    def fit(self, body: Body, model: str, overrides: Overrides) -> Body:
        """Return the body with the arm's model; storage is on by default there."""
        body |= {"model": model, "store": False}
        if overrides.stream:
            body["stream"] = True
        if overrides.system is not None:
            body["instructions"] = overrides.system
        return body

    def read(self, status: int, headers: dict[str, str], body: bytes) -> Reading:
        """Type a response, streamed or not."""
        if status != HTTPStatus.OK:
            return fault(status, body)
        found = streamed.joined(body) if sse.is_stream(headers, body) else decoded(body)
        if found and (found.get("status") == "failed" or found.get("error")):
            return fault_in_answer(found.get("error") or "")
        if not found or not isinstance(found.get("output"), list):
            return Reading(outcome="malformed", detail="no_output")
        return _read(found)


def _read(found: dict[str, Any]) -> Reading:
    parts = [part for item in _items(found, "message") for part in _parts(item)]
    refusal = "".join(as_text(p.get("refusal")) for p in parts)
    outcome, said, finish = _end(found)
    if refusal:
        outcome, said = "refused", "refused"
    calls = tuple(_calls(found))
    model = as_text(found.get("model"))
    answer = Answer(
        outcome=said,
        text="".join(as_text(p.get("text")) for p in parts),
        tool_calls=calls,
        refusal=refusal,
        finish_reason="tool_calls" if calls and finish == "stop" else finish,
        model=model,
        response_id=as_text(found.get("id")),
        usage=usage.of_responses(found.get("usage")),
    )
    return Reading(outcome=outcome, answer=answer, served_model=model)


def _end(found: dict[str, Any]) -> tuple[Outcome, AnswerOutcome, str]:
    if found.get("status") != "incomplete":
        return "answered", "answered", "stop"
    why = as_object(found.get("incomplete_details")).get("reason")
    if why == "content_filter":
        return "refused", "filtered", "content_filter"
    return "truncated", "truncated", "length"


def _items(found: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for item in as_list(found.get("output")):
        if as_object(item).get("type") == kind:
            yield item


def _parts(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (as_object(part) for part in as_list(item.get("content")))


def _calls(found: dict[str, Any]) -> Iterator[ToolCall]:
    for kind, field in streamed.CALLS.items():
        for item in _items(found, kind):
            yield ToolCall(
                name=as_text(item.get("name")),
                arguments=json_text(item.get(field)),
                id=as_text(item.get("call_id")),
            )
