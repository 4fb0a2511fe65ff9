"""Counts the bytes that wait for export, and refuses what would be too many.

A body is released when the SDK drops the span that holds it, exported or not. That is
seen through a weak reference, so it needs no part in the application's pipeline.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_REFERENCES_MAX = 65_536


class HeldBytes:
    """Bytes reserved and not released yet. Safe for use by any thread."""

    def __init__(self, limit: int, on_half: Callable[[], None]) -> None:
        """Call `on_half` whenever more than half of `limit` is held."""
        self._limit, self._on_half = limit, on_half
        self.after_fork()
        # Filled by callbacks of the garbage collector, which may run anywhere, also
        # while this thread has the lock: appending is all that they may do.
        self._released: deque[int] = deque()
        self._references: dict[int, weakref.ref[object]] = {}

    def after_fork(self) -> None:
        """Begin anew: another thread may have had the lock, and it is not here."""
        self._lock = threading.Lock()
        self._held = 0

    @property
    def held(self) -> int:
        """Return the bytes that wait now."""
        with self._lock:
            self._settle()
            return self._held

    def reserve(self, size: int) -> bool:
        """Take `size` bytes; False where there is no room for them."""
        with self._lock:
            self._settle()
            fits = self._held + size <= self._limit
            if fits:
                self._held += size
            is_high = not fits or self._held > self._limit // 2
        if is_high:
            self._on_half()
        return fits

    def release(self, size: int) -> None:
        """Give back bytes that no span will hold."""
        self._released.append(size)

    def release_with(self, holder: object, size: int) -> None:
        """Give back the bytes once `holder` is gone."""
        released, references = self._released, self._references
        key = id(holder)

        def gone(_: object) -> None:
            references.pop(key, None)
            released.append(size)

        if len(references) >= _REFERENCES_MAX:
            released.append(size)
            return
        try:
            references[key] = weakref.ref(holder, gone)
        except TypeError:
            released.append(size)

    def _settle(self) -> None:
        while self._released:
            self._held -= self._released.popleft()
