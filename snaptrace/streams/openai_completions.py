"""Chunks of text completions -> the response that they add up to.

Source: OpenAI API reference, completions, as of 2026.
"""

from typing import Any

from snaptrace.streams import sse
from snaptrace.streams.joining import JoinedText
from snaptrace.streams.openai_chat import message_text
from snaptrace.streams.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    mended_object,
)


def joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of chunks adds up to."""
    whole: dict[str, Any] = {}
    text, finish = JoinedText(), ""
    index, over = None, False
    for chunk in sse.events(body):
        over = over or chunk.get("type") == sse.DONE
        whole.update({k: v for k, v in chunk.items() if k != "choices" and v})
        for choice in map(as_object, as_list(chunk.get("choices"))):
            its_index = as_count(choice.get("index")) or 0
            if index is None or its_index < index:
                text, finish, index = JoinedText(), "", its_index
            if its_index == index:  # of several choices the first is the answer
                text.add(_text(choice))
                finish = as_text(choice.get("finish_reason")) or finish
    if index is not None and (finish or over):  # without an end the stream was cut
        whole["choices"] = [{"text": text.whole, "finish_reason": finish}]
        if finish:
            whole.pop("error", None)  # it came after the answer
    return mended_object(whole)


def _text(choice: dict[str, Any]) -> str:
    if isinstance(choice.get("text"), str):
        return as_text(choice["text"])
    delta = as_object(choice.get("delta")) or as_object(choice.get("message"))
    return message_text(delta.get("content"))
