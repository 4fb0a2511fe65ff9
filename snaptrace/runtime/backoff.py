"""Exponential backoff: pauses between tries double up to a bound. No I/O, no clock."""

import random

from msgspec import Struct

_MOST_DOUBLINGS = 32  # a failure count may be large; a float may not overflow


class Backoff(Struct, frozen=True):
    """Pauses that begin at `first_seconds` and never exceed `longest_seconds`.

    >>> pauses = Backoff(0.5, 30.0)
    >>> [pauses.seconds(failures) for failures in (1, 2, 3, 10)]
    [0.5, 1.0, 2.0, 30.0]
    """

    first_seconds: float
    longest_seconds: float

    def seconds(self, failures: int, rng: random.Random | None = None) -> float:
        """Return the pause after so many failures in a row, at least one.

        With `rng`, half of the pause is random, so that clients of one server that
        failed together do not come back together.
        """
        doublings = min(failures - 1, _MOST_DOUBLINGS)
        pause = min(self.first_seconds * 2.0**doublings, self.longest_seconds)
        return pause if rng is None else pause * (0.5 + 0.5 * rng.random())
