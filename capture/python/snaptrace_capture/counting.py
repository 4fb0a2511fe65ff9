"""Counters of what was captured and what was not, and why.

They are kept here and told through OpenTelemetry's metrics, where the application has
them.
"""

from __future__ import annotations

import logging
import threading

from opentelemetry import metrics

from snaptrace_capture.version import VERSION

_log = logging.getLogger("snaptrace_capture")

CAPTURED = "captured"
REASONS = (
    "too_large",  # a request beyond the bound
    "no_room",  # too many bytes wait for export
    "body_unread",  # a request body that can be read once only
    "response_cut",  # captured, but the response only in part
    "failed",  # an error of this package
)


class Counts:
    """Numbers by outcome; they only grow. Safe for use by any thread."""

    def __init__(self) -> None:
        self.after_fork()
        self._counts = dict.fromkeys((CAPTURED, *REASONS), 0)
        self._counter = metrics.get_meter("snaptrace.capture", VERSION).create_counter(
            "snaptrace.capture.calls",
            unit="{call}",
            description="Model calls seen by the capture, by outcome.",
        )

    def after_fork(self) -> None:
        """Take a lock of its own: another thread may have had it, and is not here."""
        self._lock = threading.Lock()

    def add(self, outcome: str) -> None:
        """Count one call."""
        with self._lock:
            self._counts[outcome] += 1
        self._counter.add(1, {"outcome": outcome})

    def failed(self) -> None:
        """Count an error of this package; the first one is logged, without content."""
        try:
            first = not self._counts["failed"]
            self.add("failed")
            if first:
                _log.debug("a model call could not be captured", exc_info=True)
        except Exception:
            return

    def as_dict(self) -> dict[str, int]:
        """Return a copy of the numbers."""
        with self._lock:
            return dict(self._counts)
