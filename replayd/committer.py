"""Results become durable in dispatch order, whatever comes back first."""

import asyncio
from collections.abc import Callable, Sequence

from replayd.fold import Fold
from replayd.ledger import Checkpoint, Ledger
from replayd.records import PairAnswers, PairResult, Planned
from snaptrace.snapshots.errors import StoreUnavailableError

COMMIT_EVERY_SECONDS = 0.2  # results of that long share an object
LARGEST_RUN = 256
CHECKPOINT_EVERY = 250  # committed numbers
RETRY_SECONDS = 5.0  # while the store does not answer


class Committer:
    """Holds judged numbers until all before them are judged, then writes and folds."""

    def __init__(
        self,
        ledger: Ledger,
        fold: Fold,
        *,
        keep_answers: bool,
        on_committed: Callable[[Sequence[PairResult]], None] = lambda _results: None,
    ) -> None:
        self._ledger, self.fold = ledger, fold
        self._keep_answers, self._on_committed = keep_answers, on_committed
        self.changed = asyncio.Event()  # a number was judged or committed
        self.committed = 0  # in this leadership
        self._planned: dict[int, Planned] = {}  # not committed
        self._judged: dict[int, tuple[PairResult, PairAnswers | None]] = {}
        self._saved_at = 0

    @property
    def waiting(self) -> int:
        """How many judged numbers wait for one before them."""
        return len(self._judged)

    def started_at(self, number: int) -> None:
        """Say up to where a checkpoint exists or need not be written."""
        self._saved_at = number

    def expect(self, planned: Sequence[Planned]) -> None:
        """Take note of numbers whose results will come."""
        self._planned |= {item.number: item for item in planned}

    def put(self, result: PairResult, answers: PairAnswers | None) -> None:
        """Take a judged number."""
        self._judged[result.number] = (result, answers)
        self.changed.set()

    async def run(self, closing: asyncio.Event) -> None:
        """Commit until `closing` is set and nothing is left that can be.

        Raises:
            LostLeadError: another process committed the next number.
        """
        while True:
            if ready := self._ready():
                await self._commit(ready)
            elif closing.is_set():
                break
            else:
                await self._more(closing)
        await self._checkpoint()

    async def _more(self, closing: asyncio.Event) -> None:
        while not closing.is_set():
            if self.fold.next_number in self._judged:
                await asyncio.sleep(COMMIT_EVERY_SECONDS)
                return
            self.changed.clear()
            await self.changed.wait()

    def _ready(self) -> list[int]:
        first = last = self.fold.next_number
        while last in self._judged and last < first + LARGEST_RUN:
            last += 1
        return list(range(first, last))

    async def _commit(self, numbers: Sequence[int]) -> None:
        ready = [self._judged[number] for number in numbers]
        results = [result for result, _ in ready]
        answers = [a for _, a in ready if a is not None and self._keep_answers]
        while True:
            try:
                await self._ledger.commit(results, answers)
                break
            except StoreUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
        for result in results:
            self.fold.add(self._planned.pop(result.number), result)
            del self._judged[result.number]
        self.committed += len(results)
        self.changed.set()
        self._on_committed(results)
        if self.fold.next_number - self._saved_at >= CHECKPOINT_EVERY:
            await self._checkpoint()

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
