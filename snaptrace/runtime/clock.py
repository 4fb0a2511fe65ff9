"""Injectable clocks."""

import time
from typing import Protocol


class Clock(Protocol):
    """Reads time; never waits. Waiting is left to the event loop."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds; may jump either way."""
        ...

    def monotonic_seconds(self) -> float:
        """Monotonic seconds since an arbitrary start."""
        ...


class SystemClock:
    """The system's clocks."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds; may jump either way."""
        return time.time_ns()

    def monotonic_seconds(self) -> float:
        """Monotonic seconds since an arbitrary start."""
        return time.monotonic()
