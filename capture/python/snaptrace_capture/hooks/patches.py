"""Functions of a library that are replaced, and put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Patch(NamedTuple):
    """One replaced function."""

    owner: Any
    name: str
    original: Callable[..., Any]

    def undo(self) -> None:
        """Put the library's own function back, unless somebody else is around it."""
        if getattr(getattr(self.owner, self.name), "snaptrace_capture", False):
            setattr(self.owner, self.name, self.original)


def replace(owner: Any, name: str, new: Callable[..., Any]) -> Patch:
    """Put `new` in the place of the owner's function; it calls the original itself."""
    original = getattr(owner, name)
    new.snaptrace_capture = True  # type: ignore[attr-defined]
    setattr(owner, name, new)
    return Patch(owner, name, original)
