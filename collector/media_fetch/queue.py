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
from collector.media_fetch.workers import FetchWorkers

if TYPE_CHECKING:
    from collector.media_fetch.fetcher import MediaFetcher


class MediaFetchQueue:
    """Fetches for a few calls at a time; `counts` says what became of references."""

    def __init__(
        self,
        config: ResolveConfig,
        store: Callable[[Call], Awaitable[None]],
        resolver: "MediaFetcher | None" = None,
    ) -> None:
        """Hand every call that was taken to `store`, fetched or not."""
        self._config = config
        self._resolver = resolver
        if resolver is None and config.hosts:
            self._resolver = resolver_of(config)
        self.counts: Counter[str] = Counter()
        self._workers = FetchWorkers(self._fetch, store, self.counts)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Fetch in the background from now on; before that `take` fetches itself."""
        if self._config.hosts:
            self._workers.start(tasks, self._config.at_once)

    async def take(self, call: Call) -> bool:
        """Take a call with something to fetch; False: it stays the caller's."""
        if not self._config.hosts or not any(
            medium.state == "external" for medium in call.snapshot.media
        ):
            return False
        if not self._workers.are_running:
            await self._workers.process(call)
            return True
        return self._workers.offer(call)

    async def close(self) -> None:
        """Store what waits with its references; safe to call twice."""
        await self._workers.close()

    async def _fetch(self, call: Call) -> Call:
        # An HTTP client is no weight for a sidecar that never fetches.
        from collector.media_fetch.fetcher import resolve_call  # noqa: PLC0415

        assert self._resolver is not None
        found = await resolve_call(call, self._resolver, self._config.per_call)
        self.counts.update(found.refusals)
        self.counts["fetched"] += len(found.call.blobs) - len(call.blobs)
        return found.call


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
