"""Chunks of `generateContent` -> the response that they add up to.

Source: Gemini API reference, v1beta, as of 2026.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from snaptrace.streams.joining import MOST_PARTS, JoinedText
from snaptrace.streams.lenient_json import lenient
from snaptrace.streams.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    mended_object,
)


def chunks(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the objects of a response that came as one, or as an array of them."""
    found = lenient(body)
    found = found if isinstance(found, list) else [found]
    return (chunk for chunk in found if isinstance(chunk, dict))


def joined(chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the response that its chunks add up to; `candidate` is the first one."""
    whole: dict[str, Any] = {}
    parts, index, stop = _JoinedParts(), None, ""
    for chunk in chunks:
        whole.update({k: v for k, v in chunk.items() if k != "candidates" and v})
        for candidate in map(as_object, as_list(chunk.get("candidates"))):
            its_index = as_count(candidate.get("index")) or 0
            if index is None or its_index < index:
                parts, index, stop = _JoinedParts(), its_index, ""
            if its_index == index:
                parts.add(_parts(candidate))
                stop = as_text(candidate.get("finishReason")) or stop
    if index is not None and not parts.too_many:
        whole["candidate"] = {"parts": parts.whole(), "finishReason": stop}
        if stop:
            whole.pop("error", None)  # it came after the answer
    return mended_object(whole)


class _JoinedParts:
    """The parts of one candidate; texts that follow each other are one."""

    def __init__(self) -> None:
        self._parts: list[dict[str, Any] | JoinedText] = []
        self.too_many = False

    def add(self, parts: Iterable[dict[str, Any]]) -> None:
        """Take in the parts of the next chunk; thoughts are no part of an answer."""
        for part in parts:
            if part.get("thought"):
                continue
            last = self._parts[-1] if self._parts else None
            if not isinstance(part.get("text"), str):
                self._append(part)
            elif isinstance(last, JoinedText):
                last.add(part["text"])
            else:
                self._append(JoinedText(part["text"]))

    def _append(self, part: dict[str, Any] | JoinedText) -> None:
        self.too_many |= len(self._parts) >= MOST_PARTS
        if not self.too_many:
            self._parts.append(part)

    def whole(self) -> list[dict[str, Any]]:
        """Return the parts as an unstreamed answer has them."""
        return [
            {"text": p.whole} if isinstance(p, JoinedText) else p for p in self._parts
        ]


def _parts(candidate: dict[str, Any]) -> Iterator[dict[str, Any]]:
    content = as_object(candidate.get("content"))
    return (as_object(part) for part in as_list(content.get("parts")))
