"""A bounded queue of calls, and tasks that fetch for a few of them at a time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from collector.call import Call

_WAITING = 64  # calls


class FetchWorkers:
    """Hands every call it took to `store`, fetched or as it was. Not thread-safe.

    `counts` gains `queue_full` for calls that were refused and `stopping` for calls
    stored unfetched because the workers were stopped.
    """

    def __init__(
        self,
        fetch: Callable[[Call], Awaitable[Call]],
        store: Callable[[Call], Awaitable[None]],
        counts: Counter[str],
    ) -> None:
        """`fetch` returns the call with what could be fetched."""
        self._fetch, self._store, self._counts = fetch, store, counts
        self._waiting: asyncio.Queue[Call] = asyncio.Queue(_WAITING)
        self._workers: list[asyncio.Task[None]] = []

    @property
    def are_running(self) -> bool:
        """Whether calls are fetched in the background."""
        return bool(self._workers)

    def start(self, tasks: asyncio.TaskGroup, at_once: int) -> None:
        """Fetch in the background from now on, for `at_once` calls at a time."""
        self._workers = [tasks.create_task(self._work()) for _ in range(at_once)]

    def offer(self, call: Call) -> bool:
        """Queue a call; False where the queue is full: it stays the caller's."""
        if self._waiting.full():
            self._counts["queue_full"] += 1
            return False
        self._waiting.put_nowait(call)
        return True

    async def process(self, call: Call) -> None:
        """Fetch for one call and store it; stored unfetched when cancelled."""
        try:
            whole = await self._fetch(call)
        except asyncio.CancelledError:
            self._counts["stopping"] += 1
            await self._store(call)
            raise
        await self._store(whole)

    async def close(self) -> None:
        """Stop, and store what waits as it is; safe to call twice."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)
        while not self._waiting.empty():
            self._counts["stopping"] += 1
            await self._store(self._waiting.get_nowait())

    async def _work(self) -> None:
        while True:
            await self.process(await self._waiting.get())
