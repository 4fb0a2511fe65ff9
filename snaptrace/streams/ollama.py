"""Lines of Ollama's own endpoints -> the response that they add up to.

Source: Ollama API reference and its OpenAPI document 0.1.0, as of 2026.
"""

from collections.abc import Iterator
from typing import Any

from snaptrace.streams.lenient_json import lenient, mended_text
from snaptrace.streams.values import as_list, as_object, as_text, mended_object


def objects(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the object of each line that is one."""
    for line in body.splitlines():
        found = lenient(line)
        if isinstance(found, dict):
            yield found


def joined(body: bytes) -> dict[str, Any]:
    """Return the response that its lines add up to; empty where the end is missing."""
    lines = list(objects(body))
    if not lines or lines[-1].get("done") is not True:
        return {}
    messages = [as_object(line.get("message")) for line in lines]
    text = "".join(
        as_text(line.get("response")) or as_text(message.get("content"))
        for line, message in zip(lines, messages, strict=True)
    )
    calls = [
        call for message in messages for call in as_list(message.get("tool_calls"))
    ]
    message = {"role": "assistant", "content": mended_text(text), "tool_calls": calls}
    return mended_object({**lines[-1], "message": message})
