"""OpenAI Responses and servers that speak it.

Source: OpenAI API reference, responses, as of 2026.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from replayd.model import Outcome
from replayd.providers.contract import Overrides, Reading
from replayd.providers.preparation.prepare import Body
from replayd.providers.wire import sse
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
from snaptrace.snapshot.model import (
    Answer,
    AnswerOutcome,
    ToolCall,
    Usage,
)

_ENDS = (
    "response.completed",
    "response.incomplete",
    "response.failed",
    "response.done",
)
_CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
# Events whose deltas are the text of an item, or the arguments of a call.
_GROWING = frozenset(
    {
        "response.output_text",
        "response.function_call_arguments",
        "response.custom_tool_call_input",
    }
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
        found = _joined(body) if sse.is_stream(headers, body) else decoded(body)
        if found and (found.get("status") == "failed" or found.get("error")):
            return fault_in_answer(found.get("error") or "")
        if not found or not isinstance(found.get("output"), list):
            return Reading(outcome="malformed", detail="no_output")
        return _read(found)


def _joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of events adds up to.

    The last event holds it whole; where a server leaves its output out, the items are
    those of the events before.
    """
    items = _JoinedItems()
    found: dict[str, Any] = {}
    for event in sse.events(body):
        kind = as_text(event.get("type"))
        if kind in _ENDS or event.get("object") == "response":
            found = as_object(event.get("response")) or event
        elif kind == "error" or event.get("error"):
            return {"error": event.get("error") or event}
        else:
            items.add(kind, event)
    if found and not as_list(found.get("output")) and not items.too_many:
        found = {**found, "output": items.whole()}
    return mended_object(found)


class _JoinedItems:
    """The output items of one response, from their events."""

    def __init__(self) -> None:
        self._done: dict[int, dict[str, Any]] = {}
        self._begun: dict[int, dict[str, Any]] = {}
        self._texts: dict[int, JoinedText] = {}
        self.too_many = False

    def add(self, kind: str, event: dict[str, Any]) -> None:
        """Take in one event."""
        place = as_count(event.get("output_index")) or 0
        if max(len(self._begun), len(self._done), len(self._texts)) > MOST_PARTS:
            self.too_many = True
        elif kind == "response.output_item.added":
            self._begun[place] = as_object(event.get("item"))
        elif kind == "response.output_item.done":
            self._done[place] = as_object(event.get("item"))
        elif kind.endswith(".delta") and kind.removesuffix(".delta") in _GROWING:
            text = self._texts.setdefault(place, JoinedText())
            text.add(as_text(event.get("delta")))

    def whole(self) -> list[dict[str, Any]]:
        """Return the items in order, whole where they came whole."""
        places = sorted({*self._begun, *self._done, *self._texts})
        return [self._done.get(place) or self._item(place) for place in places]

    def _item(self, place: int) -> dict[str, Any]:
        item, text = self._begun.get(place, {}), self._texts.get(place, JoinedText())
        kind = item.get("type") or "message"
        if kind in _CALLS:
            return {**item, _CALLS[kind]: text.whole or item.get(_CALLS[kind])}
        return {**item, "type": kind, "content": [{"text": text.whole}]}


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
        usage=_usage(found.get("usage")),
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
    for kind, field in _CALLS.items():
        for item in _items(found, kind):
            yield ToolCall(
                name=as_text(item.get("name")),
                arguments=json_text(item.get(field)),
                id=as_text(item.get("call_id")),
            )


def _usage(value: object) -> Usage:
    usage = as_object(value)
    given = as_object(usage.get("input_tokens_details"))
    answered = as_object(usage.get("output_tokens_details"))
    return Usage(
        input_tokens=as_count(usage.get("input_tokens")),
        output_tokens=as_count(usage.get("output_tokens")),
        cached_tokens=as_count(given.get("cached_tokens")),
        reasoning_tokens=as_count(answered.get("reasoning_tokens")),
    )
