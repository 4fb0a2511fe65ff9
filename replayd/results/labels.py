"""Figures about people's decisions: how many, how fresh, and who agrees with whom."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from replayd.adjudication.opinions import Opinion
from replayd.stats import Agreement, agreement
from replayd.stats.prediction_powered import place

NINE = 9  # words of one by words of the other


class LabelCounts(Struct, frozen=True, kw_only=True):
    """Decisions about one modality under one checkpoint."""

    modality: str
    decided: int = 0
    better: int = 0
    worse: int = 0
    ties: int = 0
    people: int = 0
    newest_at_ns: int = 0
    second: Agreement  # of two people who saw the sides in either order
    reasons: tuple[tuple[str, int], ...] = ()  # most frequent first


def counts(opinions: Iterable[Opinion], salt: str) -> list[LabelCounts]:
    """Return the counts by modality."""
    by_modality: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        by_modality.setdefault(opinion.modality, []).append(opinion)
    return [_counted(name, found, salt) for name, found in sorted(by_modality.items())]


def _counted(modality: str, opinions: list[Opinion], salt: str) -> LabelCounts:
    first = {o.number: o.difference(salt) for o in opinions if o.turn == 0}
    reasons: dict[str, int] = {}
    for opinion in opinions:
        for reason in opinion.reasons:
            reasons[reason] = reasons.get(reason, 0) + 1
    words = list(first.values())
    return LabelCounts(
        modality=modality,
        decided=len(first),
        better=words.count(1),
        worse=words.count(-1),
        ties=words.count(0),
        people=len({opinion.by for opinion in opinions}),
        newest_at_ns=max(opinion.at_ns for opinion in opinions),
        second=_agreement(
            (first[o.number], o.difference(salt))
            for o in opinions
            if o.turn == 1 and o.number in first
        ),
        reasons=tuple(sorted(reasons.items(), key=lambda item: -item[1])),
    )


def by_scorer(opinions: Iterable[Opinion], salt: str) -> Mapping[str, Agreement]:
    """Return how far people agree with each rule on which arm did better."""
    pairs: dict[str, list[tuple[int, int]]] = {}
    for opinion in opinions:
        if opinion.turn == 0 and opinion.scorer:
            told = opinion.scored, opinion.difference(salt)
            pairs.setdefault(opinion.scorer, []).append(told)
    return {name: _agreement(found) for name, found in sorted(pairs.items())}


def _agreement(pairs: Iterable[tuple[int, int]]) -> Agreement:
    found = [0] * NINE
    for one, other in pairs:
        found[place(one, other)] += 1
    return agreement(tuple(found))
