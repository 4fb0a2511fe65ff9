"""Durable state of one epoch: plans, results and answers.

- `plans/<epoch>/<first>`: a block of numbers, written before any of it is sent.
- `results/<epoch>/<first>`: a run of results without gaps; numbers and ids only.
- `answers/<epoch>/<first>`: the same numbers' content; may be deleted at any time.
- `checkpoints/<epoch>/<next>`: the fold up to a number; only makes a start quick.
- `terms/<epoch>/<n>`: who led when; `ended/<epoch>/<n>`: that term ended in order.
- `waves/<epoch>.<n>/<first>`: numbers sent again after a crash, marked beforehand.
- `tries/<epoch>.<n>/<i>`: numbers sent once more, marked beforehand: a retry costs.
- `lost/<epoch>/<n>`: what terms before the n-th may have spent without a result.
- `early/<epoch>/<number>`: judged numbers that wait for a slow one before them; read
  once after a crash, so that they are not paid for twice, and gone after their commit.

Every object is created, never overwritten, and a block or run is named by the number
that follows the one before it. So two leaders cannot both extend the chain: a leader
that finds a name taken has lost the lead, reads the existing object and stops. Results
are written before answers, so answers are always those of the leader that won.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from replayd.errors import DamagedResultError, LostLeadError
from replayd.ledger.packing import packed, read, unpacked
from replayd.model import (
    Block,
    Epoch,
    JudgedPair,
    Lost,
    PairAnswers,
    PairResult,
    Planned,
    ResultRun,
)
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import MissingObjectError
from snaptrace.snapshot.object_names import (
    EARLY,
    ENDED,
    EPOCHS,
    LOST,
    TERMS,
    TRIES,
    WAVES,
)
from snaptrace.store.store import Store

KEPT_CHECKPOINTS = 2

T = TypeVar("T")


class AnswerRun(Struct, frozen=True, kw_only=True):
    """Content of consecutive pairs; named like their results."""

    epoch: str
    first: int
    answers: tuple[PairAnswers, ...]


class Term(Struct, frozen=True, kw_only=True):
    """One replica's period of leading an epoch."""

    leader: str
    started_at_ns: int


class Wave(Struct, frozen=True, kw_only=True):
    """Numbers that were open at a crash and are about to be sent again."""

    numbers: tuple[int, ...]
    leader: str


class Early(Struct, frozen=True, kw_only=True):
    """Judged numbers, in any order; the lowest one names the object."""

    judged: tuple[JudgedPair, ...]


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The fold over all results below `next_number`; see `evidence/epoch_fold.py`."""

    next_number: int
    fold: bytes


class Ended(Struct, frozen=True, kw_only=True):
    """Record of a term that ended cleanly."""

    unsent: tuple[int, ...] = ()  # planned, and nothing of it was sent


class Opened(Struct, frozen=True, kw_only=True):
    """State that a new leader takes over from its predecessor."""

    term: int
    crashed: bool  # the last term did not end in order
    doomed: frozenset[int]  # numbers that were marked in a wave and never came back
    unsent: frozenset[int] = frozenset()  # planned numbers that cost nothing
    tries: tuple[int, ...] = ()  # numbers that were sent once more, each time


class Ledger:
    """One epoch's objects, for the one leader and for any number of readers."""

    def __init__(
        self, store: Store, epoch: str, clock: Clock, leader: str = ""
    ) -> None:
        self._store, self.epoch = store, epoch
        self._clock, self._leader = clock, leader
        self._term, self._tries = -1, 0

    # Reading: anyone may.

    async def blocks(self, from_number: int = 0) -> AsyncIterator[Block]:
        """Yield the plan's blocks from the one that holds `from_number`, in order.

        Raises:
            DamagedResultError: a gap, an overlap, or a block that cannot be read.
        """
        names = await self._names(object_names.PLANS)
        starts = [number for number in names if number <= from_number]
        expected = max(starts, default=0)
        for number in (n for n in names if n >= expected):
            name = object_names.plan(self.epoch, number)
            block = await self._read(name, Block)
            if number != expected or block.first != number or not block.planned:
                raise DamagedResultError(name, f"expected number {expected}")
            yield block
            expected += len(block.planned)

    async def runs(
        self, from_number: int = 0, *, begins: bool = False
    ) -> AsyncIterator[ResultRun]:
        """Yield the committed runs from the one that holds `from_number`, in order.

        `begins` says that a run begins there, as for a reader of all runs before: those
        are then not listed again.

        Raises:
            DamagedResultError: a gap, an overlap, or a run that cannot be read. No
                verdict may be drawn from such an epoch.
        """
        names = await self._names(object_names.RESULTS, from_number if begins else 0)
        starts = [number for number in names if number <= from_number]
        expected = from_number if begins else max(starts, default=0)
        for number in (n for n in names if n >= expected):
            name = object_names.result(self.epoch, number)
            run = await self._read(name, ResultRun)
            numbers = [result.number for result in run.results]
            if numbers != list(range(expected, expected + len(numbers))) or not numbers:
                raise DamagedResultError(name, f"expected number {expected}")
            yield run
            expected += len(numbers)

    async def answers(self, from_number: int = 0) -> AsyncIterator[PairAnswers]:
        """Yield the pairs' remaining content, in order of numbers."""
        names = await self._names(object_names.ANSWERS)
        first = max((number for number in names if number <= from_number), default=0)
        for number in (n for n in names if n >= first):
            name = object_names.answer(self.epoch, number)
            try:
                run = await self._read(name, AnswerRun)
            except MissingObjectError:
                continue  # erased since it was listed
            for answers in run.answers:
                if answers.number >= from_number:
                    yield answers

    async def newest_checkpoint(self) -> Checkpoint | None:
        """Return the newest readable checkpoint, or None."""
        for number in reversed(await self._names(object_names.CHECKPOINTS)):
            try:
                name = object_names.checkpoint(self.epoch, number)
                return await self._read(name, Checkpoint)
            except (DamagedResultError, MissingObjectError):
                continue  # an older one, or none, is as good: only slower
        return None

    # Leading: one process at a time, fenced by the names.

    async def open(self) -> Opened:
        """Begin a term.

        Raises:
            LostLeadError: another process began the same term first.
        """
        terms = await self._names(TERMS)
        last = terms[-1] if terms else -1
        crashed = last >= 0 and last not in await self._names(ENDED)
        doomed: set[int] = set()
        if crashed:
            async for wave in self._waves(WAVES, last):
                doomed.update(wave.numbers)
        unsent = await self._unsent(last) if last >= 0 and not crashed else ()
        tries = [n async for wave in self._waves(TRIES, last) for n in wave.numbers]
        term = Term(leader=self._leader, started_at_ns=self._clock.now_ns())
        await self._create(object_names.numbered(TERMS, self.epoch, last + 1), term)
        self._term = last + 1
        return Opened(
            term=self._term,
            crashed=crashed,
            doomed=frozenset(doomed),
            unsent=frozenset(unsent),
            tries=tuple(tries),
        )

    async def end(self, unsent: Iterable[int] = ()) -> None:
        """End the term cleanly: numbers still open did not cause a crash."""
        name = object_names.numbered(ENDED, self.epoch, self._term)
        await self._store.create(name, await packed(Ended(unsent=tuple(unsent))))

    async def mark_tries(self, numbers: Sequence[int]) -> None:
        """Write down that these numbers are sent once more now.

        Raises:
            LostLeadError: another process leads.
        """
        folder = f"{self.epoch}.{self._term}"
        name = object_names.numbered(TRIES, folder, self._tries)
        self._tries += 1
        await self._create(name, Wave(numbers=tuple(numbers), leader=self._leader))

    async def keep_lost(self, lost: Lost) -> None:
        """Write down what earlier terms may have spent without a result."""
        name = object_names.numbered(LOST, self.epoch, self._term)
        await self._store.create(name, await packed(lost))

    async def lost(self) -> list[Lost]:
        """Return what was written down by `keep_lost`, oldest first."""
        return [
            await self._read(object_names.numbered(LOST, self.epoch, number), Lost)
            for number in await self._names(LOST)
        ]

    async def mark_wave(self, numbers: Sequence[int]) -> None:
        """Record that these numbers are now being sent again.

        Raises:
            LostLeadError: another process marked the same wave.
        """
        folder = f"{self.epoch}.{self._term}"
        name = object_names.numbered(WAVES, folder, numbers[0])
        await self._create(name, Wave(numbers=tuple(numbers), leader=self._leader))

    async def plan(self, planned: Sequence[Planned]) -> Block:
        """Write a block before any of it is sent.

        Raises:
            LostLeadError: another process planned this number.
        """
        block = Block(
            epoch=self.epoch,
            first=planned[0].number,
            planned=tuple(planned),
            leader=self._leader,
            created_at_ns=self._clock.now_ns(),
        )
        await self._create(object_names.plan(self.epoch, block.first), block)
        return block

    async def commit(
        self, results: Sequence[PairResult], answers: Sequence[PairAnswers]
    ) -> None:
        """Write consecutive results, then their content.

        Raises:
            LostLeadError: another process committed this number; nothing was written.
        """
        first = results[0].number
        run = ResultRun(
            epoch=self.epoch, first=first, results=tuple(results), leader=self._leader
        )
        await self._create(object_names.result(self.epoch, first), run)
        if answers:
            content = AnswerRun(epoch=self.epoch, first=first, answers=tuple(answers))
            data = await packed(content)
            await self._store.create(object_names.answer(self.epoch, first), data)

    async def keep_early(self, judged: Sequence[JudgedPair]) -> bool:
        """Store judged numbers that cannot be committed yet; false if others did."""
        lowest = min(item.result.number for item in judged)
        name = object_names.numbered(EARLY, self.epoch, lowest)
        data = await packed(Early(judged=tuple(judged)))
        return await self._store.create(name, data)

    async def early(self) -> list[Early]:
        """Return results that earlier leaders judged but did not commit, and more."""
        found: list[Early] = []
        for number in await self._names(EARLY):
            name = object_names.numbered(EARLY, self.epoch, number)
            try:
                found.append(await self._read(name, Early))
            except (DamagedResultError, MissingObjectError):
                continue  # those numbers are sent again
        return found

    async def drop_early(self, lowest: int) -> None:
        """Delete what `keep_early` wrote under this number. Idempotent."""
        await self._store.delete(object_names.numbered(EARLY, self.epoch, lowest))

    async def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint and delete old ones. Idempotent."""
        name = object_names.checkpoint(self.epoch, checkpoint.next_number)
        await self._store.create(name, await packed(checkpoint))
        for number in (await self._names(object_names.CHECKPOINTS))[:-KEPT_CHECKPOINTS]:
            await self._store.delete(object_names.checkpoint(self.epoch, number))

    async def _unsent(self, term: int) -> tuple[int, ...]:
        name = object_names.numbered(ENDED, self.epoch, term)
        try:
            data = await self._store.get(name)
        except MissingObjectError:
            return ()
        # Of an earlier release: empty.
        return unpacked(name, data, Ended).unsent if data else ()

    async def _waves(self, kind: str, term: int) -> AsyncIterator[Wave]:
        folder = f"{kind}/{self.epoch}.{term}"
        async for info in self._store.list(folder):
            yield await self._read(info.name, Wave)

    async def _create(self, name: str, value: Struct) -> None:
        data = await packed(value)
        if await self._store.create(name, data):
            return
        # An earlier try of ours may have arrived although its answer did not; every
        # object that fences names its leader, so equal bytes are our own.
        if await self._store.get(name) != data:
            raise LostLeadError(name)

    async def _names(self, folder: str, first: int = 0) -> list[int]:
        """Return the numbers below a folder of this epoch from `first` on, in order."""
        after = object_names.numbered(folder, self.epoch, first - 1) if first else ""
        listed = self._store.list(f"{folder}/{self.epoch}", after)
        names = [info.name async for info in listed]
        parsed = [object_names.parse_numbered(name) for name in names]
        return sorted(found[1] for found in parsed if found is not None)

    async def _read(self, name: str, kind: type[T]) -> T:
        return await read(self._store, name, kind)


async def epochs(store: Store, canary: str) -> list[Epoch]:
    """Return every epoch of a canary name, oldest first."""
    folder = f"{EPOCHS}/{object_names.plain(canary)}"
    names = [info.name async for info in store.list(folder)]
    return [await read(store, name, Epoch) for name in names]


async def every_epoch(store: Store) -> list[Epoch]:
    """Return every epoch of every canary name that the store ever had."""
    names = [info.name async for info in store.list(EPOCHS)]
    return [await read(store, name, Epoch) for name in names]


async def open_epoch(store: Store, epoch: Epoch) -> None:
    """Record an epoch under its canary's next sequence number.

    Raises:
        LostLeadError: another process opened an epoch under this number.
    """
    name = object_names.numbered(EPOCHS, epoch.canary, epoch.sequence)
    if not await store.create(name, await packed(epoch)):
        raise LostLeadError(name)
