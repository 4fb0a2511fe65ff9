"""Result history: committed results in order, the worst pairs, and their content.

Reads the store only. Numbers come from `results/`, words from `answers/` and the
snapshot; where content was erased the numbers stay and the words are gone.
"""

import heapq
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from msgspec import Struct

from replayd.cases.loader import CaseLoader, Gone, Loaded
from replayd.ledger.ledger import Ledger, epochs
from replayd.model import STREAMS, Case, Epoch, PairAnswers, PairResult, Planned
from snaptrace.crypto.fleet_key import FleetKey
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot.model import Media
from snaptrace.store.store import Store

MOST_RANKED = 500  # pairs kept in order of badness, per modality


class Badness(Struct, frozen=True, order=True):
    """Loss of the canary in one pair; sorts worst first."""

    difference: float  # of the worst stream, in [-1, 1]
    quality: float  # the canary's own score there; 1 if quality did not apply
    newest: int  # minus the number: newer pairs first
    stream: str
    number: int


class Made(Struct, frozen=True):
    """Media that one answer consists of, and the bytes of those that were kept."""

    media: tuple[Media, ...] = ()
    blobs: Mapping[int, bytes] = {}


class Pair(Struct, frozen=True, kw_only=True):
    """Everything recorded about one pair."""

    epoch: Epoch
    result: PairResult
    planned: Planned
    content: Loaded | Gone
    answers: PairAnswers | None  # None: not kept, or erased

    @property
    def case(self) -> Case:
        """The case, as it was scheduled."""
        return self.planned.case

    @property
    def made(self) -> dict[str, Made]:
        """Media of the answers, by side: recorded, control, canary."""
        found = {}
        if isinstance(self.content, Loaded):
            answer = self.content.snapshot.answer
            found["recorded"] = Made(answer.media, self.content.recorded.media)
        for side in ("control", "canary") if self.answers else ():
            arm = getattr(self.answers, side)
            if arm is not None:
                found[side] = Made(arm.answer.media, arm.blobs)
        return found


def badness(result: PairResult) -> Badness | None:
    """Return a pair's badness for the canary; None if it feeds no verdict."""
    worst: tuple[float, str] | None = None
    for stream in STREAMS:
        score = result.streams.get(stream)
        if score and score.canary is not None and score.control is not None:
            found = score.canary - score.control, stream
            worst = found if worst is None or found < worst else worst
    if worst is None:
        return None
    quality = result.streams.get("quality")
    value = 1.0 if quality is None or quality.canary is None else quality.canary
    return Badness(worst[0], value, -result.number, worst[1], result.number)


class Ranking:
    """The worst pairs of an epoch by modality, updated as results arrive. Bounded."""

    def __init__(self, most: int = MOST_RANKED) -> None:
        self._most = most
        # Heaps of the worst with the least bad on top, ready to be pushed out.
        self._heaps: dict[str, list[tuple[_Reversed, PairResult]]] = {}
        self.next_number = 0
        self.pairs: dict[str, int] = {}
        self.worse: dict[str, int] = {}

    def add(self, results: Iterable[PairResult]) -> None:
        """Add results in order; known ones are ignored."""
        for result in results:
            if result.number < self.next_number:
                continue
            self.next_number = result.number + 1
            found = badness(result)
            if result.excluded or found is None:
                continue
            modality = result.modality
            self.pairs[modality] = self.pairs.get(modality, 0) + 1
            if found.difference < 0:
                self.worse[modality] = self.worse.get(modality, 0) + 1
                heap = self._heaps.setdefault(modality, [])
                item = (_Reversed(found), result)
                if len(heap) < self._most:
                    heapq.heappush(heap, item)
                else:
                    heapq.heappushpop(heap, item)

    def worst(self, modality: str = "") -> Iterator[PairResult]:
        """Yield the pairs in which the canary did worse, worst first."""
        chosen = [modality] if modality else list(self._heaps)
        items = [item for name in chosen for item in self._heaps.get(name, ())]
        for _, result in sorted(items, key=lambda item: item[0].badness):
            yield result


class _Reversed:
    """Orders the least bad first; numbers are unique, so results never compare."""

    __slots__ = ("badness",)

    def __init__(self, badness: Badness) -> None:
        self.badness = badness

    def __lt__(self, other: "_Reversed") -> bool:
        return other.badness < self.badness


class History:
    """Reads committed results of any canary. Keeps no content between calls."""

    def __init__(self, store: Store, key: FleetKey, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._content = CaseLoader(store, key, any_answer=True)
        self._rankings: dict[str, tuple[str, Ranking]] = {}  # canary -> epoch and it

    async def epoch(self, canary: str, epoch: str = "") -> Epoch | None:
        """Return one epoch of a canary, by default the newest."""
        known = await epochs(self._store, canary)
        named = [e for e in known if e.epoch == epoch] if epoch else known
        return named[-1] if named else None

    async def results(self, epoch: Epoch) -> AsyncIterator[PairResult]:
        """Yield all committed results in order.

        Raises:
            DamagedResultError: a gap, or an object that does not check out.
        """
        async for run in Ledger(self._store, epoch.epoch, self._clock).runs():
            for result in run.results:
                yield result

    async def ranking(self, epoch: Epoch) -> Ranking:
        """Return the ranking of all committed results; reads only new ones."""
        held, known = self._rankings.get(epoch.canary, ("", Ranking()))
        if held != epoch.epoch:
            known = Ranking()  # One epoch per canary is held: the one looked at.
            self._rankings[epoch.canary] = epoch.epoch, known
        ledger = Ledger(self._store, epoch.epoch, self._clock)
        async for run in ledger.runs(known.next_number):
            known.add(run.results)
        return known

    async def pair(self, epoch: Epoch, number: int) -> Pair | None:
        """Return one pair with its content; None if there is no such number."""
        ledger = Ledger(self._store, epoch.epoch, self._clock)
        result = await self._result(ledger, number)
        planned = await self._planned(ledger, number)
        if result is None or planned is None:
            return None
        await self._content.refresh()
        content = await self._content.load(planned.case)
        found: PairAnswers | None = None
        # Answers may outlive the tombstone a little.
        if not (isinstance(content, Gone) and content.by_tombstone):
            async for answers in ledger.answers(number):
                found = answers if answers.number == number else None
                break
        return Pair(
            epoch=epoch,
            result=result,
            planned=planned,
            content=content,
            answers=found,
        )

    async def result(self, epoch: Epoch, number: int) -> PairResult | None:
        """Return one result; None if there is no such number."""
        ledger = Ledger(self._store, epoch.epoch, self._clock)
        return await self._result(ledger, number)

    async def _result(self, ledger: Ledger, number: int) -> PairResult | None:
        async for run in ledger.runs(number):
            at = number - run.first
            return run.results[at] if 0 <= at < len(run.results) else None
        return None

    async def _planned(self, ledger: Ledger, number: int) -> Planned | None:
        async for block in ledger.blocks(number):
            at = number - block.first
            return block.planned[at] if 0 <= at < len(block.planned) else None
        return None
