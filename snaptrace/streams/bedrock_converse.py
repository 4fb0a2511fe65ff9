"""Messages of an event stream of Converse -> the response that they add up to.

Source: Amazon Bedrock API reference, ConverseStream, as of 2026.
"""

from typing import Any

from snaptrace.streams import aws_eventstream
from snaptrace.streams.joining import MOST_PARTS, JoinedText
from snaptrace.streams.values import (
    as_count,
    as_object,
    as_text,
    mended_object,
)

# A failure after the head of a stream was sent: its name, and the status it would have.
FAILURES: dict[str, int] = {
    "internalServerException": 500,
    "modelStreamErrorException": 500,
    "serviceUnavailableException": 503,
    "modelTimeoutException": 408,
    "throttlingException": 429,
    "validationException": 400,
}


def joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream adds up to.

    One that failed is `failed`: the event, and its kind.
    """
    blocks: dict[int, _Block] = {}
    whole: dict[str, Any] = {}
    for kind, event in aws_eventstream.events(body):
        if kind in FAILURES:
            return {"failed": {"kind": kind, "event": event}}
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


class _Block:
    """One content block of a stream: its text, or a call and the call's input."""

    def __init__(self) -> None:
        self.call: dict[str, Any] = {}
        self.text, self.input = JoinedText(), JoinedText()

    def whole(self) -> dict[str, Any]:
        if self.call:
            return {"toolUse": {**self.call, "input": self.input.whole or {}}}
        return {"text": self.text.whole}
