"""Time budget of redacting one call, in processor time.

Patterns are linear, but a text can be made of what costs them most, and a document can
be made of such texts. Who spends the time loses the call, and nobody else waits.
"""

import time
from collections.abc import Callable


class BudgetSpentError(Exception):
    """The call costs too much; it must not be kept unredacted."""


class WorkBudget:
    """Time that is spent from `start` on. Without a start it never ends."""

    def __init__(self, seconds: Callable[[], float] = time.thread_time) -> None:
        """Measure with `seconds`, the processor time of this thread by default."""
        self._seconds = seconds
        self._ends_at = float("inf")

    def start(self, seconds: float) -> None:
        """Allow so much from now on."""
        self._ends_at = self._seconds() + seconds

    def check(self) -> None:
        """Go on or raise.

        Raises:
            BudgetSpentError: the time is over.
        """
        if self._seconds() > self._ends_at:
            raise BudgetSpentError
