"""Recordings of a suite's other pins: what an answer to one pin has no reason to say.

A model that says all recordings at once meets a pin whose recording is a single word.
Nothing in that answer is wrong by the pin's own rule, but most of it answers others.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from replayd.scoring.extract.language.words import content_words, words_of

FEWEST_WORDS: Final = 4  # of a recording that is looked for within an answer
LONGEST_KEPT: Final = 4_000  # characters of a recording
_PART: Final = re.compile(r"\n+|(?<=[.!?。])\s+")


class Recording(Struct, frozen=True):
    """Question and recorded answer of one pin."""

    pin: str  # snapshot id
    question: str
    text: str

    def names_its_subject(self, own: frozenset[str]) -> bool:
        """Whether it says a word of its own question that `own` has not."""
        asked = content_words(words_of(self.question))
        said = frozenset(words_of(self.text))
        return any(word in said and word not in own for word in asked)


class Company:
    """All recordings of a suite; linear in an answer's words."""

    def __init__(self, recordings: Sequence[Recording] = ()) -> None:
        self.recordings = tuple(
            replace(
                each,
                question=each.question[:LONGEST_KEPT],
                text=each.text[:LONGEST_KEPT],
            )
            for each in recordings
            if each.text.strip()
        )
        self._words = [tuple(words_of(each.text)) for each in self.recordings]
        self._beginnings: dict[tuple[str, ...], list[int]] = {}
        self._parts: dict[tuple[str, ...], set[int]] = {}
        for place, words in enumerate(self._words):
            if len(words) >= FEWEST_WORDS:
                at = self._beginnings.setdefault(words[:FEWEST_WORDS], [])
                at.append(place)
            for part in _parts(self.recordings[place].text):
                self._parts.setdefault(part, set()).add(place)

    def quoted(self, pin: str, answer: str) -> Iterator[Recording]:
        """Yield the recordings of other pins that stand in an answer word for word."""
        words = tuple(words_of(answer))
        seen: set[tuple[str, ...]] = set()
        for at in range(len(words) - FEWEST_WORDS + 1):
            for place in self._beginnings.get(words[at : at + FEWEST_WORDS], ()):
                other, wanted = self.recordings[place], self._words[place]
                if other.pin == pin or wanted in seen:
                    continue
                if words[at : at + len(wanted)] == wanted:
                    seen.add(wanted)
                    yield other

    def is_collage(self, answer: str, own: frozenset[str]) -> bool:
        """Whether an answer is nothing but lines of several recordings.

        `own` are the words of its pin: lines of these are no other pin's.
        """
        parts = _parts(answer)
        holders = [self._parts.get(part) for part in parts]
        if len(parts) < 2 or not all(holders):
            return False
        if set.intersection(*(held for held in holders if held)):
            return False  # one recording has them all
        return any(not own.issuperset(part) for part in parts)


ALONE: Final = Company()


def is_strange(text: str, own: frozenset[str]) -> bool:
    """Whether a text has no word with a meaning in common with `own`."""
    return own.isdisjoint(content_words(words_of(text)))


def says_more(text: str, own: frozenset[str]) -> bool:
    """Whether a text has words that mean something beyond `own`."""
    return not own.issuperset(content_words(words_of(text)))


def _parts(text: str) -> list[tuple[str, ...]]:
    """Return the words of each line and sentence."""
    found = (tuple(words_of(part)) for part in _PART.split(text))
    return [part for part in found if part]
