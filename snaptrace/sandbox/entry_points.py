"""Loads foreign code by name; called only inside a confined process."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any


def loaded(group: str, name: str) -> Any:  # noqa: ANN401 - foreign code
    """Return what an entry point of `group` names, or what `module:name` does.

    Raises:
        LookupError: neither an entry point nor of that form.
        ImportError: the module cannot be loaded.
        AttributeError: the module has no such name.
    """
    for point in entry_points(group=group, name=name):
        return point.load()
    module, colon, path = name.partition(":")
    if not colon:
        raise LookupError(f"no entry point {name!r} in {group}")
    found: Any = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found
