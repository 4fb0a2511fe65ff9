"""Reads content behind references beside the pipeline, then lets the call in.

An upload hook writes after the span has ended, so an object may come late: it is asked
for a few times. Addresses stand under the same rules as media: hosts on an allow list,
HTTPS, bounds on time and size. Off while no hosts are allowed.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from collector.call import Call
from collector.config.sampling import ResolveConfig
from collector.media_fetch.workers import FetchWorkers
from collector.recognise.references import address_of, value_of
from snaptrace.runtime.backoff import Backoff

if TYPE_CHECKING:
    from collector.media_fetch.fetcher import MediaFetcher

_TRIES = 3
_RETRIES = Backoff(2.0, 4.0)
_LATE = ("status", "unreachable")  # refusals that time may mend
_REFERENCES_MAX = 4  # as many attributes as the hook has


class References:
    """Fetches content for a few calls at a time; `counts` says what became of it."""

    def __init__(
        self,
        config: ResolveConfig,
        keep: Callable[[Call], Awaitable[None]],
        resolver: "Callable[[ResolveConfig], MediaFetcher]",
    ) -> None:
        """Hand every call that was taken to `keep`, with its content or without."""
        self._config, self._make = config, resolver
        self._resolver: MediaFetcher | None = None
        self.counts: Counter[str] = Counter()
        self._workers = FetchWorkers(self._whole, keep, self.counts)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Fetch in the background from now on."""
        if self._config.hosts:
            self._workers.start(tasks, self._config.at_once)

    def take(self, call: Call) -> bool:
        """Take a call whose content is elsewhere; False: it stays the caller's."""
        if call.deferred is None or not self._workers.are_running:
            return False
        return self._workers.offer(call)

    async def close(self) -> None:
        """Admit waiting calls as they are. Idempotent."""
        await self._workers.close()

    async def _whole(self, call: Call) -> Call:
        deferred = call.deferred
        assert deferred is not None
        found: dict[str, Any] = {}
        for name, reference in list(deferred.references.items())[:_REFERENCES_MAX]:
            if (value := await self._value(address_of(reference))) is not None:
                found[name] = value
        # Messages without their instructions are another request.
        if any(_is_asked(name) and name not in found for name in deferred.references):
            return call
        self.counts["fetched"] += 1
        return deferred.rebuild(found)

    async def _value(self, address: str) -> Any:  # noqa: ANN401 - any JSON
        if self._resolver is None:
            self._resolver = self._make(self._config)
        refusal = ""
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_RETRIES.seconds(attempt))
            got = await self._resolver.fetch(address, medium=False)
            if got.refusal is None:
                try:
                    return value_of(got.data)
                except ValueError:
                    self.counts["kind"] += 1
                    return None
            refusal = got.refusal
            if refusal not in _LATE:
                break
        self.counts[refusal] += 1
        return None


def _is_asked(name: str) -> bool:
    return not name.startswith("gen_ai.output.")
