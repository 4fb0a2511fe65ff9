"""Content shared by several APIs: nothing, a text, or a list of typed parts."""

from collections.abc import Callable
from typing import Any

from snaptrace.snapshot.conversation import GenericPart, Part, TextPart
from snaptrace.snapshot.model import Json


def content_parts(content: Json, parse: Callable[[Json], Part]) -> tuple[Part, ...]:
    """Return the parts of a content field; `parse` reads one of a list."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (TextPart(text=content),)
    if isinstance(content, list | tuple):
        return tuple(parse(part) for part in content)
    return (GenericPart(value=content),)


def joined_results(
    turns: list[Any], parts: str, only_results: Callable[[Json], bool]
) -> list[Any]:
    """Join neighbouring turns of tool results: one answers one assistant turn.

    `parts` is the field that holds a turn's content.
    """
    joined: list[Any] = []
    for turn in turns:
        last = joined[-1] if joined else None
        if last and only_results(last) and only_results(turn):
            last[parts] = [*last[parts], *turn[parts]]
        else:
            joined.append(turn)
    return joined
