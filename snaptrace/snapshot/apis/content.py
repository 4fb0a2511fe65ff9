"""Content shared by several APIs: nothing, a text, or a list of typed parts."""

from collections.abc import Callable

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
