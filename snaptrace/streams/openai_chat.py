"""Chunks of Chat Completions -> the response that they add up to.

Source: OpenAI API reference, chat completions, as of 2026.
"""

from typing import Any

from snaptrace.streams import sse
from snaptrace.streams.joining import JoinedCalls, JoinedSound, JoinedText
from snaptrace.streams.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    json_text,
    mended_object,
)

_THOUGHTS = frozenset({"reasoning", "thinking"})


class _JoinedChoice:
    """State of one choice, built from chunks."""

    def __init__(self) -> None:
        self.content, self.refusal = JoinedText(), JoinedText()
        self.transcript, self.sound = JoinedText(), JoinedSound()
        self.calls = JoinedCalls()
        self.old_name, self.old_arguments = "", JoinedText()
        self.finish = ""

    def add(self, choice: dict[str, Any]) -> None:
        """Take in the next piece, or a whole message in its place."""
        self.finish = as_text(choice.get("finish_reason")) or self.finish
        delta, message = (
            as_object(choice.get("delta")),
            as_object(choice.get("message")),
        )
        self._add_delta(delta)
        if _says(delta) or not message:
            self.content.add("" if delta else as_text(choice.get("text")))
            return
        text = message_text(message.get("content"))
        self.content.take_whole(text)
        self._add_delta({**message, "content": None})

    def _add_delta(self, delta: dict[str, Any]) -> None:
        self.content.add(message_text(delta.get("content")))
        self.refusal.add(as_text(delta.get("refusal")) or part_refusal(delta))
        for piece in as_list(delta.get("tool_calls")):
            self.calls.add(as_object(piece))
        audio = as_object(delta.get("audio"))
        self.transcript.add(as_text(audio.get("transcript")))
        self.sound.add(as_text(audio.get("data")))
        if old := as_object(delta.get("function_call")):
            name = as_text(old.get("name"))
            self.old_name += name if name != self.old_name else ""
            given = old.get("arguments")
            self.old_arguments.add("" if given is None else json_text(given))

    def whole(self) -> dict[str, Any]:
        """Return the choice as it would have come unstreamed."""
        message = {
            "content": self.content.whole,
            "refusal": self.refusal.whole,
            "tool_calls": self.calls.as_messages(),
            "audio": {"transcript": self.transcript.whole, "data": self.sound.whole},
        }
        if self.old_name:
            arguments = self.old_arguments.whole
            message["function_call"] = {"name": self.old_name, "arguments": arguments}
        return {"message": message, "finish_reason": self.finish}


def _says(delta: dict[str, Any]) -> bool:
    """Detect a delta that holds something; some send an empty one beside a message."""
    return any(value for key, value in delta.items() if key != "role")


def joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of chunks adds up to."""
    whole: dict[str, Any] = {}
    joined, index, over = _JoinedChoice(), None, False
    for chunk in sse.events(body):
        over = over or chunk.get("type") == sse.DONE
        whole.update({k: v for k, v in chunk.items() if k != "choices" and v})
        for choice in map(as_object, as_list(chunk.get("choices"))):
            its_index = as_count(choice.get("index")) or 0
            if index is None or its_index < index:
                joined, index = _JoinedChoice(), its_index
            if its_index == index:  # of several choices the first is the answer
                joined.add(choice)
    # Without an end the stream was cut.
    if index is not None and (joined.finish or over) and not joined.calls.too_many:
        whole["choices"] = [joined.whole()]
        if joined.finish:
            whole.pop("error", None)  # it came after the answer
    return mended_object(whole)


def message_text(content: object) -> str:
    """Return a message's text, whether it came whole or in parts; no reasoning."""
    if isinstance(content, str):
        return content
    parts = map(as_object, as_list(content))
    return "".join(
        as_text(part.get("text")) for part in parts if part.get("type") not in _THOUGHTS
    )


def part_refusal(message: dict[str, Any]) -> str:
    """Return the refusal that stands among a message's parts; "" for none."""
    parts = as_list(message.get("content"))
    return "".join(as_text(as_object(p).get("refusal")) for p in parts)
