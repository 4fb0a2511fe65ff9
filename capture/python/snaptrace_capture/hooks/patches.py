"""Functions of a library that are replaced, and put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Patch(NamedTuple):
    """One replaced function."""

    owner: Any
    name: str
    original: Callable[..., Any]
    new: Callable[..., Any]

    def undo(self) -> None:
        """Put the library's own function back, unless somebody else is around it."""
        if vars(self.owner).get(self.name) is self.new:
            setattr(self.owner, self.name, self.original)


def replace(owner: Any, name: str, new: Callable[..., Any]) -> Patch:
    """Put `new` in the place of the owner's function; it calls the original itself."""
    original = getattr(owner, name)
    setattr(owner, name, new)
    return Patch(owner, name, original, new)
