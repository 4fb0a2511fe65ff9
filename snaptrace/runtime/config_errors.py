"""Mistakes of a configuration: the whole key, the value, and what was meant."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

_ANY = "[...]"  # how msgspec names an entry of a mapping


def explain(
    section: str,
    value: object,
    message: str,
    fails: Callable[[object], str],
    schema: type[Any],
) -> tuple[str, str]:
    """Return key path and reason for a message of msgspec.

    `fails` converts a part of the section and returns its message: it tells which
    entry of a mapping is meant.
    """
    why, _, place = message.partition(" - at `")
    tokens = re.findall(r"\[\.\.\.\]|[^.\[\]$]+", place.rstrip("`"))
    path, here = _located(value, tokens, message, fails)
    if unknown := re.search(r"unknown field `([^`]+)`", why):
        key = ".".join([section, *path, unknown[1]])
        near = get_close_matches(unknown[1], _names(inspect.type_info(schema)), 1)
        return key, "no such key" + (f"; did you mean {near[0]}?" if near else "")
    shown = "" if isinstance(here, dict | list) else f" (is {here!r})"
    return ".".join([section, *path]), why[0].lower() + why[1:] + shown


def _located(
    value: object, tokens: list[str], message: str, fails: Callable[[object], str]
) -> tuple[list[str], object]:
    """Return the keys that lead to the place, and what stands there."""
    path: list[str] = []
    here: object = value
    for token in tokens:
        if token == _ANY and isinstance(here, dict):
            token = next(  # noqa: PLW2901 - the entry that it stands for
                (
                    key
                    for key, entry in here.items()
                    if fails(_only(value, path, key, entry)) == message
                ),
                next(iter(here), "NAME"),
            )
        path.append(str(token))
        if isinstance(here, dict):
            here = here.get(token)
        elif isinstance(here, list) and token.isdigit() and int(token) < len(here):
            here = here[int(token)]
        else:
            break
    return path, here


def _only(value: object, path: list[str], key: str, entry: object) -> object:
    """Return the section with a single entry in the mapping at `path`."""
    if not path:
        return {key: entry}
    if not isinstance(value, dict):
        return value
    inner = _only(value.get(path[0]), path[1:], key, entry)
    return {**value, path[0]: inner}


def _names(kind: inspect.Type, seen: frozenset[type] = frozenset()) -> Iterator[str]:
    """Yield every key of a configuration's Structs."""
    if isinstance(kind, inspect.StructType) and kind.cls not in seen:
        for field in kind.fields:
            yield field.encode_name
            yield from _names(field.type, seen | {kind.cls})
    elif isinstance(kind, inspect.DictType):
        yield from _names(kind.value_type, seen)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield from _names(kind.item_type, seen)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _names(each, seen)
