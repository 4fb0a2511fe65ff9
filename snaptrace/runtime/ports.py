"""The addresses that a program bound, for whoever started it."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path


class Ports:
    """The bound addresses, written as JSON once everything serves."""

    def __init__(self, path: str | None) -> None:
        self._path, self._bound = path, dict[str, str]()

    def bound(self, name: str) -> Callable[[str], None]:
        """Return what a server calls with its address."""
        return partial(self._bound.__setitem__, name)

    def write(self) -> None:
        """Write the file whole, so that a reader never sees half of it."""
        if self._path is not None:
            target = Path(self._path)
            staged = target.with_name(target.name + ".part")
            staged.write_text(json.dumps(self._bound), encoding="utf-8")
            staged.replace(target)
