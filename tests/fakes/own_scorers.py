"""Scorers as teams write them: good ones, and one for each broken promise."""

import os
import random
import sys
import time

from snaptrace.api import Score


class WordShare:
    """Share of the recorded words; keeps every promise."""

    name, version = "word_share", "1"

    def applies(self, case):
        """Decide from the recording."""
        return bool(case.reference.text.split())

    def score(self, case, answer):
        """Return the share."""
        wanted = set(case.reference.text.casefold().split())
        found = wanted & set(answer.text.casefold().split())
        return Score(len(found) / len(wanted), f"{len(found)} words")


class Awaited(WordShare):
    """The same, as a coroutine that prints."""

    async def score(self, case, answer):
        """Return the share as a plain number."""
        print("a library that prints", flush=True)  # noqa: T201
        return super().score(case, answer).value


class Random(WordShare):
    """Another value every time."""

    def score(self, case, answer):
        """Return chance."""
        return random.random() if answer.text else 0.0


class OfProcess(WordShare):
    """Another value in every process."""

    def score(self, case, answer):
        """Return a number of the process."""
        return os.getpid() % 97 / 97


class TooMuch(WordShare):
    """Percent in place of a share."""

    def score(self, case, answer):
        """Return percents."""
        return 100.0 * super().score(case, answer).value


class Generous(WordShare):
    """Something for an empty answer."""

    def score(self, case, answer):
        """Never return 0."""
        return 0.5 + 0.5 * super().score(case, answer).value


class Backwards(WordShare):
    """The shorter, the better."""

    def score(self, case, answer):
        """Return the share of words that are missing."""
        return 1.0 - super().score(case, answer).value if answer.text.strip() else 0.0


class Partisan(WordShare):
    """Prefers a model by its name."""

    def score(self, case, answer):
        """Return less for one model."""
        value = super().score(case, answer).value
        return value * 0.5 if answer.model == "another-model" else value


class Fragile(WordShare):
    """Raises on what it did not expect."""

    def score(self, case, answer):
        """Divide by the number of letters."""
        letters = sum(c.isalpha() for c in answer.text)
        value = super().score(case, answer).value
        return value if not answer.text or letters / letters else 0.0


class Slow(WordShare):
    """Quadratic in the answer."""

    def score(self, case, answer):
        """Compare every word with all words before it."""
        words = answer.text.split()
        pairs = sum(words.count(word) < 0 for word in words)
        return max(super().score(case, answer).value, pairs)


class Learning(WordShare):
    """Takes no case twice."""

    seen = 0

    def applies(self, case):
        """Decide by what was asked before."""
        return self.seen < 20

    def score(self, case, answer):
        """Count and return the share."""
        self.seen += 1
        return super().score(case, answer) if case.reference.text else 0.0


class Hanging(WordShare):
    """Never answers."""

    def score(self, case, answer):
        """Wait for ever."""
        time.sleep(3600)


class Curious(WordShare):
    """Shows what it can reach; 1 for nothing."""

    def score(self, case, answer):
        """Return whether there is no secret in sight."""
        return float("SNAPTRACE_SECRET" not in os.environ)


class Nameless:
    """Neither name nor version."""


def exits():
    """End the process that asks for a scorer."""
    sys.exit(3)
