"""What an API's stand-in says, and what all of them decide alike.

Deterministic: a tool is called where tools are offered and none has answered yet, and
a schema gets a fitting object.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

TEXT = "Paris is the capital of France."
TOKENS_IN, TOKENS_OUT = 21, 7
_TOLD = (
    '"role": "tool"',
    "tool_result",
    "toolResult",
    "function_call_output",
    "functionResponse",
    "function_response",
)
_DEPTH = 5

Json = dict[str, Any]


class Route(NamedTuple):
    """One way of an API."""

    path: str  # a regular expression, searched in the path
    whole: Callable[[Json, str], Json]  # body and path -> the whole answer
    # The answer as the API streams it; None where it does not.
    streamed: Callable[[Json], bytes] | None = None
    asks_stream: Callable[[Json, str], bool] = lambda body, _: bool(body.get("stream"))
    content_type: str = "text/event-stream"


class Told(NamedTuple):
    """What the model says: text, or a tool's call."""

    text: str
    tool: str = ""
    arguments: Json | None = None


def said(body: Json, tools: list[tuple[str, Any]], schema: Any = None) -> Told:
    """Return the answer to a conversation with these tools, by name and schema."""
    history = json.dumps(body)
    if tools and not any(sign in history for sign in _TOLD):
        name, parameters = tools[0]
        return Told("", name, sample(parameters) or {})
    if schema:
        return Told(json.dumps(sample(schema)))
    return Told(TEXT)


def sample(schema: Any, depth: int = 0) -> Any:
    """Return a value that fits a schema."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return {}
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = str(kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        return {
            name: sample(inner, depth + 1)
            for name, inner in (schema.get("properties") or {}).items()
        }
    if kind == "array":
        return [sample(schema.get("items") or {}, depth + 1)]
    return {"integer": 2, "number": 0.5, "boolean": True}.get(kind, "Paris")


def events(rows: list[tuple[str, Any]]) -> bytes:
    """Return rows of event name and data as server-sent events."""
    lines = []
    for name, data in rows:
        head = f"event: {name}\n" if name else ""
        text = data if isinstance(data, str) else json.dumps(data)
        lines.append(f"{head}data: {text}\n\n")
    return "".join(lines).encode()
