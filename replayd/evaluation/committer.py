"""Results become durable in dispatch order, whatever comes back first.

A number is safe once it is committed, or kept early because a slow number before it
holds it up; until then a crash means that it is sent, and paid for, again.
"""

import asyncio
from collections.abc import Callable, Sequence

from replayd.evidence.epoch_fold import Fold
from replayd.ledger.ledger import Checkpoint, Ledger
from replayd.model import JudgedPair, PairAnswers, PairResult, Planned
from snaptrace.snapshot.errors import StoreUnavailableError

COMMIT_SOON_SECONDS = 0.2  # results of that long share an object where a gate waits
COMMIT_EVERY_SECONDS = 10.0  # and of that long where nobody does
LARGEST_RUN = 1024  # pairs in an object, and
LARGEST_RUN_BYTES = 64 * 2**20  # of their answers, about
FOLDED_AT_ONCE = 16  # before the loop may turn
CHECKPOINT_EVERY = 250  # committed numbers, or
CHECKPOINT_SHARE = 1 / 20  # of all there are: the state grows with them
RETRY_SECONDS = 5.0  # while the store does not answer
FULL_SHARE = 0.25  # of the pairs in flight: then nobody waits for more to come


class Committer:
    """Holds judged numbers until all before them are judged, then writes and folds."""

    def __init__(
        self,
        ledger: Ledger,
        fold: Fold,
        *,
        in_flight: int,
        keep_answers: bool,
        is_awaited: Callable[[], bool] = lambda: True,
        on_committed: Callable[[Sequence[PairResult]], None] = lambda _results: None,
    ) -> None:
        self._ledger, self.fold = ledger, fold
        self._full = max(int(FULL_SHARE * in_flight), 1)
        self._keep_answers, self._on_committed = keep_answers, on_committed
        self._is_awaited = is_awaited
        self.changed = asyncio.Event()  # a number was judged or committed
        self._due = asyncio.Event()  # a number that makes a difference to `run`
        self.on_safe: Callable[[int], None] = lambda _number: None
        self._planned: dict[int, Planned] = {}  # not committed
        self._judged: dict[int, JudgedPair] = {}
        self._unsafe: set[int] = set()  # judged, and in no object
        self._early: dict[int, int] = {}  # name of an early object -> its last number
        self._saved_at = 0

    @property
    def waiting(self) -> int:
        """Number of scored pairs that wait for an earlier one."""
        return len(self._judged)

    def started_at(self, number: int) -> None:
        """Say up to where a checkpoint exists or need not be written."""
        self._saved_at = number

    def expect(self, planned: Sequence[Planned]) -> None:
        """Take note of numbers whose results will come."""
        self._planned |= {item.number: item for item in planned}

    async def adopt_early(self) -> frozenset[int]:
        """Take over expected numbers that an earlier leader judged; return them."""
        adopted: dict[int, JudgedPair] = {}
        for kept in await self._ledger.early():
            numbers = [item.result.number for item in kept.judged]
            self._early[min(numbers)] = max(numbers)  # dropped with its last commit
            for item in kept.judged:
                if item.result.number in self._planned:
                    adopted[item.result.number] = item
        self._judged |= adopted
        self.changed.set()
        self._due.set()
        return frozenset(adopted)

    def put(self, judged: JudgedPair) -> None:
        """Take a judged number."""
        number = judged.result.number
        self._judged[number] = judged
        self._unsafe.add(number)
        self.changed.set()
        # Whoever commits is not woken by every number.
        if number == self.fold.next_number or self._is_full:
            self._due.set()

    def wake(self) -> None:
        """Have `run` look at what it was told: that it is closing."""
        self._due.set()

    async def run(self, closing: asyncio.Event) -> None:
        """Commit until `closing` is set and nothing is left that can be.

        Raises:
            LostLeadError: another process committed the next number.
        """
        while True:
            if ready := self._ready():
                await self._commit(ready)
            elif self._is_full or (self._unsafe and closing.is_set()):
                await self._keep_early()
            elif closing.is_set():
                break
            else:
                await self._more(closing)
        await self._checkpoint()

    async def _more(self, closing: asyncio.Event) -> None:
        """Wait until a commit is worth its object."""
        while not closing.is_set() and not self._is_full:
            self._due.clear()
            if self.fold.next_number not in self._judged:
                await self._due.wait()
                continue
            ends_at = asyncio.get_running_loop().time() + COMMIT_EVERY_SECONDS
            while not await self._full_or_closing(closing, COMMIT_SOON_SECONDS):
                now = asyncio.get_running_loop().time()
                if self._is_awaited() or now >= ends_at:
                    return
            return

    async def _full_or_closing(self, closing: asyncio.Event, seconds: float) -> bool:
        """Wait until nothing more is to come; false after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not closing.is_set() and not self._is_full:
                    self._due.clear()
                    await self._due.wait()
        except TimeoutError:
            return False
        return True

    @property
    def _is_full(self) -> bool:
        return len(self._unsafe) >= self._full

    def _ready(self) -> list[int]:
        first = last = self.fold.next_number
        size_bytes = 0
        while last < first + LARGEST_RUN and size_bytes < LARGEST_RUN_BYTES:
            if (judged := self._judged.get(last)) is None:
                break
            size_bytes += _size_bytes(judged.answers)
            last += 1
        return list(range(first, last))

    async def _commit(self, numbers: Sequence[int]) -> None:
        ready = [self._judged[number] for number in numbers]
        results = [item.result for item in ready]
        content = [item.answers for item in ready] if self._keep_answers else []
        answers = [item for item in content if item is not None]
        while True:
            try:
                await self._ledger.commit(results, answers)
                break
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
        for done, result in enumerate(results, 1):
            self.fold.add(self._planned.pop(result.number), result)
            del self._judged[result.number]
            if done % FOLDED_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._now_safe(numbers)
        self._on_committed(results)
        number = self.fold.next_number
        if number - self._saved_at >= max(CHECKPOINT_EVERY, CHECKPOINT_SHARE * number):
            await self._checkpoint()
        await self._drop_early()

    async def _keep_early(self) -> None:
        numbers = sorted(self._unsafe)
        try:
            kept = await self._ledger.keep_early([self._judged[n] for n in numbers])
        except StoreUnavailableError:
            await asyncio.sleep(RETRY_SECONDS)
            return
        if kept:
            self._early[numbers[0]] = numbers[-1]
        self._now_safe(numbers)

    async def _drop_early(self) -> None:
        done = [n for n, last in self._early.items() if last < self.fold.next_number]
        for number in done:
            try:
                await self._ledger.drop_early(number)
            except StoreUnavailableError:
                return  # tried again after the next commit
            del self._early[number]

    def _now_safe(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if number in self._unsafe:
                self._unsafe.discard(number)
                self.on_safe(number)
        self.changed.set()

    async def _checkpoint(self) -> None:
        number = self.fold.next_number
        if number <= self._saved_at:
            return
        try:
            data = self.fold.checkpoint()
            await self._ledger.save(Checkpoint(next_number=number, fold=data))
        except StoreUnavailableError:
            return  # only makes the next start slower
        self._saved_at = number


def _size_bytes(answers: PairAnswers | None) -> int:
    if answers is None:
        return 0
    return sum(
        len(arm.answer.text) + sum(map(len, arm.blobs.values()))
        for arm in (answers.canary, answers.control)
        if arm is not None
    )
