"""JSON inside attribute values: decoded once or twice, bounded, and never trusted."""

import re
from typing import Any, NamedTuple

import msgspec

from collector.otlp import json_reader
from collector.recognise.record import Value
from snaptrace.snapshot.json_values import as_list, as_text
from snaptrace.snapshot.json_values import as_object as as_dict

__all__ = ("as_dict", "as_list", "as_text")  # handed on, beside what follows

_NESTS = (dict, list)
# What JavaScript (half a pair) and Python (NaN, control signs) write and JSON has not.
_ODD = re.compile(r"\\u[dD][89a-fA-F]|[:\[, ]-?(?:NaN|Infinity)\b|[\x00-\x1f]")
_DEPTH_MAX = 64  # of what is walked later; real bodies stay below twenty
_BRACKETS_MAX = 500_000  # each becomes an object; so does what a comma divides
_COMMAS_MAX = 4_000_000
_SHORT = 2_048  # characters
_TEXT_MAX = 64 * 1024 * 1024  # characters of one value


class Loaded(NamedTuple):
    """A decoded value, or the sign that it was cut."""

    value: Any
    broken: bool = False  # looked like JSON and is none: cut at a limit, most often


ABSENT = Loaded(None)
_BROKEN = Loaded(None, broken=True)


def loads(value: Value) -> Loaded:
    """Return a value that may be JSON text, or JSON text within JSON text."""
    if value is None:
        return ABSENT
    if not isinstance(value, str):
        return _bounded(value)
    text = value.lstrip()
    if not text:
        return ABSENT
    if text[0] not in '{["':
        return Loaded(value)
    if len(text) > _BRACKETS_MAX and _is_bomb(text):
        return _BROKEN
    try:
        found = _decoded(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _BROKEN
    if isinstance(found, str) and found[:1] in ("{", "["):
        try:
            found = _decoded(found)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return Loaded(found)
        return _bounded(found)
    # No text nests deeper than it has brackets. To count them costs by the character,
    # to walk by the object: long texts are mostly prose.
    if len(text) < _SHORT and text.count("{") + text.count("[") <= _DEPTH_MAX:
        return Loaded(found)
    return _bounded(found)


def _decoded(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        # A text that was cut is the usual case, and not worth a second look.
        if _ODD.search(text) is None:
            raise
    return json_reader.decode(text.encode(errors="replace"))


def _is_bomb(text: str) -> bool:
    """Detect JSON that would take memory of many times its size, or any amount."""
    return (
        len(text) > _TEXT_MAX
        or text.count("{") + text.count("[") > _BRACKETS_MAX
        or text.count(",") > _COMMAS_MAX
    )


def loads_any(value: Value) -> Loaded:
    """Return a value where every one is JSON text, numbers and words included."""
    if isinstance(value, str) and value[:1] not in ("{", "[", '"', ""):
        try:
            return Loaded(msgspec.json.decode(value))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return Loaded(value)
    return loads(value)


def _bounded(value: Any) -> Loaded:  # noqa: ANN401 - any JSON
    return Loaded(value) if depth_within(value, _DEPTH_MAX) else _BROKEN


def depth_within(value: Any, limit: int) -> bool:  # noqa: ANN401 - any JSON
    """Return whether no list or object nests deeper than `limit`. Not recursive."""
    level = [value] if type(value) in _NESTS else []
    for _ in range(limit):
        if not level:
            return True
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) in _NESTS
        ]
    return not level


def as_count(value: Any) -> int | None:  # noqa: ANN401 - any JSON
    """Return a count that may have come as float or text; None where it is none."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:18])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else None


def dumps(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Return JSON text as a model API takes it."""
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return ""
