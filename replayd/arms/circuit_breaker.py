"""When an arm is away, both are left alone: dispatch pauses and knocks. Pure.

A pause costs nothing but time; going on would fill the evidence with missing answers
of an arm that nobody could have asked.
"""

from collections import deque

from replayd.arms.outcomes import is_outage
from replayd.model import PairAnswers

LOOKED_BACK_PAIRS = 20
FEWEST_PAIRS = 8  # before a share of failures says anything
PAUSE_SHARE = 0.5  # of an arm's last answers
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0


class CircuitBreaker:
    """Failures of both arms in the last pairs, and the pauses they call for."""

    def __init__(self) -> None:
        self._canary: deque[bool] = deque(maxlen=LOOKED_BACK_PAIRS)
        self._control: deque[bool] = deque(maxlen=LOOKED_BACK_PAIRS)
        self._pauses = 0
        self._open_at = 0.0

    @property
    def paused(self) -> str:
        """Return which arm holds dispatch up: canary, control or ""."""
        for name, seen in (("canary", self._canary), ("control", self._control)):
            if len(seen) >= FEWEST_PAIRS and sum(seen) > PAUSE_SHARE * len(seen):
                return name
        return ""

    def saw(self, answers: PairAnswers, now: float) -> None:
        """Take in one pair, at a monotonic time in seconds."""
        canary = is_outage(answers.canary.outcome, answers.canary.detail)
        control = answers.control is not None and is_outage(
            answers.control.outcome, answers.control.detail
        )
        was_paused = bool(self.paused)
        if was_paused and not canary and not control:
            self._canary.clear()
            self._control.clear()
            self._pauses, self._open_at = 0, 0.0
            return
        self._canary.append(canary)
        self._control.append(control)
        if self.paused and now >= self._open_at:
            pause = min(FIRST_PAUSE_SECONDS * 2**self._pauses, LONGEST_PAUSE_SECONDS)
            self._pauses = min(self._pauses + 1, 16)
            self._open_at = now + pause

    def wait_seconds(self, now: float) -> float:
        """Return how long nothing is to be sent; then one pair at a time."""
        return max(self._open_at - now, 0.0) if self.paused else 0.0
