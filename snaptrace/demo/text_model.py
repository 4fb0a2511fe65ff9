"""Answers questions from a collection of fact sheets, by ranked retrieval.

Ranking: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
Beyond" (2009), section 3.5, over single sentences; idf floored at zero as usual.
"""

import math
import random
import re
import tomllib
from collections import Counter
from importlib.resources import files
from typing import Literal

TextFrontEnd = Literal["full", "forgetful"]

FORGETFUL_WORDS = 7  # a shorter context: what comes later in a question is lost
K1, B = 1.2, 0.75
RANK_NOISE_SHARE = 0.05  # of each score: near ties fall either way, as in sampling
LEAST_SCORE = 3.0  # below it, nothing in the sheets is about the question
WORD = re.compile(r"[a-z]+")
_STOP_WORDS = (
    "a an and are at be by can do does for from how i if in is it may many me much my"
    " of on one or per so tell that the their them then there they this to up was what"
    " when where which who with"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
OPENINGS = ("", "", "According to our sheet: ", "Our records say: ", "Here it is: ")
NO_ANSWER = (
    "I could not find that in our fact sheets.",
    "Our fact sheets do not cover that.",
)


class FactFinder:
    """The sheets, indexed once. Safe to share: answering changes nothing."""

    def __init__(self, front_end: TextFrontEnd) -> None:
        self._front_end = front_end
        self._facts = load_facts()
        self._terms = [Counter(terms(fact)) for fact in self._facts]
        self._lengths = [counts.total() for counts in self._terms]
        self._mean_length = sum(self._lengths) / len(self._lengths)
        self._frequency = Counter(term for counts in self._terms for term in counts)

    def answer(self, question: str, jitter: random.Random) -> str:
        """The best fact, in a wording that varies; or that there is none."""
        if self._front_end == "forgetful":
            question = " ".join(question.split()[:FORGETFUL_WORDS])
        asked = terms(question)
        scores = [self._score(asked, index) for index in range(len(self._facts))]
        if max(scores) < LEAST_SCORE:
            return jitter.choice(NO_ANSWER)
        noisy = [score * jitter.gauss(1.0, RANK_NOISE_SHARE) for score in scores]
        best = max(range(len(noisy)), key=noisy.__getitem__)
        return jitter.choice(OPENINGS) + self._facts[best]

    def _score(self, asked: list[str], index: int) -> float:
        counts = self._terms[index]
        length = 1.0 - B + B * self._lengths[index] / self._mean_length
        return sum(
            self._rarity(term) * counts[term] * (K1 + 1) / (counts[term] + K1 * length)
            for term in asked
            if term in counts
        )

    def _rarity(self, term: str) -> float:
        holding = self._frequency[term]
        return max(0.0, math.log((len(self._facts) - holding + 0.5) / (holding + 0.5)))


def load_facts() -> tuple[str, ...]:
    """Every sentence of every sheet, in the order of the file."""
    text = files("snaptrace.demo").joinpath("sheets.toml").read_text("utf-8")
    return tuple(
        fact for sheet in tomllib.loads(text)["sheet"] for fact in sheet["facts"]
    )


def terms(text: str) -> list[str]:
    """Lower-case word stems that carry meaning; numbers are never search terms."""
    return [stem(word) for word in WORD.findall(text.lower()) if word not in STOP_WORDS]


def stem(word: str) -> str:
    """Cut the commonest English endings: costs, costing, charged -> one stem."""
    for ending in ("ing", "es", "ed", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
