"""Columns that grow: numbers as arrays, repeated words as codes. No I/O."""

from collections.abc import Hashable
from typing import Any, Final, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Flags: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[Any]
Word = TypeVar("Word", bound=Hashable)

FIRST_ROWS: Final = 1024


class Column:
    """One array that doubles when it is full, so that a row costs the same always."""

    def __init__(self, kind: type[np.generic]) -> None:
        self._held: Numbers = np.zeros(FIRST_ROWS, kind)
        self._rows = 0

    def append(self, value: float) -> None:
        """Add a row."""
        if self._rows == len(self._held):
            self._held = np.concatenate([self._held, np.zeros_like(self._held)])
        self._held[self._rows] = value
        self._rows += 1

    @property
    def values(self) -> Numbers:
        """The rows so far; a view, so do not keep it."""
        return self._held[: self._rows]


class Coded(Generic[Word]):
    """A column of words, each stored once."""

    def __init__(self) -> None:
        self._codes = Column(np.int32)
        self._code_of: dict[Word, int] = {}
        self.words: list[Word] = []  # by code

    def append(self, word: Word) -> None:
        """Add a row."""
        code = self._code_of.get(word)
        if code is None:
            code = self._code_of[word] = len(self.words)
            self.words.append(word)
        self._codes.append(code)

    def at(self, row: int) -> Word:
        """Return the word of a row."""
        return self.words[int(self._codes.values[row])]

    def equal(self, word: Word) -> Flags:
        """Return the rows that hold `word`."""
        flags: Flags = self._codes.values == self._code_of.get(word, -1)
        return flags

    def where(self, wanted: list[bool]) -> Flags:
        """Return the rows whose word is wanted; `wanted` is in the order of `words`."""
        if not self.words:
            return np.zeros(0, np.bool_)
        flags: Flags = np.asarray(wanted, np.bool_)[self._codes.values]
        return flags

    def counts(self, rows: Flags) -> dict[Word, int]:
        """Return how many of these rows hold each word, without those of none."""
        counted = np.bincount(self._codes.values[rows], minlength=len(self.words))
        pairs = zip(self.words, counted, strict=True)
        return {word: int(count) for word, count in pairs if count}
