"""Asks the application's SDK to export early, on a thread of its own.

Bodies are much larger than what an SDK's queue is made for: waiting out its interval
would fill the bound at a few calls a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

_TIMEOUT_MS = 10_000


class Flusher:
    """One thread, started when it is needed first, that flushes when asked."""

    def __init__(self, provider: Callable[[], TracerProvider]) -> None:
        self._provider = provider
        self.after_fork()

    def after_fork(self) -> None:
        """Begin anew: a fork leaves threads behind."""
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._is_running = False

    def ask(self) -> None:
        """Have what waits exported soon; return at once."""
        if not self._is_running:
            with self._lock:
                if not self._is_running:
                    thread = threading.Thread(
                        target=self._run, name="snaptrace-capture", daemon=True
                    )
                    thread.start()
                    self._is_running = True
        self._asked.set()

    def _run(self) -> None:
        asked = self._asked
        while True:
            asked.wait()
            asked.clear()
            flush = getattr(self._provider(), "force_flush", None)
            if flush is None:
                continue
            try:
                flush(_TIMEOUT_MS)
            except Exception:  # noqa: S112 - an exporter's error is its own
                continue
