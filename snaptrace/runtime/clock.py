"""Time as a value that is handed in, so that a test can hand in another."""

import time
from typing import Protocol


class Clock(Protocol):
    """Reads time; never waits. Waiting is the event loop's business."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds; may jump either way."""
        ...

    def monotonic_seconds(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds; may jump either way."""
        return time.time_ns()

    def monotonic_seconds(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        return time.monotonic()
