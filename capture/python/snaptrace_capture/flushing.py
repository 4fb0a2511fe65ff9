"""Asks the application's SDK to export early, on a thread of its own.

Bodies are much larger than what an SDK's queue is made for: waiting out its interval
would fill the bound at a few calls a second.
"""

from __future__ import annotations

import os
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
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._process = 0  # in which the thread runs: a fork leaves threads behind

    def ask(self) -> None:
        """Have what waits exported soon; return at once."""
        if self._asked.is_set() and self._process == os.getpid():
            return
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._asked = threading.Event()
                    thread = threading.Thread(
                        target=self._run, name="snaptrace-capture", daemon=True
                    )
                    thread.start()
                    self._process = os.getpid()
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
