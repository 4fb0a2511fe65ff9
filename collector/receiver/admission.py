"""Memory budget for request bodies in flight."""

from typing import Final

# A body of n bytes costs about 3.2 n on the way through: the engine's copy, ours, the
# upstream client's and, where it is tapped, the frame.
_COST_PER_BYTE: Final = 3.2


class Admission:
    """Memory budget for bodies in flight; refuses instead of waiting.

    A request that alone is larger than the budget is admitted when nothing else is
    in flight, so a generous message limit does not need a generous budget.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.reserved_bytes = 0
        self._peak_bytes = 0

    def reserve(self, more_bytes: int) -> None:
        """Reserve bytes unconditionally; the caller checks whether they fit."""
        reserved_bytes = self.reserved_bytes = self.reserved_bytes + more_bytes
        if reserved_bytes > self._peak_bytes:  # noqa: PLR1730 - for each piece of a body; half of what `max` costs
            self._peak_bytes = reserved_bytes

    def note(self, other_bytes: int) -> None:
        """Include memory outside the budget, bounded elsewhere, in the peak."""
        self._peak_bytes = max(self._peak_bytes, self.reserved_bytes + other_bytes)

    def take_peak_bytes(self) -> int:
        """Return the peak reservation since the last call."""
        peak_bytes, self._peak_bytes = self._peak_bytes, self.reserved_bytes
        return peak_bytes


class Reservation:
    """One request's share of the budget, held from before its body is read."""

    __slots__ = ("_admission", "_cost_bytes")

    def __init__(self, admission: Admission) -> None:
        self._admission, self._cost_bytes = admission, 0

    def grow_to(self, body_bytes: int) -> bool:
        """Grow the reservation to a body of this size; False leaves it unchanged."""
        more = int(body_bytes * _COST_PER_BYTE) - self._cost_bytes
        if more <= 0:
            return True
        admission = self._admission
        others = admission.reserved_bytes - self._cost_bytes
        if others and admission.reserved_bytes + more > admission.budget_bytes:
            return False
        admission.reserve(more)
        self._cost_bytes += more
        return True

    def release(self) -> None:
        """Release the whole reservation. Idempotent."""
        self._admission.reserved_bytes -= self._cost_bytes
        self._cost_bytes = 0
