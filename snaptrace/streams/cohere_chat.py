"""Events of Cohere's chat, v2 -> the response that they add up to.

Source: Cohere API reference, chat with streaming, v2, as of 2026.
"""

from typing import Any

from snaptrace.streams import sse
from snaptrace.streams.joining import MOST_PARTS, JoinedCalls, JoinedText
from snaptrace.streams.values import (
    as_count,
    as_object,
    as_text,
    mended_object,
)


def joined(body: bytes) -> dict[str, Any]:
    """Return the response that a finished stream of events adds up to."""
    whole: dict[str, Any] = {}
    texts: dict[int, JoinedText] = {}
    calls = JoinedCalls()
    for event in sse.events(body):
        delta = as_object(event.get("delta"))
        message = as_object(delta.get("message"))
        index, kind = as_count(event.get("index")) or 0, event.get("type")
        if kind == "message-start":
            whole["id"] = event.get("id")
        elif kind in ("content-start", "content-delta"):
            piece = as_text(as_object(message.get("content")).get("text"))
            texts.setdefault(index, JoinedText()).add(piece)
        elif kind in ("tool-call-start", "tool-call-delta"):
            calls.add({"index": index, **as_object(message.get("tool_calls"))})
        elif kind == "message-end":
            whole |= {
                "finish_reason": delta.get("finish_reason"),
                "usage": delta.get("usage"),
            }
    if "finish_reason" in whole:  # without one the stream was cut
        whole["message"] = {
            "content": [{"text": texts[index].whole} for index in sorted(texts)],
            "tool_calls": calls.as_messages(),
        }
    if calls.too_many or len(texts) > MOST_PARTS:
        return {}
    return mended_object(whole)
