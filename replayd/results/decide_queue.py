"""Pairs that people should decide, in the order in which they are handed out.

Blind: a pair is shown as left and right, drawn per pair; a second opinion sees the
sides the other way round. The oldest comes first, because verdicts wait for it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from msgspec import Struct

from replayd.adjudication.decisions import (
    canary_is_left,
    gets_second_opinion,
    is_labelled,
)
from replayd.adjudication.opinions import Opinion, Turn
from replayd.evidence.settings import judge_key
from replayd.model import Epoch, PairResult
from replayd.results.open_pairs import is_open
from replayd.results.pair_index import PairIndex
from replayd.results.pair_view import Said, WorstPair

CLAIM_SECONDS: Final = 300.0  # a pair handed out is not given to others meanwhile
MOST_CLAIMS: Final = 1_000

Opinions = Mapping[tuple[int, int], Opinion]


class Asked(Struct, frozen=True):
    """A pair to decide, and whether it is the first or the second opinion."""

    number: int
    turn: Turn


class Shown(Struct, frozen=True, kw_only=True):
    """Both answers without anything that tells whose they are."""

    left: Said
    right: Said

    @property
    def alike(self) -> bool:
        """Whether there is nothing to decide."""
        return self.left == self.right


def asked(
    index: PairIndex, epoch: Epoch, opinions: Opinions, by: str, share: float
) -> Iterator[Asked]:
    """Yield what `by` may decide: second opinions first, as they are few."""
    yield from second_opinions(epoch, opinions, by, share)
    for number in waiting(index, epoch, opinions):
        yield Asked(number, 0)


def second_opinions(
    epoch: Epoch, opinions: Opinions, by: str, share: float
) -> Iterator[Asked]:
    """Yield pairs that another person decided and that `by` should decide, too."""
    for number, turn in opinions:
        if turn == 0 and _wants_second(epoch, number, opinions, by, share):
            yield Asked(number, 1)


def turn_of(
    result: PairResult, epoch: Epoch, opinions: Opinions, by: str, share: float
) -> Turn | None:
    """Return which opinion this person may give; None: none, or not any more."""
    if not is_open(result):
        return None
    if (result.number, 0) not in opinions:
        return 0
    return 1 if _wants_second(epoch, result.number, opinions, by, share) else None


def _wants_second(
    epoch: Epoch, number: int, opinions: Opinions, by: str, share: float
) -> bool:
    drawn = gets_second_opinion(epoch.epoch, number, share)
    return drawn and opinions[number, 0].by != by and (number, 1) not in opinions


def opinion_of(result: PairResult, epoch: Epoch, turn: Turn) -> Opinion:
    """Return an opinion to fill in, with what the rules said of the pair."""
    score = result.streams.get("quality")
    valued = score is not None and None not in {score.canary, score.control}
    difference = 0.0
    if score is not None and valued:
        difference = (score.canary or 0.0) - (score.control or 0.0)
    return Opinion(
        epoch=epoch.epoch,
        number=result.number,
        turn=turn,
        better="tie",
        modality=result.modality,
        scorer=score.scorer if score is not None and valued else "",
        scored=(difference > 0) - (difference < 0),
    )


def waiting(index: PairIndex, epoch: Epoch, opinions: Opinions) -> list[int]:
    """Return the numbers that nobody decided, in the order of their turn."""
    key = judge_key(epoch)
    share = key.label_share if key is not None and key.standing == "gates" else 0.0
    undecided = [
        int(number)
        for number in np.flatnonzero(index.open.values)
        if (int(number), 0) not in opinions
    ]
    drawn = [n for n in undecided if is_labelled(epoch.epoch, n, share)]
    known = set(drawn)
    return drawn + [n for n in undecided if n not in known]


def blinded(pair: WorstPair, turn: Turn, salt: str) -> Shown | None:
    """Return both answers as left and right; None where one is gone."""
    if pair.said_canary is None or pair.said_control is None or pair.gone:
        return None
    canary, control = _bare(pair.said_canary), _bare(pair.said_control)
    left = canary_is_left(pair.epoch, pair.number, salt) != (turn == 1)
    return Shown(left=canary if left else control, right=control if left else canary)


def _bare(said: Said) -> Said:
    return Said(outcome=said.outcome, text=said.text, tool_calls=said.tool_calls)


class Claims:
    """Pairs that somebody has open, so that two people do not decide the same one."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, Asked], tuple[str, float]] = {}

    def next(
        self, epoch: str, pairs: Iterator[Asked], by: str, now: float
    ) -> Iterator[Asked]:
        """Yield the pairs that are free for `by`; whoever takes one calls `take`."""
        gone = [key for key, (_, until) in self._until.items() if until <= now]
        for key in gone:
            del self._until[key]
        for pair in pairs:
            holder = self._until.get((epoch, pair))
            if holder is None or holder[0] == by:
                yield pair

    def take(self, epoch: str, pair: Asked, by: str, now: float) -> None:
        """Keep a pair for a person for some minutes."""
        while len(self._until) >= MOST_CLAIMS:
            self._until.pop(next(iter(self._until)))
        self._until[epoch, pair] = by, now + CLAIM_SECONDS
