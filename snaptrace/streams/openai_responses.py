"""Events of the Responses API -> the response that they add up to.

Source: OpenAI API reference, responses, as of 2026.
"""

from typing import Any

from snaptrace.streams import sse
from snaptrace.streams.joining import MOST_PARTS, JoinedText
from snaptrace.streams.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    mended_object,
)

_ENDS = (
    "response.completed",
    "response.incomplete",
    "response.failed",
    "response.done",
)
CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
# Events whose deltas are the text of an item, or the arguments of a call.
_GROWING = frozenset(
    {
        "response.output_text",
        "response.function_call_arguments",
        "response.custom_tool_call_input",
    }
)


def joined(body: bytes) -> dict[str, Any]:
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
        if kind in CALLS:
            return {**item, CALLS[kind]: text.whole or item.get(CALLS[kind])}
        return {**item, "type": kind, "content": [{"text": text.whole}]}
