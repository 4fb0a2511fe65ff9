"""Losses as instrumentations make them, done to a rebuilt request body."""

import copy
from collections.abc import Callable
from typing import Any

from snaptrace.snapshot.model import Json, MediaRef

_SYSTEM = ("system", "instructions", "systemInstruction", "system_instruction")
_TURNS = ("messages", "input", "contents")
_IMAGES = ("image", "image_url", "input_image", "inlineData", "inline_data")
Body = dict[str, Any]


def without_system(body: Body) -> Body | None:
    """Return the body without its system prompt; None if it has none."""
    found = {k: v for k, v in body.items() if k not in _SYSTEM or not v}
    for name in _TURNS:
        if isinstance(turns := found.get(name), list):
            found[name] = [t for t in turns if _role(t) not in ("system", "developer")]
    return _changed(body, found)


def without_a_tool(body: Body) -> Body | None:
    """Return the body without its last tool."""
    found = copy.deepcopy(body)
    for holder in (found, found.get("toolConfig")):
        if isinstance(holder, dict) and isinstance(holder.get("tools"), list):
            tools = holder["tools"]
            inner = tools[-1] if tools else None
            declared = isinstance(inner, dict) and inner.get("functionDeclarations")
            (declared or tools)[-1:] = []
    return _changed(body, found)


def with_history_cut(body: Body) -> Body | None:
    """Return the body with the first half of its turns gone, the last one kept."""
    found = dict(body)
    for name in _TURNS:
        if isinstance(turns := found.get(name), list):
            head = [t for t in turns if _role(t) in ("system", "developer")]
            rest = [t for t in turns if t not in head]
            if len(rest) > 1:
                found[name] = head + rest[len(rest) // 2 :]
    return _changed(body, found)


def without_an_image(body: Body) -> Body | None:
    """Return the body without its first image part."""
    found = copy.deepcopy(body)
    stack: list[Any] = [found.get(name) for name in _TURNS]
    while stack:
        value = stack.pop(0)
        if isinstance(value, list):
            for place, item in enumerate(value):
                if _is_image(item):
                    del value[place]
                    return found
            stack += value
        elif isinstance(value, dict):
            stack += [v for v in value.values() if isinstance(v, dict | list)]
    return None


LOSSES: dict[str, Callable[[Body], Body | None]] = {
    "system prompt dropped": without_system,
    "tool dropped": without_a_tool,
    "history cut": with_history_cut,
    "image dropped": without_an_image,
}


def _is_image(item: object) -> bool:
    if not isinstance(item, dict):
        return False
    named = item.get("type") in _IMAGES or any(name in item for name in _IMAGES)
    return named and any(_holds_ref(value) for value in item.values())


def _holds_ref(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_holds_ref(inner) for inner in value.values())
    return isinstance(value, MediaRef)


def _role(turn: object) -> str:
    return str(turn.get("role", "")) if isinstance(turn, dict) else ""


def _changed(before: Body, after: Body) -> Body | None:
    return None if after == before else after
