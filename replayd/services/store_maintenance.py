"""Store maintenance while this replica leads: hour catalogues, erasure, retention."""

import asyncio
import logging
from collections.abc import Callable

from replayd.telemetry.metrics import MaintenanceMetrics
from snaptrace.runtime.clock import Clock
from snaptrace.runtime.events import wait
from snaptrace.snapshot.errors import SnapshotError
from snaptrace.store.maintenance import Maintenance

log = logging.getLogger(__name__)


class StoreMaintenance:
    """Runs maintenance periodically. Safe if leadership is lost in a round."""

    name = "keeping"

    def __init__(
        self,
        keeper: Maintenance,
        metrics: MaintenanceMetrics,
        clock: Clock,
        *,
        leading: Callable[[], bool],
        every_seconds: float,
    ) -> None:
        self._keeper, self._metrics, self._clock = keeper, metrics, clock
        self._leading, self._every_seconds = leading, every_seconds

    async def run(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Maintain the store until `stop`; failures are retried in the next round."""
        ready()
        while not stop.is_set():
            await wait(stop, self._every_seconds)
            if self._leading() and not stop.is_set():
                await self._once(stop)

    async def _once(self, stop: asyncio.Event) -> None:
        """Do one round, but do not keep the program from ending."""
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self._round())
            ending = group.create_task(stop.wait())
            working.add_done_callback(lambda _: ending.cancel())
            ending.add_done_callback(lambda _: working.cancel())

    async def _round(self) -> None:
        now_ns = self._clock.now_ns()
        try:
            kept = await self._keeper.once(now_ns)
        except SnapshotError as error:
            self._metrics.failed.inc()
            log.warning("store maintenance failed", extra={"why": str(error)})
            return
        self._metrics.saw(kept, now_ns)
        removed = kept.removed
        if removed.segments or removed.media or removed.answers:
            log.info(
                "retention",
                extra={
                    "segments": removed.segments,
                    "media": removed.media,
                    "answers": removed.answers,
                    "bytes": removed.freed_bytes,
                },
            )
