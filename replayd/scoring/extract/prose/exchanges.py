"""Statements whose subject differs between the reference and the answer.

Two sentences of the reference tell two things apart; each word stands in one of them. In
an answer that tells the same apart, words that stood together still do, however it is
worded. Where each sentence has given a word to the other and kept one, they were crossed.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from replayd.scoring.extract.prose.claims import Claim, matched, sentences_of

MOST_CLAIMS: Final = 16
SHORTEST: Final = 3  # letters; a shorter word is a pronoun or a particle
FEWEST_CROSSED: Final = 5  # words, of which some stand beside others than before


@lru_cache(maxsize=512)
def crossed(reference: str, answer: str, language: str) -> str:
    """Return words that changed their partners, "" where none did."""
    wanted = sentences_of(reference)[:MOST_CLAIMS]
    got = sentences_of(answer)[:MOST_CLAIMS]
    # Letters of an unspaced script are no words that could have a home.
    if min(len(wanted), len(got)) < 2 or language in {"ja", "zh"}:
        return ""
    homes = _homes(wanted, got, language)
    for i in range(len(wanted)):
        for j in range(i + 1, len(wanted)):
            if words := _between(homes, i, j):
                return words
    return ""


def _homes(
    wanted: Sequence[Claim], got: Sequence[Claim], language: str
) -> dict[tuple[int, int], list[str]]:
    """Return the words that stand in one claim of each text, by those claims."""
    places: dict[str, set[tuple[int, int]]] = {}
    for i, claim in enumerate(wanted):
        for k, other in enumerate(got):
            for a, _ in matched(claim, other, language).same:
                places.setdefault(claim.words[a].text, set()).add((i, k))
    homes: dict[tuple[int, int], list[str]] = {}
    shared = _shared(wanted, language)
    for word, where in places.items():
        if len(where) == 1 and word not in shared and len(word) >= SHORTEST:
            homes.setdefault(next(iter(where)), []).append(word)
    return homes


def _shared(claims: Sequence[Claim], language: str) -> frozenset[str]:
    """Return words of which two sentences have a form: they tell nothing apart."""
    return frozenset(
        claim.words[a].text
        for claim in claims
        for other in claims
        if other is not claim
        for a, _ in matched(claim, other, language).same
    )


def _between(homes: dict[tuple[int, int], list[str]], i: int, j: int) -> str:
    kinds = {k for at, k in homes if at == i} & {k for at, k in homes if at == j}
    for k in kinds:
        for other in kinds:
            if k >= other:
                continue
            four = [homes[i, k], homes[i, other], homes[j, k], homes[j, other]]
            at_home = all(_lives(homes, at, (k, other)) for at in (i, j))
            if (
                at_home
                and min(map(len, four))
                and sum(map(len, four)) >= FEWEST_CROSSED
            ):
                return f"{four[0][0]} / {four[3][0]}"
    return ""


def _lives(
    homes: dict[tuple[int, int], list[str]], at: int, where: tuple[int, int]
) -> bool:
    """Whether most words of a sentence stand in two others, and not beside them."""
    within = sum(
        len(words) for (i, k), words in homes.items() if i == at and k in where
    )
    beyond = sum(
        len(words) for (i, k), words in homes.items() if i == at and k not in where
    )
    return within > beyond
