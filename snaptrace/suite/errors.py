"""Every error of this package.

SuiteError
├── SuiteFileError   the file cannot be used: a person has to change it
└── LockError        the lock does not fit the file or cannot be read: lock again
"""

from collections.abc import Sequence

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One mistake in a suite file; lines and columns count from 1, 0: the whole."""

    line: int
    column: int
    path: str  # as `assert[2].number`
    why: str

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}: " if self.line else ""
        return f"{where}{self.path}: {self.why}" if self.path else f"{where}{self.why}"


class SuiteError(Exception):
    """Base of all errors below."""


class SuiteFileError(SuiteError):
    """A suite file with mistakes, all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class LockError(SuiteError):
    """A lock file that cannot be used."""
