"""Publishes the leader's verdicts in the store, so that any replica answers gates.

The leader writes its verdicts every few seconds under the next number; a standby reads
the newest. Nothing is decided from them: a leader folds its results, always. What is
too old is not shown: a gate must not pass on the word of a leader that is gone.
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from replayd.budget.limits import Line
from replayd.verdicts.views import Verdicts
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot import object_names
from snaptrace.snapshot.errors import (
    CorruptSnapshotError,
    MissingObjectError,
    StoreRefusedError,
    StoreUnavailableError,
)
from snaptrace.store.store import Store

log = logging.getLogger(__name__)

KEPT = 3  # objects that stay: a slow reader still finds what it listed
STALE_AFTER = 3  # times the interval, and one lease


class Published(Struct, frozen=True, kw_only=True):
    """One leader's state at one moment."""

    leader: str
    at_ns: int
    verdicts: Verdicts
    budgets: list[Line] = []


class VerdictPublisher:
    """Publishes this replica's verdicts while it leads; else reads the leader's."""

    name = "publishing"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        known: Callable[[], Published],
        *,
        every_seconds: float,
        lease_seconds: float,
    ) -> None:
        self._store, self._clock, self._known = store, clock, known
        self._every = every_seconds
        self._stale_ns = int((STALE_AFTER * every_seconds + lease_seconds) * 1e9)
        self._number = -1  # newest seen
        self._read: Published | None = None

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Publish or read until `stop`; retries while the store is unavailable."""
        ready()
        while not stop.is_set():
            try:
                await self.turn()
            except StoreUnavailableError:
                pass  # said by the store, once an episode
            except StoreRefusedError as error:
                log.warning("object store refuses", extra={"why": str(error)})
            await wait(stop, self._every)

    async def turn(self) -> None:
        """Publish once or read once.

        Raises:
            StoreUnavailableError: safe to repeat.
        """
        known = self._known()
        if known.verdicts.leading:
            await self._write(known)
        else:
            await self._poll()

    def shown(self) -> Published:
        """Return the verdicts to answer with: own ones, or the leader's if fresh."""
        known, read = self._known(), self._read
        if known.verdicts.leading or read is None:
            return known
        age_ns = max(self._clock.now_ns() - read.at_ns, 0)
        told = replace(
            read.verdicts,
            leading=age_ns <= self._stale_ns,
            standby=True,
            age_seconds=round(age_ns / 1e9, 1),
        )
        return replace(read, verdicts=told)

    async def _write(self, known: Published) -> None:
        data = msgspec.msgpack.encode(known)
        if self._number < 0:
            self._number = max(await self._numbers(), default=-1)
        self._number += 1
        while not await self._store.create(object_names.shown(self._number), data):
            self._number = max(await self._numbers(), default=self._number) + 1
        if self._number >= KEPT:
            await self._store.delete(object_names.shown(self._number - KEPT))

    async def _poll(self) -> None:
        newest = max(await self._numbers(), default=-1)
        if newest < 0 or (newest == self._number and self._read is not None):
            return
        try:
            data = await self._store.get(object_names.shown(newest))
            self._read = msgspec.msgpack.decode(data, type=Published)
        except MissingObjectError:
            return  # deleted since it was listed: a newer one is there
        except (msgspec.MsgspecError, CorruptSnapshotError) as error:
            # Another release leads, or another wrote it: it is not guessed at.
            log.warning("published verdicts unavailable", extra={"why": str(error)})
            return
        self._number = newest

    async def _numbers(self) -> list[int]:
        names = [info.name async for info in self._store.list(object_names.SHOWN)]
        last = [name.rpartition("/")[2] for name in names]
        return [int(text) for text in last if text.isdigit()]
