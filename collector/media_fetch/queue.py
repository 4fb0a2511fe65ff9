"""Media behind URLs are fetched beside the pipeline, not in it.

A slow host holds up its own calls only. What cannot wait, or is not allowed, is stored
with its reference, and counted.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from collector.call import Call
from collector.config.sampling import ResolveConfig

if TYPE_CHECKING:
    from collector.media_fetch.fetcher import MediaFetcher

_WAITING = 64  # calls


class MediaFetchQueue:
    """Fetches for a few calls at a time; `counts` says what became of references."""

    def __init__(
        self,
        config: ResolveConfig,
        store: Callable[[Call], Awaitable[None]],
        resolver: "MediaFetcher | None" = None,
    ) -> None:
        """Hand every call that was taken to `store`, fetched or not."""
        self._config, self._store = config, store
        self._resolver = resolver
        if resolver is None and config.hosts:
            self._resolver = resolver_of(config)
        self._waiting: asyncio.Queue[Call] = asyncio.Queue(_WAITING)
        self._workers: list[asyncio.Task[None]] = []
        self.counts: Counter[str] = Counter()

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Fetch in the background from now on; before that `take` fetches itself."""
        if self._config.hosts:
            self._workers = [
                tasks.create_task(self._work()) for _ in range(self._config.at_once)
            ]

    async def take(self, call: Call) -> bool:
        """Take a call with something to fetch; False: it stays the caller's."""
        if not self._config.hosts or not any(
            medium.state == "external" for medium in call.snapshot.media
        ):
            return False
        if not self._workers:
            await self._fetch(call)
            return True
        if self._waiting.full():
            self.counts["queue_full"] += 1
            return False
        self._waiting.put_nowait(call)
        return True

    async def close(self) -> None:
        """Store what waits with its references; safe to call twice."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)
        while not self._waiting.empty():
            self.counts["stopping"] += 1
            await self._store(self._waiting.get_nowait())

    async def _work(self) -> None:
        while True:
            await self._fetch(await self._waiting.get())

    async def _fetch(self, call: Call) -> None:
        # An HTTP client is no weight for a sidecar that never fetches.
        from collector.media_fetch.fetcher import resolve_call  # noqa: PLC0415

        assert self._resolver is not None
        try:
            found = await resolve_call(call, self._resolver, self._config.per_call)
        except asyncio.CancelledError:
            self.counts["stopping"] += 1
            await self._store(call)
            raise
        self.counts.update(found.refusals)
        self.counts["fetched"] += len(found.call.blobs) - len(call.blobs)
        await self._store(found.call)


def resolver_of(config: ResolveConfig) -> "MediaFetcher":
    """Return who asks other hosts, under the configured rules."""
    from collector.media_fetch.fetcher import FetchSettings, MediaFetcher  # noqa: PLC0415

    return MediaFetcher(
        FetchSettings(
            hosts=config.hosts,
            plain_http=config.plain_http,
            private_networks=config.private_networks,
            ports=config.ports,
            timeout_seconds=float(config.timeout),
            bytes_max=int(config.bytes),
            redirects_max=config.redirects,
            per_call_max=config.per_call,
        )
    )
