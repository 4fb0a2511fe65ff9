"""Errors of this package.

StatsError
├── OutOfRangeError   a value that the promise does not cover: refuse the input
├── OutOfOrderError   a dispatch number that does not follow: stop the fold
└── DamagedStateError a restored state that contradicts itself: refold
"""


class StatsError(Exception):
    """Base of all errors below; catch this one at a program's edge."""


class OutOfRangeError(StatsError):
    """`name` is NaN or lies outside its declared range; nothing was changed."""

    def __init__(self, name: str, value: float, allowed: str) -> None:
        super().__init__(f"{name}: {value!r} is not in {allowed}")
        self.name, self.value, self.allowed = name, value, allowed


class OutOfOrderError(StatsError):
    """A difference has a dispatch number at or below the last one folded.

    Numbers of a stream rise strictly; gaps are allowed, since a stream sees
    only its own share of an epoch's numbers. Nothing was changed.
    """

    def __init__(self, number: int, last_number: int) -> None:
        super().__init__(f"number {number} does not follow {last_number}")
        self.number, self.last_number = number, last_number


class DamagedStateError(StatsError):
    """A restored state contradicts itself: drop it and refold the results."""
