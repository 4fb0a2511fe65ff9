"""Words beside each other of which one was turned round: a young man for an old one.

Where an answer is worded freely, its clauses have no partner among the reference's. What
is said of a thing stands beside it still, so two neighbours are held against two.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from replayd.scoring.extract.prose.claim_words import Vocabulary, relation
from replayd.scoring.extract.prose.claims import Claim, claims_of

UNSPACED: Final = frozenset({"ja", "zh", "th"})
MOST_PAIRS: Final = 120
Pair = tuple[str, str]


@lru_cache(maxsize=512)
def turned_attribute(reference: str, answer: str, language: str) -> str:
    """Return the words that say the opposite of the same thing, "" where none do."""
    if language in UNSPACED:
        return ""
    wanted, got = claims_of(reference), claims_of(answer)
    theirs = Vocabulary(_texts(wanted), language)
    ours = Vocabulary(_texts(got), language)
    told = list(_neighbours(wanted))[:MOST_PAIRS]
    for negated, pair in list(_neighbours(got))[:MOST_PAIRS]:
        for other_negated, other in told:
            if negated != other_negated:
                continue
            turned = _turned(pair, other, language)
            # A word that the other text has as well may be its own.
            if turned and turned[0] not in theirs and turned[1] not in ours:
                return f"“{' '.join(pair)}” for “{' '.join(other)}”"
    return ""


def _texts(claims: Sequence[Claim]) -> tuple[str, ...]:
    return tuple(word for claim in claims for word in claim.texts)


def _neighbours(claims: Sequence[Claim]) -> Iterator[tuple[bool, Pair]]:
    """Yield words that stand side by side, and whether their clause is negated."""
    for claim in claims:
        if claim.compares:
            continue  # slower than the other is faster than this
        for one, other in pairwise(claim.words):
            if one.behind == other.text:
                yield claim.negated, (one.text, other.text)


def _turned(pair: Pair, other: Pair, language: str) -> Pair | None:
    """Return the word that is the opposite of another, beside the same thing."""
    for at in (0, 1):
        for place in (0, 1):
            if (
                relation(pair[at], other[place], language) == "opposite"
                and relation(pair[1 - at], other[1 - place], language) == "same"
            ):
                return pair[at], other[place]
    return None
