"""Events of the Messages API -> the message that they add up to.

Source: Anthropic API reference, messages, version header 2023-06-01, as of 2026.
"""

from collections.abc import Iterable
from typing import Any

from snaptrace.streams.joining import MOST_PARTS, JoinedText
from snaptrace.streams.lenient_json import lenient, mended_text
from snaptrace.streams.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    mended_object,
)


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
