"""Messages of an event stream of InvokeModel -> the model's own answer.

Source: Amazon Bedrock API reference, InvokeModelWithResponseStream, as of 2026.
"""

from typing import Any

from snaptrace.streams import anthropic_messages, aws_eventstream
from snaptrace.streams.bedrock_converse import FAILURES
from snaptrace.streams.values import as_text


def joined(body: bytes) -> dict[str, Any]:
    """Return the answer that a finished stream adds up to: Claude's or Llama's.

    One that failed is `failed`: the event, and its kind.
    """
    chunks: list[dict[str, Any]] = []
    for kind, event in aws_eventstream.events(body):
        if kind in FAILURES:
            return {"failed": {"kind": kind, "event": event}}
        chunks.append(aws_eventstream.chunk(event))
    if not any("generation" in chunk for chunk in chunks):
        return anthropic_messages.joined(chunks)
    whole: dict[str, Any] = {}
    for chunk in chunks:
        whole |= {key: value for key, value in chunk.items() if value is not None}
    text = "".join(as_text(chunk.get("generation")) for chunk in chunks)
    return {**whole, "generation": text}
