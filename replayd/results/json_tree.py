"""JSON as a tree with each leaf held against another value's. Pure, bounded."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from snaptrace.snapshot.model import Json

MOST_NODES: Final = 600
DEEPEST: Final = 12
LONGEST_LEAF: Final = 400  # characters

State = Literal["same", "changed", "added", "missing", "unknown"]
_ABSENT: Final = object()


class Node(Struct, frozen=True, kw_only=True):
    """One value: a leaf with text, or children."""

    name: str
    text: str = ""
    was: str = ""  # the other's text, where it differs
    state: State = "unknown"
    children: tuple["Node", ...] = ()


def tree(text: str, other: str | None = None) -> Node | None:
    """Return the tree of a JSON text against another's; None: it is no JSON."""
    value = _read(text)
    if value is _ABSENT:
        return None
    walk = _Walk(compared=other is not None)
    return walk.node("", value, _ABSENT if other is None else _read(other), 0)


def _read(text: str) -> Json:
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, RecursionError):
        return _ABSENT


class _Walk:
    """One walk through a value beside another; bounded over the whole tree."""

    def __init__(self, *, compared: bool) -> None:
        self._compared, self._left = compared, MOST_NODES

    def node(self, name: str, value: Json, other: Json, depth: int) -> Node:
        self._left -= 1
        state = self._state(value, other)
        mine = _parts(value)
        if not mine or depth >= DEEPEST or self._left <= 0:
            was = _text(other) if state == "changed" else ""
            return Node(name=name, text=_text(value), was=was, state=state)
        theirs = _parts(other)
        children = [
            self.node(key, part, theirs.get(key, _ABSENT), depth + 1)
            for key, part in mine.items()
            if self._left > 0
        ]
        if self._compared and type(other) is type(value):
            children += [
                Node(name=key, text=_text(part), state="missing")
                for key, part in theirs.items()
                if key not in mine
            ]
        return Node(name=name, children=tuple(children), state=state)

    def _state(self, value: Json, other: Json) -> State:
        if not self._compared:
            return "unknown"
        if other is _ABSENT:
            return "added"
        same = value == other and type(value) is type(other)
        return "same" if same else "changed"


def _parts(value: Json) -> dict[str, Json]:
    if isinstance(value, dict):
        return value
    pairs = enumerate(value) if isinstance(value, list) else ()
    return {str(at): part for at, part in pairs}


def _text(value: Json) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST_LEAF else text[:LONGEST_LEAF] + "…"
